//! A bounded walk over a tenant's apps, for what no index serves.

use domain::{App, TenantId};
use table::{AppFilter, PageRequest};

use crate::{ApiError, Registry};

/// A walk reads at most this many apps: some two megabytes, two queries.
pub const CEILING: usize = 2000;
const PAGE: u32 = 1000;
/// A walk reads at most so many pages, of which DynamoDB ends each at a megabyte: large apps take more.
const PAGES: u32 = 8;

/// Every app of a tenant that passes `filter`; refused, never cut short, when the tenant has too many.
pub async fn every_app(
    registry: &Registry,
    tenant: &TenantId,
    filter: &AppFilter,
) -> Result<Vec<App>, ApiError> {
    let mut page = PageRequest {
        tenant_id: tenant.clone(),
        after: None,
        limit: PAGE,
        filter: filter.clone(),
        descending: false,
    };
    let mut apps = Vec::new();
    for _ in 0..PAGES {
        let read = registry.table.apps_page(&page).await?;
        apps.extend(read.apps);
        if apps.len() > CEILING {
            return Err(too_many(CEILING));
        }
        match read.next {
            Some(next) => page.after = Some(next),
            None => return Ok(apps),
        }
    }
    Err(too_long())
}

/// The apps are more megabytes than such a query may read, or answer with.
pub fn too_long() -> ApiError {
    let detail = "The applications are too large to be listed at once; page through GET /v1/applications with its cursor instead.";
    ApiError::query("tooMany", detail)
}

/// There are more apps than such a query may read.
pub fn too_many(ceiling: usize) -> ApiError {
    ApiError::query(
        "tooMany",
        format!(
            "This would read more than {ceiling} applications; page through GET /v1/applications with its cursor instead."
        ),
    )
}
