//! Issues a further secret of a client; the ones it has go on working. The caller is read as it is now.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{TRIES, keeps_a_lasting_secret, new_secret, refused, too_many_ended},
    dialect::{IssueSecret, SecretIssued},
    find,
    idempotency::{Ticket, answer_before},
    precondition::IfMatch,
};
use domain::{
    RightsNeeded, StoredSecret, Timestamp,
    stored_secret::{MAX_LIVE, issue},
};
use table::{ChangeError, Credentials, Made, Principal, Secrets};

/// Answers 201 with the secret, shown this once.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let headers = both(IfMatch::of(&call), Ticket::of(&call));
    let (asked, (if_match, ticket)) = both(call.dialect().issue_secret(&call), headers)?;
    let caller = call.caller()?.anew(&registry).await?;
    for _ in 0..TRIES {
        let read = match &asked.app {
            Some(app) => find::default_credentials(&registry, &call, app).await?,
            None => find::credentials(&registry, &call).await?,
        };
        let Principal { app, client } = &read.principal;
        let needed = RightsNeeded::to_issue_secret(app, client);
        caller.require_all(&registry, &needed).await?;
        // A dialect that speaks of the app and not of a client has shown the app's version.
        let shown = match asked.app {
            Some(_) => app.version,
            None => client.version,
        };
        if let Err(e) = if_match.check(shown) {
            return answer_before(ticket.as_ref(), &registry, e).await;
        }
        if !client.settings.token_endpoint_auth_method.uses_secret() {
            return Err(no_secrets());
        }
        let now = registry.now();
        let (secret, mut stored) = new_secret(&registry, &client.client_id)?;
        stored.expires_at = asked.expires_in.map(|seconds| now.plus(seconds));
        let secrets = match issued(&asked, &read, stored.clone(), now) {
            Ok(secrets) => secrets,
            // A repeated request may find the client full by its own first try.
            Err(e) => return answer_before(ticket.as_ref(), &registry, e).await,
        };
        keeps_a_lasting_secret(&read.principal, &secrets.all, now)?;
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
        let saved = registry
            .table
            .save_secrets(&read, &secrets, record.as_ref());
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

/// The client's secrets with the new one; the others die at once where it is to replace them, and their
/// tokens with them where that was asked.
fn issued(
    asked: &IssueSecret,
    read: &Credentials,
    new: StoredSecret,
    now: Timestamp,
) -> Result<Secrets, ApiError> {
    let mut ended = read.ended_secrets.at(now);
    if asked.ends_tokens {
        // Also of those that died before: their tokens may still live.
        let old = read.secrets.iter().map(|old| &old.id);
        ended = ended.with(old, now).ok_or_else(too_many_ended)?;
    }
    let mut all = read.secrets.clone();
    if asked.replaces {
        for old in all.iter_mut().filter(|old| old.is_live(now)) {
            old.retired_at = Some(now);
        }
    }
    let all = issue(all, new, now).ok_or_else(full)?;
    Ok(Secrets { all, ended })
}

fn no_secrets() -> ApiError {
    ApiError::Conflict {
        code: "client-without-secrets",
        detail: "This client authenticates without a secret.".into(),
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
