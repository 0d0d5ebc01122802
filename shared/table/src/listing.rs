//! Access pattern 4: a tenant's apps, page by page, by the index that lists them.

use aws_sdk_dynamodb::{
    operation::query::QueryOutput,
    types::{AttributeValue, Select},
};
use domain::{App, AppId, TenantId};

use crate::{
    Table, TableError,
    item::{Item, decode, key_of, string, text},
    keys::{self, APP_IDS, Key, LISTED_IN, LISTING, PK, SK},
    record::AppRecord,
    sdk::{QueryInput, Request},
};

/// What a list may be narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppFilter {
    /// Apps whose name starts so, letter case and all.
    pub name_prefix: Option<String>,
    /// Apps that are switched on, or off.
    pub active: Option<bool>,
}

impl AppFilter {
    /// Whether `app` is wanted; the same rule as the query's filter expression.
    pub fn admits(&self, app: &App) -> bool {
        let name = app.profile.app_name.as_str();
        self.name_prefix
            .as_deref()
            .is_none_or(|prefix| name.starts_with(prefix))
            && self.active.is_none_or(|active| app.status.active == active)
    }
}

/// One page to read.
#[derive(Debug, Clone)]
pub struct PageRequest {
    /// Whose apps.
    pub tenant_id: TenantId,
    /// Start behind this app.
    pub after: Option<AppId>,
    /// At most this many apps.
    pub limit: u32,
    /// Which.
    pub filter: AppFilter,
    /// Youngest first.
    pub descending: bool,
}

/// One page of a tenant's apps, in the order of creation.
#[derive(Debug)]
pub struct AppPage {
    /// The apps; a filtered page may hold fewer than asked though more follow.
    pub apps: Vec<App>,
    /// Where the next page starts, when there is one.
    pub next: Option<AppId>,
    /// Items that could not be read, and were left out.
    pub unreadable: usize,
}

impl Table {
    /// Pattern 4: one page of a tenant's apps, each with its default client, in one query.
    pub async fn apps_page(&self, page: &PageRequest) -> Result<AppPage, TableError> {
        let mut start = page.after.as_ref().map(keys::app);
        let mut unreadable = 0;
        loop {
            let answer = self.query_listing(page, start.as_ref()).await?;
            let last_read = answer.last_evaluated_key.as_ref().map(key_of);
            let (mut part, read_on) = page_of(answer.items.unwrap_or_default(), page, last_read);
            unreadable += part.unreadable;
            if read_on.is_none() {
                part.unreadable = unreadable;
                return Ok(part);
            }
            start = read_on;
        }
    }

    async fn query_listing(
        &self,
        page: &PageRequest,
        start: Option<&Key>,
    ) -> Result<QueryOutput, TableError> {
        let mut query = QueryInput::builder()
            .table_name(&self.name)
            .index_name(LISTING)
            .key_condition_expression("listed_in = :tenant")
            .expression_attribute_values(":tenant", text(page.tenant_id.as_str()))
            .select(Select::AllProjectedAttributes)
            .scan_index_forward(!page.descending)
            // One more than asked tells whether another page follows, so that no last page is empty.
            .limit(i32::try_from(page.limit.saturating_add(1)).unwrap_or(i32::MAX));
        let mut filters = Vec::new();
        if let Some(prefix) = &page.filter.name_prefix {
            filters.push("begins_with(app.profile.app_name, :prefix)");
            query = query.expression_attribute_values(":prefix", text(prefix.as_str()));
        }
        if let Some(active) = page.filter.active {
            filters.push("app.#status.active = :active");
            query = query
                .expression_attribute_names("#status", "status")
                .expression_attribute_values(":active", AttributeValue::Bool(active));
        }
        if !filters.is_empty() {
            query = query.filter_expression(filters.join(" AND "));
        }
        if let Some(key) = start {
            query = query
                .exclusive_start_key(LISTED_IN, text(page.tenant_id.as_str()))
                .exclusive_start_key(PK, text(key.pk.as_str()))
                .exclusive_start_key(SK, text(key.sk.as_str()));
        }
        query
            .send_to(&self.sdk)
            .await
            .map_err(|e| TableError::from_sdk("Query", &e))
    }

    /// The ids of a tenant's apps, oldest first, by the index that holds keys only; `None` when there
    /// are more than `ceiling`.
    pub async fn app_ids(
        &self,
        tenant: &TenantId,
        ceiling: usize,
    ) -> Result<Option<Vec<AppId>>, TableError> {
        let mut ids = Vec::new();
        let mut start = None;
        loop {
            let answer = QueryInput::builder()
                .table_name(&self.name)
                .index_name(APP_IDS)
                .key_condition_expression("listed_in = :tenant")
                .expression_attribute_values(":tenant", text(tenant.as_str()))
                .set_exclusive_start_key(start)
                .send_to(&self.sdk)
                .await
                .map_err(|e| TableError::from_sdk("Query", &e))?;
            let items = answer.items.unwrap_or_default();
            ids.extend(
                items
                    .iter()
                    .filter_map(|item| keys::parse_app_pk(string(item, PK))),
            );
            if ids.len() > ceiling {
                return Ok(None);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(Some(ids));
            }
        }
    }
}

/// The page that a query's items make. With it, where to read on at once, when all that was read has
/// keys that no cursor can hold.
fn page_of(items: Vec<Item>, page: &PageRequest, last_read: Option<Key>) -> (AppPage, Option<Key>) {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    let mut listed = AppPage {
        apps: Vec::with_capacity(items.len().min(limit)),
        next: None,
        unreadable: 0,
    };
    let mut end = last_read;
    // The last key that a cursor can hold, and how much was unreadable up to it.
    let mut kept = None;
    for item in items.into_iter().take(limit) {
        let key = key_of(&item);
        match listed_app(item, &key, &page.tenant_id) {
            Ok(app) => listed.apps.push(app),
            Err(e) => {
                tracing::error!(error = %e, "an app was left out of a list");
                listed.unreadable += 1;
            }
        }
        if let Some(id) = keys::app_of(&key) {
            kept = Some((id, listed.unreadable));
        }
        if more {
            end = Some(key);
        }
    }
    let Some(end) = end else {
        return (listed, None);
    };
    match (keys::app_of(&end), kept) {
        (Some(id), _) => listed.next = Some(id),
        // What lies between comes again in the next page, and is counted there.
        (None, Some((id, unreadable))) => {
            listed.next = Some(id);
            listed.unreadable = unreadable;
        }
        (None, None) => return (listed, Some(end)),
    }
    (listed, None)
}

/// An app of the listing, if it is one, and of this tenant.
fn listed_app(item: Item, key: &Key, tenant: &TenantId) -> Result<App, TableError> {
    let id = keys::app_of(key)
        .ok_or_else(|| TableError::corrupt(key.to_string(), "its key is not an app's"))?;
    let (app, _) = decode::<AppRecord>(item)?.into_parts(id)?;
    if app.tenant_id != *tenant {
        return Err(TableError::corrupt(
            key.to_string(),
            "another tenant's listing holds it",
        ));
    }
    Ok(app)
}
