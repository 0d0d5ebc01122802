//! Takes the Me role from an app's default client. One conditional write.

use api::{
    ApiError, Call, Registry, Response,
    change::{refused, write_id},
};

/// Answers 204.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app_id = call.dialect().grant_in_path(&call)?;
    let (tenant, id) = (call.tenant()?, write_id(&registry)?);
    let revoked = registry.table.revoke_me(tenant, &app_id, &id).await;
    revoked.map_err(|e| refused(e, "grant"))?;
    Ok(Response::empty(204))
}
