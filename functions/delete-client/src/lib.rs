//! Deletes a further client; its tokens and secrets are dead with the next read of it.

use api::{
    ApiError, Call, Registry, Response,
    change::{TRIES, lost_race, refused},
    find,
    precondition::IfMatch,
};
use domain::RightsNeeded;
use table::{ChangeError, Principal};

/// Answers 204; 409 for an app's default client, which goes with its app only.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let if_match = IfMatch::of(&call)?;
    for _ in 0..TRIES {
        let Principal { app, client } = find::client(&registry, &call).await?;
        let needed = RightsNeeded::to_manage(app.management);
        call.caller()?.require_all(&registry, &needed).await?;
        if_match.check(client.version)?;
        if client.default {
            return Err(ApiError::Conflict {
                code: "default-client",
                detail: "The default client can't be deleted alone; delete its application.".into(),
            });
        }
        match registry.table.delete_client(&client).await {
            Ok(()) => return Ok(Response::empty(204)),
            Err(ChangeError::Stale) if if_match.allows_retry() => {}
            Err(e) => return Err(refused(e, "client")),
        }
    }
    Err(lost_race(&if_match))
}

#[cfg(test)]
mod tests;
