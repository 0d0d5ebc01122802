//! Revokes a secret, from the next call on; the last live one stays, so that no client locks itself out.
//!
//! With `?tokens=end` the tokens that were obtained with it end too: introspection says so at once,
//! management routes within 30 s.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{TRIES, keeps_a_lasting_secret, refused, too_many_ended},
    find,
    precondition::IfMatch,
};
use domain::{
    RightsNeeded, SecretId, Timestamp,
    stored_secret::{RevokeError, revoke},
};
use table::{ChangeError, Credentials, Principal, Secrets};

/// Answers 204.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let asked = call.dialect().revoke_secret(&call);
    let (ends_tokens, if_match) = both(asked, IfMatch::of(&call))?;
    let named = call.request.path_parameter("secret_id");
    for _ in 0..TRIES {
        let read = find::credentials(&registry, &call).await?;
        let Principal { app, client } = &read.principal;
        let needed = RightsNeeded::to_revoke_secret(app, client);
        call.caller()?.require_all(&registry, &needed).await?;
        if_match.check(client.version)?;
        let id = SecretId::parse(named).map_err(|_| unknown())?;
        let now = registry.now();
        let secrets = revoked(&read, &id, ends_tokens, now)?;
        keeps_a_lasting_secret(&read.principal, &secrets.all, now)?;
        match registry.table.save_secrets(&read, &secrets, None).await {
            Ok(()) => return Ok(Response::empty(204)),
            Err(ChangeError::Stale) => {}
            Err(e) => return Err(refused(e, "secret")),
        }
    }
    Err(ApiError::Unavailable(
        "other writes kept coming between".into(),
    ))
}

/// The client's secrets without this one, and without its tokens where that is asked: then also those of
/// one that was revoked before.
fn revoked(
    read: &Credentials,
    id: &SecretId,
    ends_tokens: bool,
    now: Timestamp,
) -> Result<Secrets, ApiError> {
    let known = read.ended_secrets.at(now);
    let leaves_tokens = || !known.contains(id) && read.secrets.iter().any(|s| s.id == *id);
    let all = match revoke(read.secrets.clone(), id, now) {
        Ok(all) => all,
        Err(RevokeError::Unknown) if ends_tokens && leaves_tokens() => read.secrets.clone(),
        Err(RevokeError::Unknown) => return Err(unknown()),
        Err(RevokeError::LastLive) => return Err(last()),
    };
    let ended = if ends_tokens {
        known.with([id], now).ok_or_else(too_many_ended)?
    } else {
        known
    };
    Ok(Secrets { all, ended })
}

fn unknown() -> ApiError {
    ApiError::NotFound("secret")
}

fn last() -> ApiError {
    ApiError::Conflict {
        code: "last-secret",
        detail: "This is the client's last live secret; issue another one first.".into(),
    }
}

#[cfg(test)]
mod tests;
