//! Lists which apps have the Me role: one app's in one read, a tenant's by a bounded walk.

use api::{
    ApiError, Call, Registry, Response,
    dialect::{Grant, ListGrants},
    walk::every_app,
};
use domain::App;
use table::AppFilter;

/// Answers 200 with the grants.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let tenant = call.tenant()?;
    let apps = match call.dialect().list_grants(&call)? {
        ListGrants::Nothing => Vec::new(),
        ListGrants::Of(id) => registry.table.app(tenant, &id).await?.into_iter().collect(),
        ListGrants::All => every_app(&registry, tenant, &AppFilter::default()).await?,
    };
    let grants: Vec<_> = apps.into_iter().filter_map(grant).collect();
    call.dialect().grants(&call, &grants)
}

fn grant(app: App) -> Option<Grant> {
    let role = app.me_role?;
    Some(Grant {
        app_id: app.app_id,
        role,
    })
}
