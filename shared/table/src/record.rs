//! The shapes of the stored items.
//!
//! What the key says already (ids) is not stored again: an app with its client fits one write unit.

use std::{collections::BTreeMap, sync::LazyLock};

use domain::{
    App, AppId, AppProfile, Client, ClientId, ClientSettings, CodeName, EndedSecrets, RoleGrant,
    SecretId, Status, StoredSecret, TenantId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    TableError,
    item::{Item, Record, SCHEMA, decode},
    keys,
    read::Projection,
    secret_record::{SecretRecord, records, stored_secrets},
};

/// What the listing index carries of an app item: everything but the secrets' digests. An index carries what
/// it was made with, so all that lists may ever show lies in two maps, whose members may change.
pub(crate) const LISTED_ATTRIBUTES: [&str; 5] = ["kind", "schema", "tenant_id", "app", "client"];

/// What a read of an app or a client fetches: no digest of a secret.
pub(crate) static READABLE: LazyLock<Projection> = LazyLock::new(|| Projection::of(&readable()));

fn readable() -> String {
    format!("{}, deleted_at, app_id", LISTED_ATTRIBUTES.join(", "))
}

/// The same with the digests, for those who check secrets.
pub(crate) static WITH_SECRETS: LazyLock<Projection> = LazyLock::new(|| {
    Projection::of(&format!(
        "{}, secrets, secrets_rev, ended_secrets",
        readable()
    ))
});

/// What a read of a token's client fetches: no digest either, but which secrets' tokens have ended, and the
/// mark of a revoked token, which may lie under the same keys.
pub(crate) static READABLE_OR_REVOKED: LazyLock<Projection> =
    LazyLock::new(|| Projection::of(&format!("{}, ended_secrets, expires_at", readable())));

/// An app with its default client, and that client's secrets.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AppRecord {
    tenant_id: TenantId,
    /// Puts the item into the listing index; taken away by deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed_in: Option<TenantId>,
    app: AppMap,
    client: DefaultClientMap,
    /// A deleted app stays until its clients are swept; every read takes it for absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<Timestamp>,
    /// How many further clients it has; absent until they are counted. Not listed: it would cost the index
    /// a write with each client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    clients: Option<u32>,
    #[serde(default)]
    secrets: BTreeMap<SecretId, SecretRecord>,
    /// Moves with every secret issued or revoked.
    #[serde(default)]
    pub(crate) secrets_rev: u64,
    /// Secrets whose tokens ended with them.
    #[serde(default, skip_serializing_if = "EndedSecrets::is_empty")]
    pub(crate) ended_secrets: EndedSecrets,
}

/// The attribute `app` of an app's item.
#[derive(Debug, Serialize, Deserialize)]
struct AppMap {
    code_name: CodeName,
    version: Version,
    profile: AppProfile,
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_status: Option<Status>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    management: bool,
    /// What only an operator sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator_settings: Option<OperatorSettings>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unique_name: bool,
    created_at: Timestamp,
    created_by: String,
    updated_at: Timestamp,
    /// Absent until somebody changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

/// The attribute `client` of an app's item: its default client, made with the app by whoever made that.
#[derive(Debug, Serialize, Deserialize)]
struct DefaultClientMap {
    /// Where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    me_role: Option<RoleGrant>,
    version: Version,
    settings: ClientSettings,
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_status: Option<Status>,
    updated_at: Timestamp,
    /// Absent until somebody changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

/// Who changed something, unless it was who made it.
fn unlike(updated_by: &str, created_by: &str) -> Option<String> {
    (updated_by != created_by).then(|| updated_by.to_owned())
}

/// What an operator sets of an app, and its owner only reads.
#[derive(Debug, Default, Serialize, Deserialize)]
struct OperatorSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login_preferences: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_sharing_group_id: Option<String>,
}

impl OperatorSettings {
    fn of(app: &App) -> Option<Self> {
        let settings = Self {
            login_preferences: app.login_preferences.clone(),
            password_sharing_group_id: app.password_sharing_group_id.clone(),
        };
        let any = app.login_preferences.is_some() || app.password_sharing_group_id.is_some();
        any.then_some(settings)
    }
}

impl Record for AppRecord {
    const KIND: &'static str = "app";
}

impl AppRecord {
    pub(crate) fn new(app: &App, secret: Option<&StoredSecret>) -> Self {
        let client = &app.default_client;
        Self {
            tenant_id: app.tenant_id.clone(),
            listed_in: Some(app.tenant_id.clone()),
            app: AppMap {
                code_name: app.code_name.clone(),
                version: app.version,
                profile: app.profile.clone(),
                status: app.status.clone(),
                previous_status: app.previous_status.clone(),
                management: app.management,
                operator_settings: OperatorSettings::of(app),
                unique_name: app.unique_name,
                created_at: app.created_at,
                created_by: app.created_by.clone(),
                updated_at: app.updated_at,
                updated_by: unlike(&app.updated_by, &app.created_by),
            },
            client: DefaultClientMap {
                client_id: Some(client.client_id.clone())
                    .filter(|id| *id != ClientId::default_of(&app.app_id)),
                me_role: app.me_role.clone(),
                version: client.version,
                settings: client.settings.clone(),
                status: client.status.clone(),
                previous_status: client.previous_status.clone(),
                updated_at: client.updated_at,
                updated_by: unlike(&client.updated_by, &client.created_by),
            },
            deleted_at: None,
            clients: Some(0),
            secrets: records(secret),
            secrets_rev: 0,
            ended_secrets: EndedSecrets::default(),
        }
    }

    /// The app that an item holds, if it is alive and of this tenant; an error for an item that can't be read.
    pub(crate) fn living(
        item: Item,
        app_id: AppId,
        tenant: &TenantId,
    ) -> Result<Option<App>, TableError> {
        let app = decode::<Self>(item)?.into_live_app(app_id)?;
        Ok(app.filter(|app| app.tenant_id == *tenant))
    }

    /// The app, unless it is deleted.
    pub(crate) fn into_live_app(self, app_id: AppId) -> Result<Option<App>, TableError> {
        if self.deleted_at.is_some() {
            return Ok(None);
        }
        self.into_parts(app_id).map(|(app, _)| Some(app))
    }

    pub(crate) fn into_parts(self, app_id: AppId) -> Result<(App, Vec<StoredSecret>), TableError> {
        let secrets = stored_secrets(self.secrets, &keys::app(&app_id).to_string())?;
        let (map, client) = (self.app, self.client);
        let operator = map.operator_settings.unwrap_or_default();
        let app = App {
            app_id,
            tenant_id: self.tenant_id,
            code_name: map.code_name,
            profile: map.profile,
            status: map.status,
            previous_status: map.previous_status,
            management: map.management,
            login_preferences: operator.login_preferences,
            password_sharing_group_id: operator.password_sharing_group_id,
            unique_name: map.unique_name,
            me_role: client.me_role,
            created_at: map.created_at,
            created_by: map.created_by.clone(),
            updated_at: map.updated_at,
            updated_by: map.updated_by.unwrap_or_else(|| map.created_by.clone()),
            version: map.version,
            default_client: Client {
                client_id: client
                    .client_id
                    .unwrap_or_else(|| ClientId::default_of(&app_id)),
                app_id,
                settings: client.settings,
                status: client.status,
                previous_status: client.previous_status,
                created_at: map.created_at,
                updated_by: client.updated_by.unwrap_or_else(|| map.created_by.clone()),
                created_by: map.created_by,
                updated_at: client.updated_at,
                version: client.version,
                default: true,
            },
        };
        Ok((app, secrets))
    }
}

/// A further client of an app.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClientRecord {
    app_id: AppId,
    pub(crate) tenant_id: TenantId,
    client: ClientMap,
    #[serde(default)]
    secrets: BTreeMap<SecretId, SecretRecord>,
    #[serde(default)]
    pub(crate) secrets_rev: u64,
    /// Secrets whose tokens ended with them.
    #[serde(default, skip_serializing_if = "EndedSecrets::is_empty")]
    pub(crate) ended_secrets: EndedSecrets,
}

/// The attribute `client` of a further client's item.
#[derive(Debug, Serialize, Deserialize)]
struct ClientMap {
    version: Version,
    settings: ClientSettings,
    status: Status,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_status: Option<Status>,
    created_at: Timestamp,
    created_by: String,
    updated_at: Timestamp,
    /// Absent until somebody changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_by: Option<String>,
}

impl Record for ClientRecord {
    const KIND: &'static str = "client";
}

impl ClientRecord {
    pub(crate) fn new(tenant: &TenantId, client: &Client, secret: Option<&StoredSecret>) -> Self {
        Self {
            app_id: client.app_id,
            tenant_id: tenant.clone(),
            client: ClientMap {
                version: client.version,
                settings: client.settings.clone(),
                status: client.status.clone(),
                previous_status: client.previous_status.clone(),
                created_at: client.created_at,
                created_by: client.created_by.clone(),
                updated_at: client.updated_at,
                updated_by: unlike(&client.updated_by, &client.created_by),
            },
            secrets: records(secret),
            secrets_rev: 0,
            ended_secrets: EndedSecrets::default(),
        }
    }

    pub(crate) fn into_parts(
        self,
        client_id: ClientId,
    ) -> Result<(Client, Vec<StoredSecret>), TableError> {
        let secrets = stored_secrets(self.secrets, &format!("the client {client_id}"))?;
        let map = self.client;
        let client = Client {
            client_id,
            app_id: self.app_id,
            settings: map.settings,
            status: map.status,
            previous_status: map.previous_status,
            created_at: map.created_at,
            updated_by: map.updated_by.unwrap_or_else(|| map.created_by.clone()),
            created_by: map.created_by,
            updated_at: map.updated_at,
            version: map.version,
            default: false,
        };
        Ok((client, secrets))
    }
}

const _: () = assert!(
    SCHEMA == 1,
    "a new schema version needs a migration on read"
);
