//! The shapes of the stored items.
//!
//! What the key says already (ids) is not stored again: an app with its client fits one write unit.

use std::{collections::BTreeMap, fmt, sync::LazyLock};

use domain::{
    App, AppId, AppProfile, Client, ClientId, ClientSettings, CodeName, Day, EndedSecrets,
    RoleGrant, SecretDigest, SecretId, Status, StoredSecret, TenantId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    TableError, bytes,
    item::{Record, SCHEMA},
    keys,
    read::Projection,
};

/// What the listing index carries of an app item: everything but the secrets' digests.
pub(crate) const LISTED_ATTRIBUTES: [&str; 19] = [
    "kind",
    "schema",
    "tenant_id",
    "code_name",
    "version",
    "client_version",
    "profile",
    "client",
    "status",
    "client_status",
    "management",
    "operator_settings",
    "client_id",
    "unique_name",
    "me_role",
    "created_at",
    "created_by",
    "updated_at",
    "client_updated_at",
];

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
    code_name: CodeName,
    version: Version,
    client_version: Version,
    profile: AppProfile,
    client: ClientSettings,
    status: Status,
    client_status: Status,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    management: bool,
    /// What only an operator sets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    operator_settings: Option<OperatorSettings>,
    /// The default client's id, where it was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    unique_name: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    me_role: Option<RoleGrant>,
    created_at: Timestamp,
    created_by: String,
    updated_at: Timestamp,
    client_updated_at: Timestamp,
    /// A deleted app stays until its clients are swept; every read takes it for absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<Timestamp>,
    /// How many further clients it has; absent until they are counted.
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
        Self {
            tenant_id: app.tenant_id.clone(),
            listed_in: Some(app.tenant_id.clone()),
            code_name: app.code_name.clone(),
            version: app.version,
            client_version: app.default_client.version,
            profile: app.profile.clone(),
            client: app.default_client.settings.clone(),
            status: app.status.clone(),
            client_status: app.default_client.status.clone(),
            management: app.management,
            operator_settings: OperatorSettings::of(app),
            client_id: Some(app.default_client.client_id.clone())
                .filter(|id| *id != ClientId::default_of(&app.app_id)),
            unique_name: app.unique_name,
            me_role: app.me_role.clone(),
            created_at: app.created_at,
            created_by: app.created_by.clone(),
            updated_at: app.updated_at,
            client_updated_at: app.default_client.updated_at,
            deleted_at: None,
            clients: Some(0),
            secrets: records(secret),
            secrets_rev: 0,
            ended_secrets: EndedSecrets::default(),
        }
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
        let operator = self.operator_settings.unwrap_or_default();
        let app = App {
            app_id,
            tenant_id: self.tenant_id,
            code_name: self.code_name,
            profile: self.profile,
            status: self.status,
            management: self.management,
            login_preferences: operator.login_preferences,
            password_sharing_group_id: operator.password_sharing_group_id,
            unique_name: self.unique_name,
            me_role: self.me_role,
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            updated_at: self.updated_at,
            version: self.version,
            default_client: Client {
                client_id: self
                    .client_id
                    .unwrap_or_else(|| ClientId::default_of(&app_id)),
                app_id,
                settings: self.client,
                status: self.client_status,
                created_at: self.created_at,
                created_by: self.created_by,
                updated_at: self.client_updated_at,
                version: self.client_version,
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
    version: Version,
    client: ClientSettings,
    status: Status,
    created_at: Timestamp,
    created_by: String,
    updated_at: Timestamp,
    #[serde(default)]
    secrets: BTreeMap<SecretId, SecretRecord>,
    #[serde(default)]
    pub(crate) secrets_rev: u64,
    /// Secrets whose tokens ended with them.
    #[serde(default, skip_serializing_if = "EndedSecrets::is_empty")]
    pub(crate) ended_secrets: EndedSecrets,
}

impl Record for ClientRecord {
    const KIND: &'static str = "client";
}

impl ClientRecord {
    pub(crate) fn new(tenant: &TenantId, client: &Client, secret: Option<&StoredSecret>) -> Self {
        Self {
            app_id: client.app_id,
            tenant_id: tenant.clone(),
            version: client.version,
            client: client.settings.clone(),
            status: client.status.clone(),
            created_at: client.created_at,
            created_by: client.created_by.clone(),
            updated_at: client.updated_at,
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
        let client = Client {
            client_id,
            app_id: self.app_id,
            settings: self.client,
            status: self.status,
            created_at: self.created_at,
            created_by: self.created_by,
            updated_at: self.updated_at,
            version: self.version,
            default: false,
        };
        Ok((client, secrets))
    }
}

/// A client secret's digest and life, under its id in the `secrets` map of its client's item.
/// `Debug` leaves the digest out.
#[derive(Serialize, Deserialize)]
pub(crate) struct SecretRecord {
    #[serde(with = "bytes")]
    digest: Vec<u8>,
    pepper: u32,
    created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_used_on: Option<Day>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retired_at: Option<Timestamp>,
}

/// The `secrets` map of an item.
pub(crate) fn records<'a>(
    secrets: impl IntoIterator<Item = &'a StoredSecret>,
) -> BTreeMap<SecretId, SecretRecord> {
    let pairs = secrets.into_iter();
    pairs
        .map(|s| (s.id.clone(), SecretRecord::new(s)))
        .collect()
}

impl fmt::Debug for SecretRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretRecord")
            .field("pepper", &self.pepper)
            .field("created_at", &self.created_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

impl SecretRecord {
    pub(crate) fn new(secret: &StoredSecret) -> Self {
        Self {
            digest: secret.digest.to_bytes().to_vec(),
            pepper: secret.digest.pepper_version(),
            created_at: secret.created_at,
            expires_at: secret.expires_at,
            last_used_on: secret.last_used_on,
            retired_at: secret.retired_at,
        }
    }
}

fn stored_secrets(
    secrets: BTreeMap<SecretId, SecretRecord>,
    owner: &str,
) -> Result<Vec<StoredSecret>, TableError> {
    secrets
        .into_iter()
        .map(|(id, record)| {
            Ok(StoredSecret {
                digest: SecretDigest::from_bytes(record.pepper, &record.digest)
                    .map_err(|e| TableError::corrupt(owner, format!("secret {id}: {e}")))?,
                id,
                created_at: record.created_at,
                expires_at: record.expires_at,
                last_used_on: record.last_used_on,
                retired_at: record.retired_at,
            })
        })
        .collect()
}

const _: () = assert!(
    SCHEMA == 1,
    "a new schema version needs a migration on read"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_shows_a_digest() {
        let at = Timestamp::from_unix(1);
        let secret = SecretRecord {
            digest: vec![211; 32],
            pepper: 1,
            created_at: at,
            expires_at: None,
            last_used_on: None,
            retired_at: None,
        };
        for shown in [format!("{secret:?}"), format!("{secret:#?}")] {
            assert!(!shown.contains("211"), "{shown}");
        }
    }
}
