//! Deletes a further client that is switched off, or any when the request insists; its tokens and secrets are dead with the next read of it.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{TRIES, lost_race, refused},
    find,
    precondition::IfMatch,
};
use domain::{Client, RightsNeeded};
use table::{ChangeError, Principal};

/// Answers 204; 409 for an active client unless the request insists, and for an app's default client, which goes
/// with its app only.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let (force, if_match) = both(call.dialect().delete_client(&call), IfMatch::of(&call))?;
    for _ in 0..TRIES {
        let Principal { app, client } = find::client(&registry, &call).await?;
        let needed = RightsNeeded::to_manage(app.management);
        call.caller()?.require_all(&registry, &needed).await?;
        if_match.check(client.version)?;
        check(&client, force)?;
        match registry.table.delete_client(&client).await {
            Ok(()) => return Ok(Response::empty(204)),
            Err(ChangeError::Stale) if if_match.allows_retry() => {}
            Err(e) => return Err(refused(e, "client")),
        }
    }
    Err(lost_race(&if_match))
}

fn check(client: &Client, force: bool) -> Result<(), ApiError> {
    let refused = |code, detail: &str| {
        let detail = detail.into();
        Err(ApiError::Conflict { code, detail })
    };
    if client.default {
        let why = "The default client can't be deleted alone; delete its application.";
        return refused("default-client", why);
    }
    if client.status.active && !force {
        let why = "The client is active.";
        return refused("client-active", why);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
