//! Takes the Me role from an app's default client. One conditional write.

use api::{
    ApiError, Call, Registry, Response,
    change::{refused, write_id},
    precondition::IfMatch,
};
use domain::RightsNeeded;

/// Answers 204.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app_id = call.dialect().grant_in_path(&call)?;
    let caller = call.caller()?;
    // Only the management application calls here, so its own app is the tenant's management application.
    let needed = RightsNeeded::to_manage(app_id == caller.app_id);
    caller.require_all(&registry, &needed).await?;
    let (tenant, id) = (&caller.tenant_id, write_id(&registry)?);
    let if_match = IfMatch::of(&call)?;
    let versions = if_match.versions()?;
    let table = &registry.table;
    let revoked = table.revoke_me(tenant, &app_id, versions, &id).await;
    revoked.map_err(|e| refused(e, "grant"))?;
    Ok(Response::empty(204))
}
