//! Access pattern 10: an app is gone for every reader after one transaction; what it leaves is swept
//! afterwards, here and by the scheduled `sweep`, which can stop and go on anywhere.

use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, DeleteRequest, TransactWriteItem, Update, WriteRequest,
};
use domain::{App, AppId, Timestamp};

use crate::{
    ChangeError, Table, TableError,
    apps::guards,
    budgets::LINGER,
    error::{CONDITION_FAILED, reason},
    guard::SweepRecord,
    item::{Item, decode, key_item, string, text},
    keys::{self, Key, SK},
    sdk::{BatchWriteItemInput, QueryInput, Request},
    transact::{jitter_of, put_new},
};

/// `BatchWriteItem` takes so many.
const BATCH: i32 = 25;
/// The mark of a deleted app.
const DELETED_AT: &str = "deleted_at";

/// An app whose deletion is not swept yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSweep {
    /// Which.
    pub app_id: AppId,
    /// Since when.
    pub deleted_at: Timestamp,
}

impl Table {
    /// Makes the deletion of `app` true for every reader: the app is marked, its code name a tombstone,
    /// and its place in the work list is taken.
    pub async fn delete_app(&self, app: &App, at: Timestamp) -> Result<(), ChangeError> {
        let number = |n: &dyn ToString| AttributeValue::N(n.to_string());
        let update = |key: &Key, expression: &str, condition: &str| {
            Update::builder()
                .table_name(&self.name)
                .set_key(Some(key_item(key)))
                .update_expression(expression)
                .condition_expression(condition)
                .expression_attribute_values(":at", number(&at.unix()))
        };
        let built = |update: aws_sdk_dynamodb::types::builders::UpdateBuilder| {
            let built = update
                .build()
                .map_err(|e| TableError::internal("update", &e));
            built.map(|update| TransactWriteItem::builder().update(update).build())
        };
        let mark = update(
            &keys::app(&app.app_id),
            "SET deleted_at = :at REMOVE listed_in, secrets",
            "#app.#version = :version AND attribute_not_exists(deleted_at)",
        )
        .expression_attribute_names("#app", "app")
        .expression_attribute_names("#version", "version")
        .expression_attribute_values(":version", number(&app.version));
        let guard = keys::code_name_guard(&app.tenant_id, &app.code_name);
        let tombstone = update(&guard, "SET deleted_at = :at", "app_id = :app")
            .expression_attribute_values(":app", text(app.app_id.to_string()));
        let mut items = vec![
            built(mark)?,
            built(tombstone)?,
            put_new(
                &self.name,
                &keys::sweep(&app.app_id),
                &SweepRecord { deleted_at: at },
            )?,
        ];
        // Unlike a code name, what else is unique is free again.
        for guard in guards(app).into_iter().filter_map(|(_, guard)| guard) {
            let freed = Delete::builder()
                .table_name(&self.name)
                .set_key(Some(key_item(&guard)))
                .build()
                .map_err(|e| TableError::internal("delete", &e))?;
            items.push(TransactWriteItem::builder().delete(freed).build());
        }
        match self.transact(items, jitter_of(&app.app_id)).await? {
            Ok(()) => Ok(()),
            Err(reasons) if reason(&reasons, 0) == CONDITION_FAILED => Err(ChangeError::Stale),
            // The app is as it was read, so what belongs to it is not.
            Err(_) => {
                let why = "it is not the guard of its app";
                Err(TableError::corrupt(guard.to_string(), why).into())
            }
        }
    }

    /// Deletions that wait for a sweep, oldest apps first, at most `limit`. What can't be read is no
    /// part of the limit: any number of such items must not keep the others from being swept.
    pub async fn pending_sweeps(&self, limit: usize) -> Result<Vec<PendingSweep>, TableError> {
        let mut pending = Vec::new();
        let mut start = None;
        loop {
            let answer = QueryInput::builder()
                .table_name(&self.name)
                .consistent_read(true)
                .key_condition_expression("pk = :sweep")
                .expression_attribute_values(":sweep", text(keys::SWEEP))
                .limit(i32::try_from(limit).unwrap_or(i32::MAX))
                .set_exclusive_start_key(start)
                .send_to(&self.sdk)
                .await
                .map_err(|e| TableError::from_sdk("Query", &e))?;
            let work = answer.items.unwrap_or_default().into_iter().map(pending_of);
            pending.extend(work.filter_map(|work| {
                work.map_err(|e| tracing::error!(error = %e, "a deletion can't be swept"))
                    .ok()
            }));
            start = answer.last_evaluated_key;
            if start.is_none() || pending.len() >= limit {
                pending.truncate(limit);
                return Ok(pending);
            }
        }
    }

    /// Removes the clients of a deleted app, then the app itself; `true` when nothing is left.
    ///
    /// Stops after `budget`; calling it again goes on where it stopped. The app itself stays for a
    /// while: a client whose maker had read the app before it was deleted may still come.
    pub async fn sweep_app(
        &self,
        app_id: &AppId,
        now: Timestamp,
        budget: Duration,
    ) -> Result<bool, TableError> {
        let started = Instant::now();
        let app_key = keys::app(app_id);
        let not_deleted = || {
            let why = "it stands in the work list but is not deleted";
            TableError::corrupt(app_key.pk.as_str(), why)
        };
        loop {
            let mut clients = self.partition(app_id).await?;
            // The app stands before its clients. A sweep only ever removes what a deletion has marked.
            let app = clients
                .iter()
                .position(|item| string(item, SK) == app_key.sk);
            let app = app.map(|at| clients.remove(at));
            if app
                .as_ref()
                .is_some_and(|app| !app.contains_key(DELETED_AT))
            {
                return Err(not_deleted());
            }
            if clients.is_empty() {
                if app.is_some_and(|app| lingers(&app, now)) {
                    return Ok(false);
                }
                break;
            }
            self.delete_batch(clients).await?;
            if started.elapsed() >= budget {
                return Ok(false);
            }
        }
        let delete = |key: &Key, condition: Option<&str>| {
            let delete = Delete::builder()
                .table_name(&self.name)
                .set_key(Some(key_item(key)))
                .set_condition_expression(condition.map(Into::into))
                .build();
            delete
                .map(|delete| TransactWriteItem::builder().delete(delete).build())
                .map_err(|e| TableError::internal("delete", &e))
        };
        let marked = "attribute_not_exists(pk) OR attribute_exists(deleted_at)";
        let items = vec![
            delete(&app_key, Some(marked))?,
            delete(&keys::sweep(app_id), None)?,
        ];
        match self.transact(items, jitter_of(app_id)).await? {
            Ok(()) => Ok(true),
            Err(_) => Err(not_deleted()),
        }
    }

    /// The first items of an app's partition: their keys, and when they were deleted.
    async fn partition(&self, app_id: &AppId) -> Result<Vec<Item>, TableError> {
        let answer = QueryInput::builder()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :app")
            .expression_attribute_values(":app", text(keys::app(app_id).pk))
            .projection_expression("pk, sk, deleted_at")
            .limit(BATCH + 1)
            .send_to(&self.sdk)
            .await
            .map_err(|e| TableError::from_sdk("Query", &e))?;
        Ok(answer.items.unwrap_or_default())
    }

    async fn delete_batch(&self, keys: Vec<Item>) -> Result<(), TableError> {
        let requests = keys
            .into_iter()
            .map(|key| {
                let delete = DeleteRequest::builder().set_key(Some(key)).build();
                delete
                    .map(|delete| WriteRequest::builder().delete_request(delete).build())
                    .map_err(|e| TableError::internal("delete", &e))
            })
            .collect::<Result<Vec<_>, _>>()?;
        // What stays unprocessed is found again by the next query.
        BatchWriteItemInput::builder()
            .request_items(&self.name, requests)
            .send_to(&self.sdk)
            .await
            .map(drop)
            .map_err(|e| TableError::from_sdk("BatchWriteItem", &e))
    }
}

fn pending_of(item: Item) -> Result<PendingSweep, TableError> {
    let app_id = keys::parse_app_pk(string(&item, SK))
        .ok_or_else(|| TableError::corrupt(string(&item, SK), "it names no app"))?;
    let record: SweepRecord = decode(item)?;
    Ok(PendingSweep {
        app_id,
        deleted_at: record.deleted_at,
    })
}

/// Whether a deletion is so young that a request may still be under way that began before it.
fn lingers(app: &Item, now: Timestamp) -> bool {
    let at = app
        .get(DELETED_AT)
        .and_then(|at| at.as_n().ok()?.parse().ok());
    let seconds = i64::try_from(LINGER.as_secs()).unwrap_or(i64::MAX);
    at.is_some_and(|at| {
        let at = Timestamp::from_unix(at);
        // A time ahead is a wrong clock's, and waits for nothing.
        at <= now && now < at.plus(seconds)
    })
}
