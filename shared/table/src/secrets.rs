//! A client's secrets: issued, revoked, used.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{AttributeValue, TransactWriteItem, Update},
};
use domain::{Client, Day, SecretId, StoredSecret};

use crate::{
    ChangeError, Credentials, IdempotencyRecord, Table, TableError,
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    idempotency::replayed,
    item::key_item,
    record::records,
    transact::jitter_of,
};

impl Table {
    /// Replaces the secrets of a client by `all`, unless another call changed them since `read`.
    ///
    /// With `record`, what the caller is answered is kept in the same transaction.
    pub async fn save_secrets(
        &self,
        read: &Credentials,
        all: &[StoredSecret],
        record: Option<&IdempotencyRecord>,
    ) -> Result<(), ChangeError> {
        let client = &read.principal.client;
        let secrets = serde_dynamo::to_attribute_value(records(all))
            .map_err(|e| TableError::internal("encoding secrets", &e))?;
        let number = |n: u64| AttributeValue::N(n.to_string());
        let update = Update::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(&key_of(client))))
            .update_expression("SET secrets = :secrets, secrets_rev = :next")
            .condition_expression("secrets_rev = :rev AND attribute_not_exists(deleted_at)")
            .expression_attribute_values(":secrets", secrets)
            .expression_attribute_values(":rev", number(read.secrets_rev))
            .expression_attribute_values(":next", number(read.secrets_rev.saturating_add(1)))
            .build()
            .map_err(|e| TableError::internal("update", &e))?;
        let mut items = vec![TransactWriteItem::builder().update(update).build()];
        items.extend(self.idempotency_put(record)?);
        // A transaction even of one item: its token makes a retry after a lost answer harmless.
        match self.transact(items, jitter_of(&client.app_id)).await? {
            Ok(()) => Ok(()),
            Err(reasons) if reason(&reasons, 1) == CONDITION_FAILED => {
                Err(ChangeError::Replay(Box::new(replayed(&reasons, 1)?)))
            }
            Err(_) => Err(ChangeError::Stale),
        }
    }

    /// Notes the day on which a secret was used; nothing happens when the day is noted already.
    pub async fn note_use(
        &self,
        client: &Client,
        secret: &SecretId,
        day: Day,
    ) -> Result<(), TableError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_item(&key_of(client))))
            .update_expression("SET secrets.#id.last_used_on = :day")
            .condition_expression(
                "attribute_exists(secrets.#id) AND (attribute_not_exists(secrets.#id.last_used_on) \
                 OR secrets.#id.last_used_on < :day)",
            )
            .expression_attribute_names("#id", secret.as_str())
            .expression_attribute_values(":day", AttributeValue::N(day.number().to_string()))
            .send()
            .await;
        match update {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(())
            }
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e)),
        }
    }
}
