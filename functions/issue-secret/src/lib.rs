//! Issues a further secret of a client; the ones it has go on working.

use api::{
    ApiError, Call, Registry, Response,
    change::{TRIES, keeps_a_lasting_secret, new_secret, refused},
    dialect::{IssueSecret, SecretIssued},
    find,
    idempotency::Ticket,
};
use domain::{
    RightsNeeded, StoredSecret, Timestamp,
    stored_secret::{MAX_LIVE, issue},
};
use table::{ChangeError, Made, Principal};

/// Answers 201 with the secret, shown this once.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let asked = call.dialect().issue_secret(&call)?;
    let ticket = Ticket::of(&call)?;
    for _ in 0..TRIES {
        let read = match &asked.app {
            Some(app) => find::default_credentials(&registry, &call, app).await?,
            None => find::credentials(&registry, &call).await?,
        };
        let Principal { app, client } = &read.principal;
        let needed = RightsNeeded::to_issue_secret(app, client);
        call.caller()?.require_all(&registry, &needed).await?;
        if !client.settings.token_endpoint_auth_method.uses_secret() {
            return Err(no_secrets());
        }
        let now = registry.now();
        let (secret, mut stored) = new_secret(&registry, &client.client_id)?;
        stored.expires_at = asked.expires_in.map(|seconds| now.plus(seconds));
        let Some(all) = issued(&asked, read.secrets.clone(), stored.clone(), now) else {
            // A repeated request may find the client full by its own first try.
            return match ticket {
                Some(ticket) => ticket.replay_if_kept(&registry).await?.ok_or_else(full),
                None => Err(full()),
            };
        };
        keeps_a_lasting_secret(&read.principal, &all, now)?;
        let made = Made {
            app_id: client.app_id,
            client_id: Some(client.client_id.clone()),
            secret_id: Some(stored.id.clone()),
        };
        let response = call.dialect().secret_issued(
            &call,
            &SecretIssued {
                app_id: client.app_id,
                secret,
                stored,
            },
        )?;
        let record = ticket
            .as_ref()
            .map(|t| t.record(&registry, &response, made));
        let record = record.transpose()?;
        let saved = registry.table.save_secrets(&read, &all, record.as_ref());
        match (saved.await, &ticket) {
            (Ok(()), _) => return Ok(response),
            (Err(ChangeError::Stale), _) => {}
            (Err(ChangeError::Replay(kept)), Some(t)) => return t.replay(&registry, &kept).await,
            (Err(e), _) => return Err(refused(e, "client")),
        }
    }
    Err(ApiError::Unavailable(
        "other writes kept coming between".into(),
    ))
}

/// The client's secrets with the new one; the others die at once where it is to replace them.
fn issued(
    asked: &IssueSecret,
    mut all: Vec<StoredSecret>,
    new: StoredSecret,
    now: Timestamp,
) -> Option<Vec<StoredSecret>> {
    if asked.replaces {
        for old in all.iter_mut().filter(|old| old.is_live(now)) {
            old.retired_at = Some(now);
        }
    }
    issue(all, new, now)
}

fn no_secrets() -> ApiError {
    ApiError::Conflict {
        code: "client-without-secrets",
        detail: "This client authenticates without a secret; change its token_endpoint_auth_method first.".into(),
    }
}

fn full() -> ApiError {
    ApiError::Conflict {
        code: "too-many-secrets",
        detail: format!("This client has {MAX_LIVE} live secrets already; revoke one first."),
    }
}

#[cfg(test)]
mod tests;
