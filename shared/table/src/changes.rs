//! Access pattern 7: changes to an app or client, each one conditional write.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::UpdateItemError,
    types::{
        self, AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    },
};
use domain::{App, AppId, Client, RoleGrant, Status, StoredSecret, TenantId, Timestamp, Version};
use serde::Serialize;

use crate::{
    ChangeError, Principal, Table, TableError,
    apps::{jitter_of, name_guard, put_new},
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    item::{Item, decode, key_item, string, text},
    keys::{self, Key},
    record::{AppRecord, ClientRecord, NameGuard, records},
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

/// One update of an item: what it sets, and the names and values it speaks of.
struct Update {
    key: Key,
    sets: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Update {
    fn of(key: Key) -> Self {
        Self {
            key,
            sets: Vec::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Names every attribute through a placeholder, because some are reserved words.
    fn named(mut self, name: &str) -> Self {
        self.names.insert(format!("#{name}"), name.to_owned());
        self
    }

    fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{placeholder}"), value);
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
        table: &Table,
        condition: &str,
        returned: ReturnValue,
    ) -> Result<Result<Option<Item>, Option<Item>>, TableError> {
        let sent = table
            .client
            .update_item()
            .table_name(&table.name)
            .set_key(Some(key_item(&self.key)))
            .update_expression(format!("SET {}", self.sets.join(", ")))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
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

    /// The same update as part of a transaction.
    fn in_transaction(
        self,
        table: &Table,
        condition: &str,
    ) -> Result<TransactWriteItem, TableError> {
        let update = types::Update::builder()
            .table_name(&table.name)
            .set_key(Some(key_item(&self.key)))
            .update_expression(format!("SET {}", self.sets.join(", ")))
            .condition_expression(condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|e| TableError::internal("update", &e))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Table {
    /// Writes `new` over `old`, an app with its default client. A unique name's guard moves with it, in
    /// one transaction.
    ///
    /// `write_id` is random: a retry that finds its own write done knows it by this.
    pub async fn update_app(
        &self,
        old: &App,
        new: &App,
        secrets: &SecretsChange,
        write_id: &str,
    ) -> Result<(), ChangeError> {
        let client = &new.default_client;
        let update = Update::of(keys::app(&new.app_id))
            .set("profile", &new.profile)?
            .set("client", &client.settings)?
            .set("version", &new.version)?
            .set("client_version", &client.version)?
            .set("updated_at", &new.updated_at)?
            .set("client_updated_at", &client.updated_at)?;
        let update = finished(update, old.version, secrets, write_id)?;
        let condition = "#version = :old AND attribute_not_exists(deleted_at)";
        let guard = |app: &App| name_guard(&app.tenant_id, &app.profile.app_name);
        if !new.unique_name || guard(old) == guard(new) {
            let sent = update.send(self, condition, ReturnValue::None).await?;
            return written(sent.map(drop), write_id);
        }
        let guarded = NameGuard { app_id: new.app_id };
        let freed = types::Delete::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(&guard(old))))
            .condition_expression("app_id = :app")
            .expression_attribute_values(":app", text(new.app_id.to_string()))
            .build()
            .map_err(|e| TableError::internal("delete", &e))?;
        let items = vec![
            update.in_transaction(self, condition)?,
            TransactWriteItem::builder().delete(freed).build(),
            put_new(&self.name, &guard(new), &guarded)?,
        ];
        match self.transact(items, jitter_of(&new.app_id)).await? {
            Ok(()) => Ok(()),
            Err(reasons) if reason(&reasons, 0) == CONDITION_FAILED => {
                let item = reasons.first().and_then(|reason| reason.item.clone());
                written(Err(item), write_id)
            }
            Err(reasons) if reason(&reasons, 2) == CONDITION_FAILED => Err(ChangeError::NameTaken),
            Err(_) => Err(ChangeError::Stale),
        }
    }

    /// Writes `new` over the version `old` of a further client.
    pub async fn update_client(
        &self,
        old: Version,
        new: &Client,
        secrets: &SecretsChange,
        write_id: &str,
    ) -> Result<(), ChangeError> {
        let update = Update::of(key_of(new))
            .set("client", &new.settings)?
            .set("version", &new.version)?
            .set("updated_at", &new.updated_at)?;
        let update = finished(update, old, secrets, write_id)?;
        let sent = update
            .send(self, "#version = :old", ReturnValue::None)
            .await?;
        written(sent.map(drop), write_id)
    }

    /// Gives an app's default client the Me role; `false` when it has it.
    pub async fn grant_me(
        &self,
        tenant: &TenantId,
        app_id: &AppId,
        grant: &RoleGrant,
    ) -> Result<bool, ChangeError> {
        let update = Update::of(keys::app(app_id))
            .set("me_role", grant)?
            .value("tenant", text(tenant.as_str()));
        let condition = "tenant_id = :tenant AND attribute_not_exists(deleted_at) \
                         AND attribute_not_exists(#me_role)";
        match update.send(self, condition, ReturnValue::None).await? {
            Ok(_) => Ok(true),
            Err(Some(item)) if is_live(&item, tenant) => Ok(false),
            Err(_) => Err(ChangeError::Missing),
        }
    }

    /// Takes the Me role from an app's default client.
    pub async fn revoke_me(&self, tenant: &TenantId, app_id: &AppId) -> Result<(), ChangeError> {
        let sent = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key_item(&keys::app(app_id))))
            .update_expression("REMOVE me_role")
            .condition_expression(
                "tenant_id = :tenant AND attribute_not_exists(deleted_at) AND attribute_exists(me_role)",
            )
            .expression_attribute_values(":tenant", text(tenant.as_str()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
            {
                Err(ChangeError::Missing)
            }
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e).into()),
        }
    }

    /// Switches an app on or off, in one round trip.
    pub async fn set_app_status(
        &self,
        app_id: &AppId,
        change: &StatusChange,
    ) -> Result<StatusOutcome<App>, ChangeError> {
        let update = Update::of(keys::app(app_id))
            .set("status", &change.status)?
            .set("updated_at", &change.at)?
            .count("version");
        let condition = status_condition("status", "version", change, true);
        let decoded = |item: Item| decode::<AppRecord>(item)?.into_live_app(*app_id);
        status(self, update, condition, change, |item| {
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
            let update = Update::of(key_of(client))
                .set("client_status", &change.status)?
                .set("updated_at", &change.at)?
                .set("client_updated_at", &change.at)?
                .count("version")
                .count("client_version");
            let condition = status_condition("client_status", "client_version", change, true);
            return status(self, update, condition, change, |item| {
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
        let update = Update::of(key_of(client))
            .set("status", &change.status)?
            .set("updated_at", &change.at)?
            .count("version");
        let condition = status_condition("status", "version", change, false);
        status(self, update, condition, change, |item| {
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

/// A change of settings, with what it does to secrets and whose write it is.
fn finished(
    mut update: Update,
    old: Version,
    secrets: &SecretsChange,
    write_id: &str,
) -> Result<Update, TableError> {
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
    Ok(update
        .set("last_write", &write_id)?
        .named("version")
        .value("old", AttributeValue::N(old.to_string())))
}

/// What a write has come to, by the item that refused it.
fn written(sent: Result<(), Option<Item>>, write_id: &str) -> Result<(), ChangeError> {
    match sent {
        Ok(()) => Ok(()),
        Err(None) => Err(ChangeError::Missing),
        // An answer was lost on the way and the SDK tried again: the write is ours.
        Err(Some(item)) if string(&item, "last_write") == write_id => Ok(()),
        Err(Some(item)) if item.contains_key("deleted_at") => Err(ChangeError::Missing),
        Err(Some(_)) => Err(ChangeError::Stale),
    }
}

fn is_live(item: &Item, tenant: &TenantId) -> bool {
    string(item, "tenant_id") == tenant.as_str() && !item.contains_key("deleted_at")
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
    table: &Table,
    update: Update,
    condition: String,
    change: &StatusChange,
    read: impl Fn(Item) -> Result<Option<(T, Seen)>, TableError>,
) -> Result<StatusOutcome<T>, ChangeError> {
    let mut update = update
        .value("tenant", text(change.tenant_id.as_str()))
        .value("active", AttributeValue::Bool(change.status.active));
    if let Some(version) = change.if_version {
        update = update.value("if_version", AttributeValue::N(version.to_string()));
    }
    let (item, changed) = match update.send(table, &condition, ReturnValue::AllNew).await? {
        Ok(item) => (item, true),
        Err(item) => (item, false),
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
