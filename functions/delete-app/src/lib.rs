//! Deletes an app with everything it has. One transaction makes it true for every reader; what is left
//! is swept here for a moment, and by `sweep` after that.

use std::time::Duration;

use api::{
    ApiError, Call, Registry, Response, both,
    change::{TRIES, lost_race, refused},
    find,
    precondition::IfMatch,
};
use domain::App;
use table::ChangeError;

/// How long the caller waits for the sweep.
const SWEEP: Duration = Duration::from_millis(1500);

/// Answers 204; 409 for an active app unless the request insists.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let (force, if_match) = both(call.dialect().delete_app(&call), IfMatch::of(&call))?;
    for _ in 0..TRIES {
        let app = find::app(&registry, &call).await?;
        if_match.check(app.version)?;
        check(&app, force)?;
        match registry.table.delete_app(&app, registry.now()).await {
            Ok(()) => {
                // The deletion stands; a sweep that fails here is done by `sweep`.
                let now = registry.now();
                if let Err(e) = registry.table.sweep_app(&app.app_id, now, SWEEP).await {
                    tracing::warn!(app_id = %app.app_id, error = %e, "the sweep is left to the schedule");
                }
                return Ok(Response::empty(204));
            }
            Err(ChangeError::Stale) if if_match.allows_retry() => {}
            Err(e) => return Err(refused(e, "application")),
        }
    }
    Err(lost_race(&if_match))
}

fn check(app: &App, force: bool) -> Result<(), ApiError> {
    if app.management {
        return Err(ApiError::Conflict {
            code: "management-application",
            detail: "The management application can't be deleted.".into(),
        });
    }
    if app.status.active && !force {
        return Err(ApiError::Conflict {
            code: "application-active",
            detail: "The application is active.".into(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
