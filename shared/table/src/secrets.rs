//! A client's secrets: issued, revoked, used.

use aws_sdk_dynamodb::{
    primitives::Blob,
    types::{AttributeValue, TransactWriteItem, Update, builders::UpdateBuilder},
};
use domain::{Client, Day, EndedSecrets, SecretDigest, SecretId, StoredSecret};

use crate::{
    ChangeError, Credentials, IdempotencyRecord, Principal, Table, TableError,
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    idempotency::replayed,
    item::key_item,
    sdk::UpdateItemInput,
    secret_record::SecretRecord,
    transact::jitter_of,
};

/// A client's secrets as they are to be.
#[derive(Debug)]
pub struct Secrets {
    /// All, dead ones included.
    pub all: Vec<StoredSecret>,
    /// Those whose tokens ended with them.
    pub ended: EndedSecrets,
}

/// The update from one state of a client's secrets to another: new ones whole, of those that stay the
/// day they were retired, and those that are forgotten away.
fn differences(read: &Credentials, secrets: &Secrets) -> Result<UpdateBuilder, TableError> {
    let (old, new) = (&read.secrets, &secrets.all);
    let (mut set, mut remove) = (vec!["secrets_rev = :next".to_owned()], Vec::new());
    let mut update = Update::builder();
    for (at, secret) in new.iter().enumerate() {
        let before = old.iter().find(|o| o.id == secret.id);
        let value = match (before, secret.retired_at) {
            (None, _) => {
                set.push(format!("secrets.#new{at} = :new{at}"));
                serde_dynamo::to_attribute_value(SecretRecord::new(secret))
            }
            (Some(before), Some(retired)) if before.retired_at.is_none() => {
                set.push(format!("secrets.#new{at}.retired_at = :new{at}"));
                serde_dynamo::to_attribute_value(retired)
            }
            _ => continue,
        };
        let value = value.map_err(|e| TableError::internal("encoding a secret", &e))?;
        update = update
            .expression_attribute_names(format!("#new{at}"), secret.id.as_str())
            .expression_attribute_values(format!(":new{at}"), value);
    }
    for (at, gone) in old.iter().enumerate() {
        if !new.iter().any(|n| n.id == gone.id) {
            remove.push(format!("secrets.#old{at}"));
            update = update.expression_attribute_names(format!("#old{at}"), gone.id.as_str());
        }
    }
    if secrets.ended == read.ended_secrets {
        // It stays.
    } else if secrets.ended.is_empty() {
        remove.push("ended_secrets".to_owned());
    } else {
        set.push("ended_secrets = :ended".to_owned());
        let ended = serde_dynamo::to_attribute_value(&secrets.ended)
            .map_err(|e| TableError::internal("encoding ended secrets", &e))?;
        update = update.expression_attribute_values(":ended", ended);
    }
    let mut expression = format!("SET {}", set.join(", "));
    if !remove.is_empty() {
        expression.push_str(" REMOVE ");
        expression.push_str(&remove.join(", "));
    }
    Ok(update.update_expression(expression))
}

impl Table {
    /// Replaces the secrets of a client, unless another call issued or revoked one since `read`, or the app
    /// or client has changed since: what was asked of the version that was read holds of no other. Only what
    /// differs is written, so that a day of use noted meanwhile stays.
    ///
    /// With `record`, what the caller is answered is kept in the same transaction.
    pub async fn save_secrets(
        &self,
        read: &Credentials,
        secrets: &Secrets,
        record: Option<&IdempotencyRecord>,
    ) -> Result<(), ChangeError> {
        let Principal { app, client } = &read.principal;
        // The version of the item that holds the client.
        let (map, version) = if client.default {
            ("app", app.version)
        } else {
            ("client", client.version)
        };
        let update = differences(read, secrets)?
            .table_name(&self.name)
            .set_key(Some(key_item(&key_of(client))))
            .condition_expression(
                "secrets_rev = :rev AND #map.#version = :version AND attribute_not_exists(deleted_at)",
            )
            .expression_attribute_names("#map", map)
            .expression_attribute_names("#version", "version")
            .expression_attribute_values(":version", number(&version))
            .expression_attribute_values(":rev", number(&read.secrets_rev))
            .expression_attribute_values(":next", number(&read.secrets_rev.saturating_add(1)))
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
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(&key_of(client))))
            .update_expression("SET secrets.#id.last_used_on = :day")
            .condition_expression(format!("attribute_exists(secrets.#id) AND ({EARLIER})"))
            .expression_attribute_names("#id", secret.as_str())
            .expression_attribute_values(":day", number(&day.number()));
        self.update_if(update).await.map(drop)
    }

    /// Replaces the digest of a secret by one of a newer version of the master secret, and notes the day of use
    /// where `day` is given. Nothing happens when the stored digest is another than `old`, or the day is noted
    /// already: the secret's next use tries again.
    pub async fn move_digest(
        &self,
        client: &Client,
        old: &StoredSecret,
        new: &SecretDigest,
        day: Option<Day>,
    ) -> Result<(), TableError> {
        let bytes = |digest: &SecretDigest| AttributeValue::B(Blob::new(digest.to_bytes()));
        let mut set = "SET secrets.#id.digest = :new, secrets.#id.pepper = :pepper".to_owned();
        let mut condition = "secrets.#id.digest = :old".to_owned();
        let mut update = UpdateItemInput::builder()
            .set_key(Some(key_item(&key_of(client))))
            .expression_attribute_names("#id", old.id.as_str())
            .expression_attribute_values(":old", bytes(&old.digest))
            .expression_attribute_values(":new", bytes(new))
            .expression_attribute_values(":pepper", number(&new.pepper_version()));
        if let Some(day) = day {
            set.push_str(", secrets.#id.last_used_on = :day");
            condition = format!("{condition} AND ({EARLIER})");
            update = update.expression_attribute_values(":day", number(&day.number()));
        }
        let update = update.update_expression(set);
        let moved = self.update_if(update.condition_expression(condition));
        moved.await.map(drop)
    }
}

/// The secret was used on no day, or an earlier one.
const EARLIER: &str =
    "attribute_not_exists(secrets.#id.last_used_on) OR secrets.#id.last_used_on < :day";

fn number(n: &impl ToString) -> AttributeValue {
    AttributeValue::N(n.to_string())
}
