//! Lists a tenant's apps in the order of creation, each with its default client; one query a page.

mod slice;

use api::{
    ApiError, Call, Registry, Response,
    dialect::{AppList, AppSelector, CursorKey, Extent, ListApps},
    walk::{every_app, too_many},
};
use domain::{App, TenantId};
use table::PageRequest;

/// Answers 200 with one page, or with as much of the list as the dialect asks.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let key = CursorKey(registry.keys.cursor_key(registry.now()).await?);
    let wanted = call.dialect().list_apps(&call, &key)?;
    let tenant = call.tenant()?;
    let list = match (&wanted.only, wanted.extent) {
        (Some(only), _) => select(&registry, tenant, only, &wanted).await?,
        (None, Extent::Page(limit)) => {
            let page = page(&wanted, tenant, limit);
            let page = registry.table.apps_page(&page).await?;
            AppList {
                apps: page.apps,
                next: page.next,
                total: None,
            }
        }
        (None, Extent::All(ceiling)) => all(&registry, tenant, &wanted, ceiling).await?,
        (None, Extent::Slice(slice)) => slice::of(&registry, tenant, &wanted, slice).await?,
    };
    call.dialect().apps(&call, &list, &key)
}

fn page(wanted: &ListApps, tenant: &TenantId, limit: u32) -> PageRequest {
    PageRequest {
        tenant_id: tenant.clone(),
        after: wanted.after,
        limit,
        filter: wanted.filter.clone(),
        descending: false,
    }
}

/// The whole list, for a dialect without pages.
async fn all(
    registry: &Registry,
    tenant: &TenantId,
    wanted: &ListApps,
    ceiling: u32,
) -> Result<AppList, ApiError> {
    let apps = every_app(registry, tenant, &wanted.filter).await?;
    let most = usize::try_from(ceiling).unwrap_or(usize::MAX);
    if apps.len() > most {
        return Err(too_many(most));
    }
    Ok(AppList {
        apps,
        ..AppList::default()
    })
}

/// The app that an exact filter names, if the other filters let it through.
async fn select(
    registry: &Registry,
    tenant: &TenantId,
    only: &AppSelector,
    wanted: &ListApps,
) -> Result<AppList, ApiError> {
    let table = &registry.table;
    let id = match only {
        AppSelector::App(id) => Some(*id),
        AppSelector::CodeName(name) => table.app_id_of(tenant, name).await?,
        AppSelector::Client(id) => table.principal(id).await?.map(|found| found.app.app_id),
        AppSelector::Nothing => None,
    };
    let app = match id {
        Some(id) => table.app(tenant, &id).await?,
        None => None,
    };
    let admitted = |app: &App| {
        wanted.filter.admits(app) && wanted.predicate.as_ref().is_none_or(|p| (p.0)(app))
    };
    let mut apps: Vec<_> = app.into_iter().filter(admitted).collect();
    let total = apps.len();
    if let Extent::Slice(slice) = wanted.extent {
        apps = apps
            .into_iter()
            .skip(slice.skip)
            .take(slice.count)
            .collect();
    }
    Ok(AppList {
        apps,
        next: None,
        total: Some(total),
    })
}

#[cfg(test)]
mod tests;
