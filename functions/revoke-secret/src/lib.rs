//! Revokes a secret, from the next call on; the last live one stays, so that no client locks itself out.

use api::{
    ApiError, Call, Registry, Response,
    change::{TRIES, keeps_a_lasting_secret, refused},
    find,
};
use domain::{
    RightsNeeded, SecretId,
    stored_secret::{RevokeError, revoke},
};
use table::{ChangeError, Principal};

/// Answers 204.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let unknown = || ApiError::NotFound("secret");
    let named = call.request.path_parameter("secret_id");
    for _ in 0..TRIES {
        let read = find::credentials(&registry, &call).await?;
        let Principal { app, client } = &read.principal;
        let needed = RightsNeeded::to_revoke_secret(app, client);
        call.caller()?.require_all(&registry, &needed).await?;
        let id = SecretId::parse(named).map_err(|_| unknown())?;
        let all = match revoke(read.secrets.clone(), &id, registry.now()) {
            Ok(all) => all,
            Err(RevokeError::Unknown) => return Err(unknown()),
            Err(RevokeError::LastLive) => return Err(last()),
        };
        keeps_a_lasting_secret(&read.principal, &all, registry.now())?;
        match registry.table.save_secrets(&read, &all, None).await {
            Ok(()) => return Ok(Response::empty(204)),
            Err(ChangeError::Stale) => {}
            Err(e) => return Err(refused(e, "secret")),
        }
    }
    Err(ApiError::Unavailable(
        "other writes kept coming between".into(),
    ))
}

fn last() -> ApiError {
    ApiError::Conflict {
        code: "last-secret",
        detail: "This is the client's last live secret; issue another one first.".into(),
    }
}

#[cfg(test)]
mod tests;
