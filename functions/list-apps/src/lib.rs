//! Lists a tenant's apps in the order of creation, each with its default client; one query a page.

use api::{
    ApiError, Call, Registry, Response,
    dialect::{AppList, AppSelector, CursorKey, Extent, ListApps},
};
use domain::{App, Invalid, TenantId, Violations};
use table::PageRequest;

/// A page of a list that is fetched whole.
const WHOLE_LIST_PAGE: u32 = 500;

/// Answers 200 with one page, or the whole list where the dialect has no pages.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let key = CursorKey(registry.master()?.cursor_key());
    let wanted = call.dialect().list_apps(&call, &key)?;
    let tenant = call.tenant()?;
    let list = match (&wanted.only, wanted.extent) {
        (Some(only), _) => AppList {
            apps: select(&registry, tenant, only, &wanted).await?,
            next: None,
        },
        (None, Extent::Page(limit)) => page(&registry, tenant, &wanted, limit).await?,
        (None, Extent::All(ceiling)) => all(&registry, tenant, &wanted, ceiling).await?,
    };
    call.dialect().apps(&call, &list, &key)
}

async fn page(
    registry: &Registry,
    tenant: &TenantId,
    wanted: &ListApps,
    limit: u32,
) -> Result<AppList, ApiError> {
    let request = PageRequest {
        tenant_id: tenant.clone(),
        after: wanted.after,
        limit,
        filter: wanted.filter.clone(),
        descending: false,
    };
    let page = registry.table.apps_page(&request).await?;
    Ok(AppList {
        apps: page.apps,
        next: page.next,
    })
}

async fn all(
    registry: &Registry,
    tenant: &TenantId,
    wanted: &ListApps,
    ceiling: u32,
) -> Result<AppList, ApiError> {
    let most = usize::try_from(ceiling).unwrap_or(usize::MAX);
    let mut wanted = wanted.clone();
    let mut apps: Vec<App> = Vec::new();
    loop {
        let part = page(registry, tenant, &wanted, WHOLE_LIST_PAGE).await?;
        apps.extend(part.apps);
        if apps.len() > most {
            return Err(Violations::one(
                "",
                Invalid::Conflict(
                    "would list more than 1000 apps; page through GET /v1/applications instead",
                ),
            )
            .into());
        }
        match part.next {
            Some(next) => wanted.after = Some(next),
            None => return Ok(AppList { apps, next: None }),
        }
    }
}

/// The app that an exact filter names, if the other filters let it through.
async fn select(
    registry: &Registry,
    tenant: &TenantId,
    only: &AppSelector,
    wanted: &ListApps,
) -> Result<Vec<App>, ApiError> {
    let id = match only {
        AppSelector::CodeName(name) => registry.table.app_id_of(tenant, name).await?,
        AppSelector::Client(id) => {
            let found = registry.table.principal(id).await?;
            found.map(|principal| principal.app.app_id)
        }
        AppSelector::Nothing => None,
    };
    let Some(id) = id else { return Ok(Vec::new()) };
    let app = registry.table.app(tenant, &id).await?;
    Ok(app
        .into_iter()
        .filter(|a| wanted.filter.admits(a))
        .collect())
}
