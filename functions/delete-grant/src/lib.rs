//! Takes the Me role from an app's default client. One conditional write.

use api::{ApiError, Call, Registry, Response, change::refused};

/// Answers 204.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app_id = call.dialect().grant_in_path(&call)?;
    let revoked = registry.table.revoke_me(call.tenant()?, &app_id).await;
    revoked.map_err(|e| refused(e, "grant"))?;
    Ok(Response::empty(204))
}
