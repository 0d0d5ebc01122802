//! Pattern 5, its writes: a further client comes and goes together with the count of them in its app's
//! item, so that no race makes more than are allowed.
//!
//! An app that was registered before there was such a count has none; the first client that is made for
//! it counts those that are there.

use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Delete, ReturnValuesOnConditionCheckFailure, Select,
    TransactWriteItem, Update,
};
use domain::{AppId, Client, StoredSecret, TenantId};

use crate::{
    ChangeError, IdempotencyRecord, Table, TableError,
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    idempotency::replayed,
    item::{Item, key_item, text},
    keys::{self, CLIENTS},
    record::ClientRecord,
    sdk::{QueryInput, Request},
    transact::{jitter_of, put_new},
};

/// How often a client's creation is tried while others count the clients of its app.
const TRIES: u32 = 3;
/// Where the count stands in a transaction; the client is before it, a kept answer behind it.
const COUNT: usize = 1;

/// How the count of an app's further clients is to change.
#[derive(Clone, Copy)]
enum Count {
    /// One more of at most so many.
    More(u32),
    /// From none to this, which was counted.
    First(u32),
    /// One less.
    Less,
    /// To none: it is counted anew for the next client.
    Unknown,
}

impl Table {
    /// A further client of an app that the caller has read, which may have `most` of them.
    ///
    /// With `record`, what the caller is answered is kept in the same transaction. One transaction; for
    /// an app whose clients were never counted, one refused and one query more.
    ///
    /// Errors: [`ChangeError::TooMany`], and [`ChangeError::Missing`] when the app is deleted meanwhile.
    pub async fn create_client(
        &self,
        tenant: &TenantId,
        client: &Client,
        secret: Option<&StoredSecret>,
        record: Option<&IdempotencyRecord>,
        most: u32,
    ) -> Result<(), ChangeError> {
        let new = ClientRecord::new(tenant, client, secret);
        let mut count = Count::More(most);
        for _ in 0..TRIES {
            let mut items = vec![put_new(&self.name, &key_of(client), &new)?];
            items.push(self.count(&client.app_id, count)?);
            items.extend(self.idempotency_put(record)?);
            let Err(reasons) = self.transact(items, jitter_of(&client.app_id)).await? else {
                return Ok(());
            };
            // A kept answer comes first: the call was made before, when there was room.
            if refused(&reasons, COUNT + 1) {
                return Err(ChangeError::Replay(Box::new(replayed(
                    &reasons,
                    COUNT + 1,
                )?)));
            }
            if !refused(&reasons, COUNT) {
                // The id is new and random: only an earlier try of this very call can have put it.
                return Err(ChangeError::Stale);
            }
            let Some(app) = living(&reasons) else {
                return Err(ChangeError::Missing);
            };
            count = match (app.get("clients"), count) {
                (Some(AttributeValue::N(_)), Count::More(_)) => return Err(ChangeError::TooMany),
                (Some(AttributeValue::N(_)), _) => Count::More(most),
                (Some(_), _) => {
                    let key = keys::app(&client.app_id).to_string();
                    return Err(
                        TableError::corrupt(key, "its count of clients is no number").into(),
                    );
                }
                (None, _) => match self.count_clients(&client.app_id).await? {
                    there if there >= most => return Err(ChangeError::TooMany),
                    there => Count::First(there.saturating_add(1)),
                },
            };
        }
        Err(ChangeError::Stale)
    }

    /// Deletes a further client in the version that was read. One that is gone already counts as deleted.
    pub async fn delete_client(&self, client: &Client) -> Result<(), ChangeError> {
        let mut count = Count::Less;
        for _ in 0..TRIES {
            let version = AttributeValue::N(client.version.to_string());
            let delete = Delete::builder()
                .table_name(&self.name)
                .set_key(Some(key_item(&key_of(client))))
                .condition_expression("#client.#version = :version")
                .expression_attribute_names("#client", "client")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":version", version)
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                )
                .build()
                .map_err(|e| TableError::internal("delete", &e))?;
            let items = vec![
                TransactWriteItem::builder().delete(delete).build(),
                self.count(&client.app_id, count)?,
            ];
            let Err(reasons) = self.transact(items, jitter_of(&client.app_id)).await? else {
                return Ok(());
            };
            if refused(&reasons, 0) {
                let is_there = reasons.first().is_some_and(|reason| reason.item.is_some());
                return if is_there {
                    Err(ChangeError::Stale)
                } else {
                    Ok(())
                };
            }
            if living(&reasons).is_none() {
                // It goes with its app.
                return Ok(());
            }
            count = match count {
                Count::Less => Count::Unknown,
                _ => Count::Less,
            };
        }
        Err(ChangeError::Stale)
    }

    /// The update of the count in an app's item. It costs the index nothing: the count is not in it.
    fn count(&self, app_id: &AppId, count: Count) -> Result<TransactWriteItem, TableError> {
        let number = |n: u32| AttributeValue::N(n.to_string());
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(&keys::app(app_id))))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let update = match count {
            Count::More(most) => update
                .update_expression("SET clients = clients + :one")
                .condition_expression("clients < :most AND attribute_not_exists(deleted_at)")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":most", number(most)),
            Count::First(counted) => update
                .update_expression("SET clients = :counted")
                .condition_expression(
                    "attribute_exists(pk) AND attribute_not_exists(clients) AND attribute_not_exists(deleted_at)",
                )
                .expression_attribute_values(":counted", number(counted)),
            Count::Less => update
                .update_expression("SET clients = clients - :one")
                .condition_expression("clients > :zero AND attribute_not_exists(deleted_at)")
                .expression_attribute_values(":one", number(1))
                .expression_attribute_values(":zero", number(0)),
            Count::Unknown => update
                .update_expression("REMOVE clients")
                .condition_expression(
                    "attribute_exists(pk) AND attribute_not_exists(deleted_at) AND (attribute_not_exists(clients) OR clients = :zero)",
                )
                .expression_attribute_values(":zero", number(0)),
        };
        let update = update
            .build()
            .map_err(|e| TableError::internal("update", &e))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// How many further clients an app has, strongly consistent.
    async fn count_clients(&self, app_id: &AppId) -> Result<u32, TableError> {
        let mut counted = 0_u32;
        let mut start = None;
        loop {
            let answer = QueryInput::builder()
                .table_name(&self.name)
                .consistent_read(true)
                .select(Select::Count)
                .key_condition_expression("pk = :app AND begins_with(sk, :client)")
                .expression_attribute_values(":app", text(keys::app(app_id).pk))
                .expression_attribute_values(":client", text(CLIENTS))
                .set_exclusive_start_key(start)
                .send_to(&self.sdk)
                .await
                .map_err(|e| TableError::from_sdk("Query", &e))?;
            let more = u32::try_from(answer.count).unwrap_or_default();
            counted = counted.saturating_add(more);
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(counted);
            }
        }
    }
}

fn refused(reasons: &[CancellationReason], at: usize) -> bool {
    reason(reasons, at) == CONDITION_FAILED
}

/// The app whose count was refused, unless it is deleted.
fn living(reasons: &[CancellationReason]) -> Option<&Item> {
    let item = reasons.get(COUNT)?.item.as_ref()?;
    (!item.contains_key("deleted_at")).then_some(item)
}
