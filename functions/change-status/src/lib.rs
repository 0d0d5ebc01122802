//! The kill switch of an app or a client. Off, it gets no token from that moment on, and its tokens
//! open no management route after 30 s.
//!
//! One conditional write for an app; one read more for a client, which may be another app's.

use api::{
    ApiError, Call, Registry, Response, both,
    change::{TRIES, lost_race, refused, write_id},
    dialect::SetStatus,
    find,
    precondition::IfMatch,
};
use domain::{RightsNeeded, Status};
use table::{ChangeError, Principal, StatusChange, StatusOutcome};

/// Answers 200 with the app or client as it is now, changed or not.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let (wanted, if_match) = both(call.dialect().status(&call), IfMatch::of(&call))?;
    let change = change(&registry, &call, &wanted, &if_match)?;
    let one_client = !call.request.path_parameter("client_id").is_empty();
    for _ in 0..TRIES {
        let answer = if one_client {
            client(&registry, &call, &change).await
        } else {
            app(&registry, &call, &change).await
        };
        match answer {
            Err(Failure::Write(ChangeError::Stale)) if if_match.allows_retry() => {}
            Err(Failure::Write(e)) if one_client => return Err(refused(e, "client")),
            Err(Failure::Write(e)) => return Err(refused(e, "application")),
            Err(Failure::Api(e)) => return Err(e),
            Ok(response) => return Ok(response),
        }
    }
    Err(lost_race(&if_match))
}

enum Failure {
    Api(ApiError),
    Write(ChangeError),
}

impl From<ApiError> for Failure {
    fn from(e: ApiError) -> Self {
        Self::Api(e)
    }
}

impl From<ChangeError> for Failure {
    fn from(e: ChangeError) -> Self {
        Self::Write(e)
    }
}

fn change(
    registry: &Registry,
    call: &Call,
    wanted: &SetStatus,
    if_match: &IfMatch,
) -> Result<StatusChange, ApiError> {
    let caller = call.caller()?;
    let at = registry.now();
    Ok(StatusChange {
        tenant_id: caller.tenant_id.clone(),
        status: Status {
            active: wanted.active,
            reason: wanted.reason.clone(),
            changed_by: Some(caller.client_id.to_string()),
            changed_at: Some(at),
        },
        at,
        if_versions: if_match.versions()?.map(<[_]>::to_vec),
        write_id: write_id(registry)?,
    })
}

async fn app(registry: &Registry, call: &Call, change: &StatusChange) -> Result<Response, Failure> {
    let id = find::app_id(registry, call).await?;
    let app = settled(registry.table.set_app_status(&id, change).await?)?;
    Ok(call.dialect().app_changed(call, &app, None)?)
}

async fn client(
    registry: &Registry,
    call: &Call,
    change: &StatusChange,
) -> Result<Response, Failure> {
    let read = find::client(registry, call).await?;
    let needed = RightsNeeded::to_manage(read.app.management);
    call.caller()?.require_all(registry, &needed).await?;
    let client = settled(registry.table.set_client_status(&read, change).await?)?;
    let now = Principal {
        client,
        app: read.app,
    };
    Ok(call.dialect().client_changed(call, &now, None)?)
}

fn settled<T>(outcome: StatusOutcome<T>) -> Result<T, ApiError> {
    match outcome {
        StatusOutcome::Changed(now) | StatusOutcome::Unchanged(now) => Ok(now),
        StatusOutcome::Management => Err(ApiError::Conflict {
            code: "management-application",
            detail: "The management application can't be deactivated.".into(),
        }),
    }
}

#[cfg(test)]
mod tests;
