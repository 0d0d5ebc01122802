//! The shapes of the stored items.
//!
//! What the key says already (ids) is not stored again: an app with its client fits one write unit.

use std::{collections::BTreeMap, fmt};

use domain::{
    App, AppId, AppProfile, Client, ClientId, ClientSettings, CodeName, SecretDigest, SecretId,
    Status, StoredSecret, TenantId, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    TableError,
    item::{Record, SCHEMA},
    keys,
};

/// What the listing index carries of an app item: everything but the secrets' digests.
pub(crate) const LISTED_ATTRIBUTES: [&str; 16] = [
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
    "login_preferences",
    "password_sharing_group_id",
    "created_at",
    "created_by",
    "updated_at",
];

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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    login_preferences: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password_sharing_group_id: Option<String>,
    created_at: Timestamp,
    created_by: String,
    updated_at: Timestamp,
    #[serde(default)]
    secrets: BTreeMap<SecretId, SecretRecord>,
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
            login_preferences: app.login_preferences.clone(),
            password_sharing_group_id: app.password_sharing_group_id.clone(),
            created_at: app.created_at,
            created_by: app.created_by.clone(),
            updated_at: app.updated_at,
            secrets: secret
                .map(|s| (s.id.clone(), SecretRecord::new(s)))
                .into_iter()
                .collect(),
        }
    }

    pub(crate) fn into_parts(self, app_id: AppId) -> Result<(App, Vec<StoredSecret>), TableError> {
        let secrets = stored_secrets(self.secrets, &keys::app(&app_id).to_string())?;
        let app = App {
            app_id,
            tenant_id: self.tenant_id,
            code_name: self.code_name,
            profile: self.profile,
            status: self.status,
            management: self.management,
            login_preferences: self.login_preferences,
            password_sharing_group_id: self.password_sharing_group_id,
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            updated_at: self.updated_at,
            version: self.version,
            default_client: Client {
                client_id: ClientId::default_of(&app_id),
                app_id,
                settings: self.client,
                status: self.client_status,
                created_at: self.created_at,
                created_by: self.created_by,
                updated_at: self.updated_at,
                version: self.client_version,
            },
        };
        Ok((app, secrets))
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
            })
        })
        .collect()
}

/// A code name in use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CodeNameGuard {
    pub(crate) app_id: AppId,
}

impl Record for CodeNameGuard {
    const KIND: &'static str = "code_name";
}

/// A tenant and its management application.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TenantRecord {
    pub(crate) tenant_id: TenantId,
    pub(crate) management_app_id: AppId,
    pub(crate) created_at: Timestamp,
}

impl Record for TenantRecord {
    const KIND: &'static str = "tenant";
}

/// A signing key: its public half, and its private one sealed, which `Debug` leaves out.
#[derive(Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    #[serde(with = "bytes")]
    pub(crate) public_key: Vec<u8>,
    /// Absent where the reader asked for public halves only.
    #[serde(default, with = "bytes", skip_serializing_if = "Vec::is_empty")]
    pub(crate) sealed_private_key: Vec<u8>,
    pub(crate) created_at: Timestamp,
    pub(crate) signs_from: Timestamp,
}

impl fmt::Debug for KeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyRecord")
            .field("created_at", &self.created_at)
            .field("signs_from", &self.signs_from)
            .finish_non_exhaustive()
    }
}

impl Record for KeyRecord {
    const KIND: &'static str = "signing_key";
}

/// Bytes as a binary attribute, which serde takes for a list of numbers otherwise.
mod bytes {
    use serde::{Deserializer, Serializer, de};
    use std::fmt;

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a binary attribute")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        from.deserialize_byte_buf(Bytes)
    }
}

const _: () = assert!(
    SCHEMA == 1,
    "a new schema version needs a migration on read"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_shows_a_digest_or_a_sealed_key() {
        let at = Timestamp::from_unix(1);
        let secret = SecretRecord {
            digest: vec![211; 32],
            pepper: 1,
            created_at: at,
            expires_at: None,
        };
        let key = KeyRecord {
            public_key: Vec::new(),
            sealed_private_key: vec![211; 90],
            created_at: at,
            signs_from: at,
        };
        for shown in [
            format!("{secret:?} {key:?}"),
            format!("{secret:#?} {key:#?}"),
        ] {
            assert!(!shown.contains("211"), "{shown}");
        }
    }
}
