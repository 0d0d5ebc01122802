//! The deployment's signing keys: few, read at start and every few minutes.

use std::{fmt, sync::LazyLock};

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Table, TableError,
    expression::ABSENT,
    item::{Record, decode, encode, key_item, string, text},
    keys::{self, SK},
    read::Projection,
    record::KeyRecord,
    sdk::{DeleteItemInput, QueryInput, Request},
    transact::put_new,
};

/// A stored signing key. `Debug` leaves the private half out, sealed though it is.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id, in the header of every token it signs.
    pub kid: String,
    /// The uncompressed P-256 point (SEC 1 §2.3.3), 65 bytes.
    pub public_key: Vec<u8>,
    /// The PKCS #8 private key, sealed; empty when only public halves were read.
    pub sealed_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It signs from then on: verifiers have had time to learn it.
    pub signs_from: Timestamp,
}

impl fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredKey")
            .field("kid", &self.kid)
            .field("created_at", &self.created_at)
            .field("signs_from", &self.signs_from)
            .finish_non_exhaustive()
    }
}

/// The signing keys, as far as they can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    /// Those that can.
    pub keys: Vec<StoredKey>,
    /// The ids of those that can't: what they signed is neither good nor forged.
    pub unreadable: Vec<String>,
}

/// Which key was added last: what runs at the same time contend for.
#[derive(Debug, Serialize, Deserialize)]
struct LatestKey {
    kid: String,
}

impl Record for LatestKey {
    const KIND: &'static str = "latest_signing_key";
}

impl Table {
    /// The public halves of every signing key, one query.
    pub async fn signing_keys(&self) -> Result<SigningKeys, TableError> {
        static PUBLIC: LazyLock<Projection> =
            LazyLock::new(|| Projection::of("kind, schema, public_key, created_at, signs_from"));
        self.read_keys(&PUBLIC).await
    }

    /// Every signing key with its sealed private half, one query.
    pub async fn sealed_signing_keys(&self) -> Result<SigningKeys, TableError> {
        static SEALED: LazyLock<Projection> = LazyLock::new(|| {
            Projection::of("kind, schema, public_key, sealed_private_key, created_at, signs_from")
        });
        self.read_keys(&SEALED).await
    }

    async fn read_keys(&self, attributes: &Projection) -> Result<SigningKeys, TableError> {
        let answer = QueryInput::builder()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :keys")
            .expression_attribute_values(":keys", text(keys::SIGNING_KEYS))
            .projection_expression(&attributes.expression)
            .set_expression_attribute_names(Some(attributes.names.clone()))
            .send_to(&self.sdk)
            .await
            .map_err(|e| TableError::from_sdk("Query", &e))?;
        let mut found = SigningKeys {
            keys: Vec::new(),
            unreadable: Vec::new(),
        };
        for item in answer.items.unwrap_or_default() {
            let kid = string(&item, SK).trim_start_matches("KEY#").to_owned();
            match decode::<KeyRecord>(item) {
                Ok(record) => found.keys.push(StoredKey {
                    kid,
                    public_key: record.public_key,
                    sealed_private_key: record.sealed_private_key,
                    created_at: record.created_at,
                    signs_from: record.signs_from,
                }),
                // One bad key must not take what the others signed with it.
                Err(e) => {
                    tracing::error!(error = %e, "a signing key was left out");
                    found.unreadable.push(kid);
                }
            }
        }
        Ok(found)
    }

    /// The id of the key that was added last, if any ever was.
    pub async fn latest_signing_key(&self) -> Result<Option<String>, TableError> {
        match self.get(&keys::latest_signing_key(), None).await? {
            Some(item) => Ok(Some(decode::<LatestKey>(item)?.kid)),
            None => Ok(None),
        }
    }

    /// Adds a signing key, unless another was added since `latest` was read: `false` then. So of two
    /// runs at once one adds.
    pub async fn add_signing_key(
        &self,
        key: &StoredKey,
        latest: Option<&str>,
    ) -> Result<bool, TableError> {
        let record = KeyRecord {
            public_key: key.public_key.clone(),
            sealed_private_key: key.sealed_private_key.clone(),
            created_at: key.created_at,
            signs_from: key.signs_from,
        };
        let is_latest = LatestKey {
            kid: key.kid.clone(),
        };
        let mark = Put::builder()
            .table_name(&self.name)
            .set_item(Some(encode(&keys::latest_signing_key(), &is_latest)?));
        let mark = match latest {
            None => mark.condition_expression(ABSENT),
            Some(kid) => mark
                .condition_expression("kid = :latest")
                .expression_attribute_values(":latest", text(kid)),
        };
        let mark = mark.build().map_err(|e| TableError::internal("put", &e))?;
        let items = vec![
            put_new(&self.name, &keys::signing_key(&key.kid), &record)?,
            TransactWriteItem::builder().put(mark).build(),
        ];
        let jitter = key.kid.bytes().map(u64::from).sum();
        Ok(self.transact(items, jitter).await?.is_ok())
    }

    /// Removes a signing key; one that is gone already is removed.
    pub async fn remove_signing_key(&self, kid: &str) -> Result<(), TableError> {
        DeleteItemInput::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(&keys::signing_key(kid))))
            .send_to(&self.sdk)
            .await
            .map(drop)
            .map_err(|e| TableError::from_sdk("DeleteItem", &e))
    }
}
