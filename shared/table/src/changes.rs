//! Access pattern 7: changes to an app or client, each one conditional write.

use aws_sdk_dynamodb::types::{self, AttributeValue, ReturnValue, TransactWriteItem};
use domain::{App, AppId, Client, RoleGrant, StoredSecret, TenantId, Version};

use crate::{
    ChangeError, Table, TableError,
    apps::name_guard,
    clients::key_of,
    error::{CONDITION_FAILED, reason},
    guard::NameGuard,
    item::{Item, decode, key_item, string, text},
    keys,
    record::{AppRecord, records},
    transact::{jitter_of, put_new},
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
            // The app is as it was read, so nobody has moved its guard.
            Err(reasons) if reason(&reasons, 1) == CONDITION_FAILED => {
                let key = guard(old).to_string();
                Err(TableError::corrupt(key, "it is not the guard of its app").into())
            }
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
            .set("me_role", grant)?
            .set("last_write", &write_id)?
            .value("tenant", text(tenant.as_str()));
        let (update, version) = update.only_in(if_versions, "version");
        let condition = "tenant_id = :tenant AND attribute_not_exists(deleted_at) \
                         AND attribute_not_exists(#me_role)";
        let condition = condition.to_owned() + &version;
        match update.send(self, &condition, ReturnValue::None).await? {
            Ok(_) => Ok(true),
            Err(Some(item)) if string(&item, "last_write") == write_id => Ok(true),
            Err(Some(item)) if !is_live(&item, app_id, tenant)? => Err(ChangeError::Missing),
            Err(Some(item)) if item.contains_key("me_role") => Ok(false),
            Err(Some(_)) => Err(ChangeError::Stale),
            Err(None) => Err(ChangeError::Missing),
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
            .remove("me_role")
            .value("tenant", text(tenant.as_str()));
        let (update, version) = update.only_in(if_versions, "version");
        let condition = "tenant_id = :tenant AND attribute_not_exists(deleted_at) \
                         AND attribute_exists(#me_role)";
        let condition = condition.to_owned() + &version;
        match update.send(self, &condition, ReturnValue::None).await? {
            Ok(_) => Ok(()),
            Err(Some(item)) if string(&item, "last_write") == write_id => Ok(()),
            Err(Some(item)) if is_live(&item, app_id, tenant)? && item.contains_key("me_role") => {
                Err(ChangeError::Stale)
            }
            Err(_) => Err(ChangeError::Missing),
        }
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

/// Whether the item that refused a change is a living app of the tenant; an error for one that can't be read.
fn is_live(item: &Item, app_id: &AppId, tenant: &TenantId) -> Result<bool, TableError> {
    let app = decode::<AppRecord>(item.clone())?.into_live_app(*app_id)?;
    Ok(app.is_some_and(|app| app.tenant_id == *tenant))
}
