//! Gives an app's default client the Me role, whose scope its tokens carry from then on.
//!
//! One conditional write.

use api::{
    ApiError, Call, Registry, Response,
    change::{refused, write_id},
    dialect::Grant,
    precondition::IfMatch,
};
use domain::{RightsNeeded, RoleGrant};

/// Answers 201; 409 when the client has the role already.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app_id = call.dialect().create_grant(&call)?;
    let caller = call.caller()?;
    // Only the management application calls here, so its own app is the tenant's management application.
    let needed = RightsNeeded::to_manage(app_id == caller.app_id);
    caller.require_all(&registry, &needed).await?;
    let role = RoleGrant {
        granted_at: registry.now(),
        granted_by: caller.client_id.to_string(),
    };
    // A grant is the app's, so its version is the app's.
    let if_match = IfMatch::of(&call)?;
    let versions = if_match.versions()?;
    let (tenant, id) = (&caller.tenant_id, write_id(&registry)?);
    let granted = registry
        .table
        .grant_me(tenant, &app_id, versions, &role, &id)
        .await;
    if granted.map_err(|e| refused(e, "application"))? {
        return call.dialect().grant(&call, &Grant { app_id, role }, 201);
    }
    Err(ApiError::Conflict {
        code: "grant-taken",
        detail: "This application has the role already.".into(),
    })
}
