//! Access pattern 4: a tenant's apps, page by page, by the index that lists them.

use aws_sdk_dynamodb::{
    operation::query::QueryOutput,
    types::{AttributeValue, Select},
};
use domain::{App, AppId, TenantId, app::folded};

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
    /// Apps whose name has this part, as names are compared: folded, as this must be (`app::folded_text`). No
    /// expression folds, so this is looked at here, app by app.
    pub name_contains: Option<String>,
    /// Apps that are switched on, or off.
    pub active: Option<bool>,
}

impl AppFilter {
    /// Whether `app` is wanted; the same rule as the query's filter expression, and what that can't say.
    pub fn admits(&self, app: &App) -> bool {
        let name = app.profile.app_name.as_str();
        self.name_prefix
            .as_deref()
            .is_none_or(|prefix| name.starts_with(prefix))
            && self.admits_part(app)
            && self.active.is_none_or(|active| app.status.active == active)
    }

    fn admits_part(&self, app: &App) -> bool {
        let part = self.name_contains.as_deref();
        part.is_none_or(|part| folded(&app.profile.app_name).contains(part))
    }

    fn is_any(&self) -> bool {
        *self == Self::default()
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
#[derive(Debug, Default)]
pub struct AppPage {
    /// The apps; fewer than asked, though more follow, where the bounds of a page end it.
    pub apps: Vec<App>,
    /// Where the next page starts, when there is one.
    pub next: Option<AppId>,
    /// Items that could not be read, and were left out.
    pub unreadable: usize,
}

impl Table {
    /// Pattern 4: one page of a tenant's apps, each with its default client: one query, and for a filtered page
    /// further ones until it is full, each of [`GROWTH`] times as many apps, at most [`EXAMINED`] together.
    pub async fn apps_page(&self, page: &PageRequest) -> Result<AppPage, TableError> {
        let mut reading = Reading::of(page);
        loop {
            let (start, limit) = (reading.start.as_ref(), reading.next_limit);
            let answer = self.query_listing(page, start, limit).await?;
            if let Some(read) = reading.take(answer) {
                return Ok(read);
            }
        }
    }

    async fn query_listing(
        &self,
        page: &PageRequest,
        start: Option<&Key>,
        limit: u32,
    ) -> Result<QueryOutput, TableError> {
        let mut query = QueryInput::builder()
            .table_name(&self.name)
            .index_name(LISTING)
            .key_condition_expression("listed_in = :tenant")
            .expression_attribute_values(":tenant", text(page.tenant_id.as_str()))
            .select(Select::AllProjectedAttributes)
            .scan_index_forward(!page.descending)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
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

/// A filtered page examines at most so many apps: some 1.2 MB of the README's example, 150 read units.
const EXAMINED: u32 = 2000;
/// Each further query for a filtered page examines so many times as many apps as the one before.
const GROWTH: u32 = 4;

/// A page that is being read.
struct Reading<'a> {
    page: &'a PageRequest,
    /// Where the next query starts, and how many apps it examines.
    start: Option<Key>,
    next_limit: u32,
    /// How many apps were examined, with those of the next query.
    examined: u32,
    /// How many places of the page are taken, by what could not be read too.
    taken: u32,
    listed: AppPage,
    /// The last key that was read.
    behind: Option<Key>,
    /// The last key that a cursor can hold, and how much was unreadable up to it.
    kept: Option<(AppId, usize)>,
}

impl<'a> Reading<'a> {
    fn of(page: &'a PageRequest) -> Self {
        // One more than asked tells whether another page follows, so that no last page is empty.
        let first = page.limit.saturating_add(1);
        Self {
            page,
            start: page.after.as_ref().map(keys::app),
            next_limit: first,
            examined: first,
            taken: 0,
            listed: AppPage::default(),
            behind: None,
            kept: None,
        }
    }

    /// Takes what a query answered. The page, if it is whole or has to end here; else there is a next query.
    fn take(&mut self, answer: QueryOutput) -> Option<AppPage> {
        let last_read = answer.last_evaluated_key.as_ref().map(key_of);
        for item in answer.items.unwrap_or_default() {
            let key = key_of(&item);
            let found = listed_app(item, &key, &self.page.tenant_id);
            let unwanted = |app| !self.page.filter.admits_part(app);
            let wanted = !found.as_ref().is_ok_and(unwanted);
            if wanted && self.taken == self.page.limit {
                return self.end();
            }
            self.taken += u32::from(wanted);
            match found {
                Ok(app) if wanted => self.listed.apps.push(app),
                Ok(_) => {}
                Err(e) => {
                    tracing::error!(error = %e, "an app was left out of a list");
                    self.listed.unreadable += 1;
                }
            }
            self.pass(key);
        }
        let Some(last_read) = last_read else {
            return Some(std::mem::take(&mut self.listed));
        };
        self.pass(last_read);
        let left = EXAMINED.saturating_sub(self.examined);
        if self.page.filter.is_any() || self.taken == self.page.limit || left == 0 {
            return self.end();
        }
        self.start.clone_from(&self.behind);
        self.next_limit = self.next_limit.saturating_mul(GROWTH).min(left);
        self.examined = self.examined.saturating_add(self.next_limit);
        None
    }

    fn pass(&mut self, key: Key) {
        if let Some(id) = keys::app_of(&key) {
            self.kept = Some((id, self.listed.unreadable));
        }
        self.behind = Some(key);
    }

    /// Ends the page behind the last key that a cursor can hold: what lies behind it comes again in the next
    /// page, and is counted there. Where no key is such, it is read on at once.
    fn end(&mut self) -> Option<AppPage> {
        let Some((id, unreadable)) = self.kept else {
            self.start.clone_from(&self.behind);
            self.taken = 0;
            return None;
        };
        let mut listed = std::mem::take(&mut self.listed);
        (listed.next, listed.unreadable) = (Some(id), unreadable);
        Some(listed)
    }
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
