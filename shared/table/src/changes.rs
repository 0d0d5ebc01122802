//! Access pattern 7: changes to an app or client, each one conditional write.

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use domain::{App, AppId, Client, Status, StoredSecret, TenantId, Timestamp, Version};
use serde::Serialize;

use crate::{
    ChangeError, Principal, Table, TableError,
    clients::key_of,
    item::{Item, decode, key_item, string, text},
    keys::{self, Key},
    record::{AppRecord, ClientRecord, records},
};

/// What a change of a client's authentication method does to its secrets.
#[derive(Debug)]
pub enum SecretsChange {
    /// Nothing.
    Keep,
    /// It no longer has any.
    Clear,
    /// It gets its first one.
    First(StoredSecret),
}

/// A status to set.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// The caller's tenant.
    pub tenant_id: TenantId,
    /// The new status, with who, when and why.
    pub status: Status,
    /// Now.
    pub at: Timestamp,
    /// Only in this version.
    pub if_version: Option<Version>,
    /// Random: a retry that finds its own write done knows it by this.
    pub write_id: String,
}

/// What became of a status change.
#[derive(Debug)]
pub enum StatusOutcome<T> {
    /// It is set.
    Changed(T),
    /// It was so before; nothing was written.
    Unchanged(T),
    /// It belongs to a management application, which can't be switched off.
    Management,
}

/// Builds one `UpdateItem`: what it sets, and under which condition.
struct Update {
    builder: UpdateItemFluentBuilder,
    sets: Vec<String>,
}

impl Update {
    fn of(table: &Table, key: &Key) -> Self {
        let builder = table.client.update_item();
        Self {
            builder: builder
                .table_name(&table.name)
                .set_key(Some(key_item(key)))
                .return_values_on_condition_check_failure(
                    ReturnValuesOnConditionCheckFailure::AllOld,
                ),
            sets: Vec::new(),
        }
    }

    /// Names every attribute through a placeholder, because some are reserved words.
    fn named(mut self, name: &str) -> Self {
        self.builder = self
            .builder
            .expression_attribute_names(format!("#{name}"), name);
        self
    }

    fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.builder = self
            .builder
            .expression_attribute_values(format!(":{placeholder}"), value);
        self
    }

    fn set(mut self, name: &str, value: &impl Serialize) -> Result<Self, TableError> {
        let value = serde_dynamo::to_attribute_value(value)
            .map_err(|e| TableError::internal("encoding an attribute", &e))?;
        self.sets.push(format!("#{name} = :{name}"));
        Ok(self.named(name).value(name, value))
    }

    /// Adds one to a number.
    fn count(mut self, name: &str) -> Self {
        self.sets.push(format!("#{name} = #{name} + :one"));
        self.named(name).value("one", AttributeValue::N("1".into()))
    }

    /// `Ok(Err(item))` is a refused condition, with the item as it is.
    async fn send(
        self,
        condition: &str,
        returned: ReturnValue,
    ) -> Result<Result<Option<Item>, Option<Item>>, TableError> {
        let sent = self
            .builder
            .update_expression(format!("SET {}", self.sets.join(", ")))
            .condition_expression(condition)
            .return_values(returned)
            .send()
            .await;
        match sent {
            Ok(answer) => Ok(Ok(answer.attributes)),
            Err(SdkError::ServiceError(e)) => match e.err() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Err(refused.item().cloned()))
                }
                _ => Err(TableError::from_sdk(
                    "UpdateItem",
                    &SdkError::ServiceError(e),
                )),
            },
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e)),
        }
    }
}

impl Table {
    /// Writes `new` over the version `old` of an app and its default client.
    ///
    /// `write_id` is random: a retry that finds its own write done knows it by this.
    pub async fn update_app(
        &self,
        old: Version,
        new: &App,
        secrets: &SecretsChange,
        write_id: &str,
    ) -> Result<(), ChangeError> {
        let client = &new.default_client;
        let update = Update::of(self, &keys::app(&new.app_id))
            .set("profile", &new.profile)?
            .set("client", &client.settings)?
            .set("version", &new.version)?
            .set("client_version", &client.version)?
            .set("updated_at", &new.updated_at)?
            .set("client_updated_at", &client.updated_at)?;
        let condition = "#version = :old AND attribute_not_exists(deleted_at)";
        write(update, condition, old, secrets, write_id).await
    }

    /// Writes `new` over the version `old` of a further client.
    pub async fn update_client(
        &self,
        old: Version,
        new: &Client,
        secrets: &SecretsChange,
        write_id: &str,
    ) -> Result<(), ChangeError> {
        let update = Update::of(self, &key_of(new))
            .set("client", &new.settings)?
            .set("version", &new.version)?
            .set("updated_at", &new.updated_at)?;
        write(update, "#version = :old", old, secrets, write_id).await
    }

    /// Switches an app on or off, in one round trip.
    pub async fn set_app_status(
        &self,
        app_id: &AppId,
        change: &StatusChange,
    ) -> Result<StatusOutcome<App>, ChangeError> {
        let update = Update::of(self, &keys::app(app_id))
            .set("status", &change.status)?
            .set("updated_at", &change.at)?
            .count("version");
        let condition = status_condition("status", "version", change, true);
        let decoded = |item: Item| decode::<AppRecord>(item)?.into_live_app(*app_id);
        status(update, condition, change, |item| {
            let management = item.contains_key("management");
            Ok(decoded(item)?
                .filter(|app| app.tenant_id == change.tenant_id)
                .map(|app| {
                    let seen = Seen {
                        active: app.status.active,
                        version: app.version,
                        management,
                    };
                    (app, seen)
                }))
        })
        .await
    }

    /// Switches a client on or off. The caller has read it with its app.
    pub async fn set_client_status(
        &self,
        read: &Principal,
        change: &StatusChange,
    ) -> Result<StatusOutcome<Client>, ChangeError> {
        let client = &read.client;
        if client.default {
            let app_id = client.app_id;
            let update = Update::of(self, &key_of(client))
                .set("client_status", &change.status)?
                .set("updated_at", &change.at)?
                .set("client_updated_at", &change.at)?
                .count("version")
                .count("client_version");
            let condition = status_condition("client_status", "client_version", change, true);
            return status(update, condition, change, |item| {
                let app = decode::<AppRecord>(item)?.into_live_app(app_id)?;
                let app = app.filter(|app| app.tenant_id == change.tenant_id);
                Ok(app.map(|app| {
                    let client = app.default_client;
                    let seen = Seen::of(&client, app.management);
                    (client, seen)
                }))
            })
            .await;
        }
        let update = Update::of(self, &key_of(client))
            .set("status", &change.status)?
            .set("updated_at", &change.at)?
            .count("version");
        let condition = status_condition("status", "version", change, false);
        status(update, condition, change, |item| {
            let record: ClientRecord = decode(item)?;
            if record.tenant_id != change.tenant_id {
                return Ok(None);
            }
            let (client, _) = record.into_parts(client.client_id.clone())?;
            let seen = Seen::of(&client, false);
            Ok(Some((client, seen)))
        })
        .await
    }
}

async fn write(
    mut update: Update,
    condition: &str,
    old: Version,
    secrets: &SecretsChange,
    write_id: &str,
) -> Result<(), ChangeError> {
    match secrets {
        SecretsChange::Keep => {}
        SecretsChange::Clear => {
            update = update.set("secrets", &records(None))?.count("secrets_rev");
        }
        SecretsChange::First(secret) => {
            update = update
                .set("secrets", &records([secret]))?
                .count("secrets_rev");
        }
    }
    let update = update
        .set("last_write", &write_id)?
        .value("old", AttributeValue::N(old.to_string()));
    match update.send(condition, ReturnValue::None).await? {
        Ok(_) => Ok(()),
        Err(None) => Err(ChangeError::Missing),
        // An answer was lost on the way and the SDK tried again: the write is ours.
        Err(Some(item)) if string(&item, "last_write") == write_id => Ok(()),
        Err(Some(item)) if item.contains_key("deleted_at") => Err(ChangeError::Missing),
        Err(Some(_)) => Err(ChangeError::Stale),
    }
}

/// What decides why a status change was refused.
struct Seen {
    active: bool,
    version: Version,
    management: bool,
}

impl Seen {
    const fn of(client: &Client, management: bool) -> Self {
        Self {
            active: client.status.active,
            version: client.version,
            management,
        }
    }
}

fn status_condition(status: &str, version: &str, change: &StatusChange, in_app: bool) -> String {
    let mut condition = format!("tenant_id = :tenant AND #{status}.active <> :active");
    if in_app {
        condition.push_str(" AND attribute_not_exists(deleted_at)");
        if !change.status.active {
            condition.push_str(" AND attribute_not_exists(management)");
        }
    }
    if change.if_version.is_some() {
        condition = format!("{condition} AND #{version} = :if_version");
    }
    condition
}

async fn status<T>(
    update: Update,
    condition: String,
    change: &StatusChange,
    read: impl Fn(Item) -> Result<Option<(T, Seen)>, TableError>,
) -> Result<StatusOutcome<T>, ChangeError> {
    let mut update = update
        .set("last_write", &change.write_id)?
        .value("tenant", text(change.tenant_id.as_str()))
        .value("active", AttributeValue::Bool(change.status.active));
    if let Some(version) = change.if_version {
        update = update.value("if_version", AttributeValue::N(version.to_string()));
    }
    let (item, changed) = match update.send(&condition, ReturnValue::AllNew).await? {
        Ok(item) => (item, true),
        // An answer was lost on the way and the SDK tried again: the write is ours.
        Err(Some(item)) => {
            let ours = string(&item, "last_write") == change.write_id;
            (Some(item), ours)
        }
        Err(None) => (None, false),
    };
    let found = item.map(read).transpose()?.flatten();
    let (now, seen) = found.ok_or(ChangeError::Missing)?;
    if changed {
        return Ok(StatusOutcome::Changed(now));
    }
    if change
        .if_version
        .is_some_and(|version| version != seen.version)
    {
        return Err(ChangeError::Stale);
    }
    if seen.active == change.status.active {
        return Ok(StatusOutcome::Unchanged(now));
    }
    if seen.management {
        return Ok(StatusOutcome::Management);
    }
    // The item fits the condition as it is now: another write came between.
    Err(ChangeError::Stale)
}
