//! What was answered under an idempotency key, kept in the transaction that did the work.

use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};
use domain::{AppId, ClientId, SecretId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Table, TableError, bytes,
    item::{Record, decode, encode},
    keys::{self, Key},
};

/// Whose idempotency key, for which operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyScope {
    /// The caller's tenant.
    pub tenant_id: TenantId,
    /// The caller.
    pub caller: ClientId,
    /// The operation.
    pub operation: &'static str,
    /// SHA-256 of the key, in hex.
    pub key_digest: String,
}

impl IdempotencyScope {
    fn key(&self) -> Key {
        keys::idempotency(
            &self.tenant_id,
            &self.caller,
            self.operation,
            &self.key_digest,
        )
    }

    /// What a sealed answer is bound to.
    pub fn context(&self) -> Vec<u8> {
        self.key().pk.into_bytes()
    }
}

/// An answer to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Under which key.
    pub scope: IdempotencyScope,
    /// Now: a kept answer that has expired by now makes room.
    pub now: Timestamp,
    /// The answer.
    pub answer: KeptAnswer,
}

/// A kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    /// SHA-256 of the request: the same key with another request is refused.
    #[serde(with = "bytes")]
    pub request_digest: Vec<u8>,
    /// The answer, sealed, because it can hold a secret.
    #[serde(with = "bytes")]
    pub sealed_answer: Vec<u8>,
    /// What the answer is about: once that is gone, it is no longer given.
    pub made: Made,
    /// From then on the key is free again.
    pub expires_at: Timestamp,
}

impl Record for KeptAnswer {
    const KIND: &'static str = "idempotency";
}

/// What a request made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// The app, or the app of what was made.
    pub app_id: AppId,
    /// The client, or the client of the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<ClientId>,
    /// The secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_id: Option<SecretId>,
}

impl Table {
    /// The put that keeps an answer, as the last item of a transaction.
    pub(crate) fn idempotency_put(
        &self,
        record: Option<&IdempotencyRecord>,
    ) -> Result<Option<TransactWriteItem>, TableError> {
        let Some(record) = record else {
            return Ok(None);
        };
        let now = AttributeValue::N(record.now.unix().to_string());
        let put = Put::builder()
            .table_name(&self.name)
            .set_item(Some(encode(&record.scope.key(), &record.answer)?))
            // DynamoDB drops expired items late, so an expired one may still be there.
            .condition_expression("attribute_not_exists(pk) OR expires_at <= :now")
            .expression_attribute_values(":now", now)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|e| TableError::internal("put", &e))?;
        Ok(Some(TransactWriteItem::builder().put(put).build()))
    }
}

impl Table {
    /// Looks whether an answer is kept under the record's key, and writes nothing.
    pub async fn kept_answer(
        &self,
        scope: &IdempotencyScope,
        now: Timestamp,
    ) -> Result<Option<KeptAnswer>, TableError> {
        let Some(item) = self.get(&scope.key(), None).await? else {
            return Ok(None);
        };
        let kept: KeptAnswer = decode(item)?;
        Ok(Some(kept).filter(|kept| now < kept.expires_at))
    }
}

/// The kept answer that made the item `at` of a transaction fail.
pub(crate) fn replayed(
    reasons: &[CancellationReason],
    at: usize,
) -> Result<KeptAnswer, TableError> {
    let item = reasons
        .get(at)
        .and_then(|reason| reason.item.clone())
        .ok_or_else(|| TableError::internal("idempotency", &"no record came back"))?;
    decode(item)
}
