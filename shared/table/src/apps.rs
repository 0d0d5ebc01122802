//! Access patterns 1 to 4: create an app, read it by id or code name, list a tenant's apps.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::{query::QueryOutput, transact_write_items::TransactWriteItemsError},
    types::{AttributeValue, CancellationReason, Put, Select, TransactWriteItem},
};
use data_encoding::HEXLOWER;
use domain::{App, AppId, CodeName, Name, StoredSecret, TenantId, app};
use ring::digest;

use crate::{
    CreateAppError, IdempotencyRecord, Table, TableError,
    error::{CONDITION_FAILED, is_passing, reason},
    expression::ABSENT,
    idempotency::replayed,
    item::{Item, Record, decode, encode, key_item, key_of, string, text},
    keys::{self, APP_IDS, Key, LISTED_IN, LISTING, PK, SK},
    record::{AppRecord, ClientIdPointer, CodeNameGuard, NameGuard, readable},
};

/// How often a transaction that met another one is tried.
const TRIES: u32 = 5;

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

/// A transactional put of a new item.
pub(crate) fn put_new<R: Record>(
    table: &str,
    key: &Key,
    record: &R,
) -> Result<TransactWriteItem, TableError> {
    let put = Put::builder()
        .table_name(table)
        .set_item(Some(encode(key, record)?))
        .condition_expression(ABSENT)
        .build()
        .map_err(|e| TableError::internal("put", &e))?;
    Ok(TransactWriteItem::builder().put(put).build())
}

/// The puts that make an app: itself with its default client, the guard of its code name, and what
/// keeps a unique name and a chosen client id unique.
pub(crate) fn app_puts(
    table: &str,
    app: &App,
    secret: Option<&StoredSecret>,
) -> Result<Vec<(Part, TransactWriteItem)>, TableError> {
    let (app_id, client_id) = (app.app_id, &app.default_client.client_id);
    let mut puts = vec![
        (
            Part::App,
            put_new(table, &keys::app(&app_id), &AppRecord::new(app, secret))?,
        ),
        (
            Part::CodeName,
            put_new(
                table,
                &keys::code_name_guard(&app.tenant_id, &app.code_name),
                &CodeNameGuard {
                    app_id,
                    deleted_at: None,
                },
            )?,
        ),
    ];
    if app.unique_name {
        let guard = name_guard(&app.tenant_id, &app.profile.app_name);
        puts.push((Part::Name, put_new(table, &guard, &NameGuard { app_id })?));
    }
    if client_id.app_id().is_none() {
        let pointer = keys::client_id_pointer(client_id);
        let put = put_new(table, &pointer, &ClientIdPointer { app_id })?;
        puts.push((Part::ClientId, put));
    }
    Ok(puts)
}

/// What an item of a transaction is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    App,
    CodeName,
    Name,
    ClientId,
    Idempotency,
}

/// The guard of a name that is to be unique.
pub(crate) fn name_guard(tenant: &TenantId, name: &Name) -> Key {
    let digest = digest::digest(&digest::SHA256, app::folded(name).as_bytes());
    keys::name_guard(tenant, &HEXLOWER.encode(digest.as_ref()))
}

impl Table {
    /// Sends a transaction; one that met another transaction on an item is sent again, after a pause
    /// whose length `jitter` varies, because DynamoDB cancels it without either being wrong.
    ///
    /// `Ok(Err(reasons))` is a transaction refused by its conditions.
    pub(crate) async fn transact(
        &self,
        items: Vec<TransactWriteItem>,
        jitter: u64,
    ) -> Result<Result<(), Vec<CancellationReason>>, TableError> {
        for attempt in 1..=TRIES {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .send()
                .await;
            let Err(e) = sent else { return Ok(Ok(())) };
            let reasons = match &e {
                SdkError::ServiceError(service) => match service.err() {
                    TransactWriteItemsError::TransactionCanceledException(cancelled) => {
                        cancelled.cancellation_reasons()
                    }
                    _ => return Err(TableError::from_sdk("TransactWriteItems", &e)),
                },
                _ => return Err(TableError::from_sdk("TransactWriteItems", &e)),
            };
            if !is_passing(reasons) {
                if (0..reasons.len()).any(|at| reason(reasons, at) == CONDITION_FAILED) {
                    return Ok(Err(reasons.to_vec()));
                }
                return Err(TableError::internal(
                    "TransactWriteItems",
                    &format!("cancelled: {:?}", codes(reasons)),
                ));
            }
            if attempt < TRIES {
                let step = 10_u64.saturating_mul(1 << attempt);
                tokio::time::sleep(Duration::from_millis(step + jitter % step)).await;
            }
        }
        Err(TableError::Unavailable(
            "TransactWriteItems: other transactions held the items".into(),
        ))
    }

    /// Pattern 1: an app, its default client and the guard of its code name, all or nothing.
    ///
    /// With `record`, what the caller is answered is kept in the same transaction.
    pub async fn create_app(
        &self,
        app: &App,
        secret: Option<&StoredSecret>,
        record: Option<&IdempotencyRecord>,
    ) -> Result<(), CreateAppError> {
        let mut puts = app_puts(&self.name, app, secret)?;
        let record = self.idempotency_put(record)?;
        puts.extend(record.map(|put| (Part::Idempotency, put)));
        let (parts, items): (Vec<_>, Vec<_>) = puts.into_iter().unzip();
        let Err(reasons) = self.transact(items, jitter_of(&app.app_id)).await? else {
            return Ok(());
        };
        let refused = |part| {
            let at = parts.iter().position(|p| *p == part)?;
            (reason(&reasons, at) == CONDITION_FAILED).then_some(at)
        };
        // What no other code name would mend comes first.
        if let Some(at) = refused(Part::Idempotency) {
            return Err(CreateAppError::Replay(Box::new(replayed(&reasons, at)?)));
        }
        if refused(Part::ClientId).is_some() {
            return Err(CreateAppError::ClientIdTaken);
        }
        if refused(Part::Name).is_some() {
            return Err(CreateAppError::NameTaken);
        }
        if refused(Part::CodeName).is_some() {
            return Err(CreateAppError::CodeNameTaken);
        }
        let codes = format!("{:?}", codes(&reasons));
        Err(TableError::internal("creating an app", &codes).into())
    }

    /// Pattern 2: an app of `tenant` with its default client, strongly consistent.
    ///
    /// Another tenant's app is absent, like one that never was.
    pub async fn app(&self, tenant: &TenantId, id: &AppId) -> Result<Option<App>, TableError> {
        let Some(item) = self.get(&keys::app(id), Some(&readable())).await? else {
            return Ok(None);
        };
        let app = decode::<AppRecord>(item)?.into_live_app(*id)?;
        Ok(app.filter(|app| app.tenant_id == *tenant))
    }

    /// Pattern 3, its first half: the id of the app that has a code name.
    pub async fn app_id_of(
        &self,
        tenant: &TenantId,
        code_name: &CodeName,
    ) -> Result<Option<AppId>, TableError> {
        let guard = keys::code_name_guard(tenant, code_name);
        let Some(item) = self.get(&guard, None).await? else {
            return Ok(None);
        };
        let guard: CodeNameGuard = decode(item)?;
        Ok(guard.deleted_at.is_none().then_some(guard.app_id))
    }

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
        let mut query = self
            .client
            .query()
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
            filters.push("begins_with(profile.app_name, :prefix)");
            query = query.expression_attribute_values(":prefix", text(prefix.as_str()));
        }
        if let Some(active) = page.filter.active {
            filters.push("#status.active = :active");
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
            .send()
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
            let answer = self
                .client
                .query()
                .table_name(&self.name)
                .index_name(APP_IDS)
                .key_condition_expression("listed_in = :tenant")
                .expression_attribute_values(":tenant", text(tenant.as_str()))
                .set_exclusive_start_key(start)
                .send()
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

    /// A strongly consistent read of one item; `projection` names the attributes wanted.
    pub(crate) async fn get(
        &self,
        key: &Key,
        projection: Option<&str>,
    ) -> Result<Option<Item>, TableError> {
        let mut get = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .consistent_read(true);
        if let Some(attributes) = projection {
            get = project(attributes, |expression, names| {
                get.projection_expression(expression)
                    .set_expression_attribute_names(Some(names))
            });
        }
        get.send()
            .await
            .map(|answer| answer.item)
            .map_err(|e| TableError::from_sdk("GetItem", &e))
    }
}

/// A projection with every attribute behind a placeholder, because some names are reserved words.
pub(crate) fn project<T>(
    attributes: &str,
    with: impl FnOnce(String, std::collections::HashMap<String, String>) -> T,
) -> T {
    let names: Vec<_> = [PK, SK]
        .into_iter()
        .chain(attributes.split(", "))
        .enumerate()
        .map(|(at, name)| (format!("#p{at}"), name.to_owned()))
        .collect();
    let expression: Vec<_> = names.iter().map(|(alias, _)| alias.as_str()).collect();
    with(expression.join(", "), names.iter().cloned().collect())
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

/// The codes of a cancelled transaction: its messages and items stay out of logs.
pub(crate) fn codes(reasons: &[CancellationReason]) -> Vec<&str> {
    (0..reasons.len()).map(|at| reason(reasons, at)).collect()
}

/// A number that differs between apps, to spread their retries.
pub(crate) fn jitter_of(id: &AppId) -> u64 {
    id.to_string()
        .bytes()
        .rev()
        .take(8)
        .fold(0, |sum: u64, byte| {
            sum.wrapping_mul(31).wrapping_add(byte.into())
        })
}
