//! Access pattern 7: changes to an app or client, each one conditional write.

use aws_sdk_dynamodb::types::{self, AttributeValue, ReturnValue, TransactWriteItem};
use domain::{App, AppId, Client, RoleGrant, StoredSecret, TenantId, Version};

use crate::{
    ChangeError, Table, TableError,
    apps::{guards, put_guard},
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    item::{Item, key_item, string, text},
    keys::{self, Key},
    record::AppRecord,
    secret_record::records,
    transact::jitter_of,
    update::Update,
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

impl Table {
    /// Writes `new` over `old`, an app with its default client. The guards of a unique name and of an
    /// audience move with it, in one transaction.
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
            .set("app.profile", &new.profile)?
            .set("app.version", &new.version)?
            .set("app.updated_at", &new.updated_at)?
            .set("app.updated_by", &new.updated_by)?
            .set("client.settings", &client.settings)?
            .set("client.version", &client.version)?
            .set("client.updated_at", &client.updated_at)?
            .set("client.updated_by", &client.updated_by)?;
        let update = finished(update, old.version, secrets, write_id)?;
        let condition = "#app.#version = :old AND attribute_not_exists(deleted_at)";
        let moves = moved_guards(&self.name, old, new)?;
        if moves.is_empty() {
            let sent = update.send(self, condition, ReturnValue::None).await?;
            return written(sent.map(drop), write_id);
        }
        let mut items = vec![update.in_transaction(self, condition)?];
        let mut parts = Vec::new();
        for (part, item) in moves {
            parts.push(part);
            items.push(item);
        }
        let reasons = match self.transact(items, jitter_of(&new.app_id)).await? {
            Ok(()) => return Ok(()),
            Err(reasons) => reasons,
        };
        if reason(&reasons, 0) == CONDITION_FAILED {
            let item = reasons.first().and_then(|reason| reason.item.clone());
            return written(Err(item), write_id);
        }
        let mut refused = (1..).zip(parts);
        let refused = refused.find(|(at, _)| reason(&reasons, *at) == CONDITION_FAILED);
        match refused.map(|(_, part)| part) {
            Some(Moved::To(taken)) => Err(taken),
            // The app is as it was read, so nobody has moved its guard.
            Some(Moved::From(key)) => {
                let why = "it is not the guard of its app";
                Err(TableError::corrupt(key.to_string(), why).into())
            }
            None => Err(ChangeError::Stale),
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
            .set("client.settings", &new.settings)?
            .set("client.version", &new.version)?
            .set("client.updated_at", &new.updated_at)?
            .set("client.updated_by", &new.updated_by)?;
        let update = finished(update, old, secrets, write_id)?;
        let sent = update
            .send(self, "#client.#version = :old", ReturnValue::None)
            .await?;
        written(sent.map(drop), write_id)
    }

    /// Gives an app's default client the Me role, where any are named only in one of these versions of the
    /// app; `false` when it has it.
    ///
    /// `write_id` is random: a retry that finds its own write done knows it by this.
    pub async fn grant_me(
        &self,
        tenant: &TenantId,
        app_id: &AppId,
        if_versions: Option<&[Version]>,
        grant: &RoleGrant,
        write_id: &str,
    ) -> Result<bool, ChangeError> {
        let update = Update::of(keys::app(app_id))
            .set("client.me_role", grant)?
            .set("last_write", &write_id)?
            .value("tenant", text(tenant.as_str()));
        let (update, version) = update.only_in(if_versions, "app.version");
        let condition = "tenant_id = :tenant AND attribute_not_exists(deleted_at) \
                         AND attribute_not_exists(#client.#me_role)";
        let condition = condition.to_owned() + &version;
        match update.send(self, &condition, ReturnValue::None).await? {
            Ok(_) => Ok(true),
            Err(Some(item)) if string(&item, "last_write") == write_id => Ok(true),
            Err(item) => match living(item, app_id, tenant)? {
                Some(app) if app.me_role.is_some() => Ok(false),
                Some(_) => Err(ChangeError::Stale),
                None => Err(ChangeError::Missing),
            },
        }
    }

    /// Takes the Me role from an app's default client; `if_versions` and `write_id` as for
    /// [`Self::grant_me`].
    pub async fn revoke_me(
        &self,
        tenant: &TenantId,
        app_id: &AppId,
        if_versions: Option<&[Version]>,
        write_id: &str,
    ) -> Result<(), ChangeError> {
        let update = Update::of(keys::app(app_id))
            .set("last_write", &write_id)?
            .remove("client.me_role")
            .value("tenant", text(tenant.as_str()));
        let (update, version) = update.only_in(if_versions, "app.version");
        let condition = "tenant_id = :tenant AND attribute_not_exists(deleted_at) \
                         AND attribute_exists(#client.#me_role)";
        let condition = condition.to_owned() + &version;
        match update.send(self, &condition, ReturnValue::None).await? {
            Ok(_) => Ok(()),
            Err(Some(item)) if string(&item, "last_write") == write_id => Ok(()),
            Err(item) => match living(item, app_id, tenant)? {
                Some(app) if app.me_role.is_some() => Err(ChangeError::Stale),
                _ => Err(ChangeError::Missing),
            },
        }
    }
}

/// A guard that a change of its app takes away or puts.
enum Moved {
    /// From where.
    From(Key),
    /// Why it can't be put, when it can't.
    To(ChangeError),
}

/// What frees the guards that `old` had and `new` has not, and puts those that it comes to have.
fn moved_guards(
    table: &str,
    old: &App,
    new: &App,
) -> Result<Vec<(Moved, TransactWriteItem)>, TableError> {
    let mut moves = Vec::new();
    let app_id = new.app_id;
    let pairs = guards(old).into_iter().zip(guards(new));
    for ((unique, from), (_, to)) in pairs.filter(|((_, from), (_, to))| from != to) {
        if let Some(key) = from {
            let freed = free(table, &key, &app_id)?;
            moves.push((Moved::From(key), freed));
        }
        if let Some(key) = to {
            let put = put_guard(table, unique, &key, app_id)?;
            moves.push((Moved::To(ChangeError::Taken(unique)), put));
        }
    }
    Ok(moves)
}

/// Frees what the guard of an app has kept for it.
fn free(table: &str, guard: &Key, app_id: &AppId) -> Result<TransactWriteItem, TableError> {
    let freed = types::Delete::builder()
        .table_name(table)
        .set_key(Some(key_item(guard)))
        .condition_expression("app_id = :app")
        .expression_attribute_values(":app", text(app_id.to_string()))
        .build()
        .map_err(|e| TableError::internal("delete", &e))?;
    Ok(TransactWriteItem::builder().delete(freed).build())
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

/// The app whose item refused a change, if it is alive and of the tenant.
fn living(
    item: Option<Item>,
    app_id: &AppId,
    tenant: &TenantId,
) -> Result<Option<App>, TableError> {
    let app = item.map(|item| AppRecord::living(item, *app_id, tenant));
    Ok(app.transpose()?.flatten())
}
