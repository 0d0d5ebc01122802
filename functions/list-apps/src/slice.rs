//! A slice of the list with the count of all: by the index where it serves, else by a bounded walk.

use api::{
    ApiError, Registry,
    dialect::{AppList, ListApps, Order, Slice},
    walk::{every_app, too_many},
};
use domain::{TenantId, app::folded};

/// More apps than this are not counted.
const COUNTED: usize = 10_000;

/// The slice, and how many apps there are.
pub(crate) async fn of(
    registry: &Registry,
    tenant: &TenantId,
    wanted: &ListApps,
    slice: Slice,
) -> Result<AppList, ApiError> {
    if wanted.predicate.is_none() && slice.order == Order::Created {
        return by_index(registry, tenant, wanted, slice).await;
    }
    let mut apps = every_app(registry, tenant, &wanted.filter).await?;
    if let Some(predicate) = &wanted.predicate {
        apps.retain(|app| (predicate.0)(app));
    }
    // Ids ascend by creation.
    apps.sort_by_cached_key(|app| {
        let name = match slice.order {
            Order::Created => String::new(),
            Order::Name => folded(&app.profile.app_name),
        };
        (name, app.app_id)
    });
    if slice.descending {
        apps.reverse();
    }
    let total = apps.len();
    Ok(AppList {
        apps: apps
            .into_iter()
            .skip(slice.skip)
            .take(slice.count)
            .collect(),
        next: None,
        total: Some(total),
    })
}

/// Two queries: the ids of all, which are counted, and the apps of the slice.
async fn by_index(
    registry: &Registry,
    tenant: &TenantId,
    wanted: &ListApps,
    slice: Slice,
) -> Result<AppList, ApiError> {
    let ids = registry.table.app_ids(tenant, COUNTED).await?;
    let mut ids = ids.ok_or_else(|| too_many(COUNTED))?;
    if slice.descending {
        ids.reverse();
    }
    let total = Some(ids.len());
    if slice.count == 0 || slice.skip >= ids.len() {
        return Ok(AppList {
            total,
            ..AppList::default()
        });
    }
    let mut page = crate::page(
        wanted,
        tenant,
        u32::try_from(slice.count).unwrap_or(u32::MAX),
    );
    page.after = slice
        .skip
        .checked_sub(1)
        .and_then(|at| ids.get(at))
        .copied();
    page.descending = slice.descending;
    Ok(AppList {
        apps: registry.table.apps_page(&page).await?.apps,
        next: None,
        total,
    })
}
