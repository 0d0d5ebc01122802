//! Access pattern 7: the kill switch, one conditional write that says itself why it was refused.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use domain::{App, AppId, Client, Status, TenantId, Timestamp, Version};

use crate::{
    ChangeError, Principal, Table, TableError,
    clients::key_of,
    item::{Item, decode, string, text},
    keys,
    record::{AppRecord, ClientRecord},
    update::Update,
};

/// A status to set.
#[derive(Debug, Clone)]
pub struct StatusChange {
    /// The caller's tenant.
    pub tenant_id: TenantId,
    /// The new status, with who, when and why.
    pub status: Status,
    /// Now.
    pub at: Timestamp,
    /// Only in one of these versions.
    pub if_versions: Option<Vec<Version>>,
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

impl Table {
    /// Switches an app on or off, in one round trip.
    pub async fn set_app_status(
        &self,
        app_id: &AppId,
        change: &StatusChange,
    ) -> Result<StatusOutcome<App>, ChangeError> {
        let update = Update::of(keys::app(app_id))
            .set("app.status", &change.status)?
            .copy("app.status", "app.previous_status")
            .set("app.updated_at", &change.at)?
            .set("app.updated_by", &change.status.changed_by)?
            .count("app.version");
        let condition = status_condition("#app", change, true);
        let (update, version) = update.only_in(change.if_versions.as_deref(), "app.version");
        let condition = condition + &version;
        status(self, update, condition, change, |item| {
            let app = AppRecord::living(item, *app_id, &change.tenant_id)?;
            Ok(app.map(|app| {
                let seen = Seen {
                    active: app.status.active,
                    version: app.version,
                    management: app.management,
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
            let update = switched(client, change)?
                .set("app.updated_at", &change.at)?
                .set("app.updated_by", &change.status.changed_by)?
                .count("app.version");
            let condition = status_condition("#client", change, true);
            let (update, version) = update.only_in(change.if_versions.as_deref(), "client.version");
            let condition = condition + &version;
            return status(self, update, condition, change, |item| {
                let app = AppRecord::living(item, app_id, &change.tenant_id)?;
                Ok(app.map(|app| {
                    let client = app.default_client;
                    let seen = Seen::of(&client, app.management);
                    (client, seen)
                }))
            })
            .await;
        }
        let update = switched(client, change)?;
        let condition = status_condition("#client", change, false);
        let (update, version) = update.only_in(change.if_versions.as_deref(), "client.version");
        let condition = condition + &version;
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

/// The update of a client's own part.
fn switched(client: &Client, change: &StatusChange) -> Result<Update, TableError> {
    Ok(Update::of(key_of(client))
        .set("client.status", &change.status)?
        .copy("client.status", "client.previous_status")
        .set("client.updated_at", &change.at)?
        .set("client.updated_by", &change.status.changed_by)?
        .count("client.version"))
}

fn status_condition(map: &str, change: &StatusChange, in_app: bool) -> String {
    let mut condition = format!("tenant_id = :tenant AND {map}.#status.active <> :active");
    if in_app {
        condition.push_str(" AND attribute_not_exists(deleted_at)");
        if !change.status.active {
            condition.push_str(" AND attribute_not_exists(#app.management)");
        }
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
    let update = update
        .set("last_write", &change.write_id)?
        .value("tenant", text(change.tenant_id.as_str()))
        .value("active", AttributeValue::Bool(change.status.active));
    let (item, changed) = match update.send(table, &condition, ReturnValue::AllNew).await? {
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
    let asked = change.if_versions.as_ref();
    if asked.is_some_and(|versions| !versions.contains(&seen.version)) {
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
