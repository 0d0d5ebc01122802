//! Reads a grant of the Me role. One round trip.

use api::{ApiError, Call, Registry, Response, dialect::Grant};

/// Answers 200 with the grant.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app_id = call.dialect().grant_in_path(&call)?;
    let app = registry.table.app(call.tenant()?, &app_id).await?;
    let role = app.and_then(|app| app.me_role);
    let role = role.ok_or(ApiError::NotFound("grant"))?;
    call.dialect().grant(&call, &Grant { app_id, role }, 200)
}
