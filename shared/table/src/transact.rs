//! Transactions: all or nothing, sent again when another one was in the way.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, Put, TransactWriteItem},
};
use data_encoding::HEXLOWER;
use domain::AppId;
use ring::digest;

use crate::{
    Table, TableError,
    error::{CONDITION_FAILED, is_passing, reason},
    expression::ABSENT,
    item::{Record, encode},
    keys::Key,
    sdk::{Request, TransactWriteItemsInput},
};

/// How often a transaction that met another one is tried.
const TRIES: u32 = 5;

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
        let token = token_of(&items);
        for attempt in 1..=TRIES {
            let sent = TransactWriteItemsInput::builder()
                .set_transact_items(Some(items.clone()))
                .client_request_token(&token)
                .send_to(&self.sdk)
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
}

/// One token for every try: the SDK's own would be new after a cancelled one, and an earlier try whose
/// answer was lost could then count as somebody else's.
///
/// Two transactions of the same content are the same one: each holds a version or a random value.
fn token_of(items: &[TransactWriteItem]) -> String {
    let digest = digest::digest(&digest::SHA256, format!("{items:?}").as_bytes());
    let mut token = HEXLOWER.encode(digest.as_ref());
    token.truncate(32);
    token
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
