//! The deployment's signing keys: few, read at start and every few minutes.

use std::{fmt, sync::LazyLock};

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::put_item::PutItemError,
    primitives::Blob,
    types::{AttributeValue, Put, TransactWriteItem},
};
use domain::{PublicHalf, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Table, TableError, bytes,
    expression::ABSENT,
    item::{Item, Record, decode, encode, key_item, key_of, string, text},
    keys::{self, Key, SK},
    read::Projection,
    sdk::{DeleteItemInput, PutItemInput, QueryInput, Request, UpdateItemInput},
    transact::put_new,
};

/// The public half of a stored signing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its id, in the header of every token it signs.
    pub kid: String,
    /// The uncompressed P-256 point (SEC 1 §2.3.3), 65 bytes.
    pub public_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// It signs from then on: verifiers have had time to learn it.
    pub signs_from: Timestamp,
    /// What says that it is the deployment's own, one by each version of the master secret.
    pub signatures: Vec<RootSignature>,
}

impl StoredKey {
    /// What its signatures are about.
    pub fn half(&self) -> PublicHalf<'_> {
        PublicHalf {
            kid: &self.kid,
            point: &self.public_key,
            signs_from: self.signs_from,
        }
    }
}

/// The signature of a public half by the root of one version of the master secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootSignature {
    /// The version.
    pub version: u32,
    /// Ed25519 (RFC 8032), 64 bytes.
    #[serde(with = "bytes")]
    pub signature: Vec<u8>,
}

/// The private half of a stored signing key, sealed. `Debug` leaves it out all the same.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHalf {
    /// The key's id.
    pub kid: String,
    /// The PKCS #8 private key, sealed.
    pub sealed_private_key: Vec<u8>,
}

impl fmt::Debug for StoredHalf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredHalf")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// The public halves, as far as they can be read, and the key of cursors.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeys {
    /// Those that can.
    pub keys: Vec<StoredKey>,
    /// The ids of those that can't: what they signed is neither good nor forged. The key of cursors is among
    /// them as [`keys::CURSOR_KEY`].
    pub unreadable: Vec<String>,
    /// What authenticates list cursors.
    pub cursor_key: Option<Vec<u8>>,
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKeys")
            .field("keys", &self.keys)
            .field("unreadable", &self.unreadable)
            .finish_non_exhaustive()
    }
}

/// The public half of a signing key.
#[derive(Debug, Serialize, Deserialize)]
struct KeyRecord {
    #[serde(with = "bytes")]
    public_key: Vec<u8>,
    created_at: Timestamp,
    signs_from: Timestamp,
    /// Absent in an item that whoever writes to the table made up.
    #[serde(default)]
    signatures: Vec<RootSignature>,
}

impl Record for KeyRecord {
    const KIND: &'static str = "signing_key";
}

/// The private half of a signing key, sealed. `Debug` leaves it out.
#[derive(Serialize, Deserialize)]
struct HalfRecord {
    #[serde(with = "bytes")]
    sealed_private_key: Vec<u8>,
}

impl fmt::Debug for HalfRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HalfRecord(..)")
    }
}

impl Record for HalfRecord {
    const KIND: &'static str = "signing_key_half";
}

/// What authenticates list cursors. `Debug` leaves it out.
#[derive(Serialize, Deserialize)]
struct CursorKeyRecord {
    #[serde(with = "bytes")]
    cursor_key: Vec<u8>,
}

impl fmt::Debug for CursorKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CursorKeyRecord(..)")
    }
}

impl Record for CursorKeyRecord {
    const KIND: &'static str = "cursor_key";
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
    /// The public halves of every signing key, and the key of cursors: one query.
    pub async fn signing_keys(&self) -> Result<SigningKeys, TableError> {
        static PUBLIC: LazyLock<Projection> = LazyLock::new(|| {
            Projection::of(
                "kind, schema, public_key, created_at, signs_from, signatures, cursor_key",
            )
        });
        let mut found = SigningKeys {
            keys: Vec::new(),
            unreadable: Vec::new(),
            cursor_key: None,
        };
        for item in self.keys_in(keys::SIGNING_KEYS, &PUBLIC).await? {
            if key_of(&item) == keys::cursor_key() {
                match decode::<CursorKeyRecord>(item) {
                    Ok(record) => found.cursor_key = Some(record.cursor_key),
                    Err(e) => {
                        tracing::error!(error = %e, "the key of cursors can't be read");
                        found.unreadable.push(keys::CURSOR_KEY.into());
                    }
                }
                continue;
            }
            let kid = kid_of(&item);
            match decode::<KeyRecord>(item) {
                Ok(record) => found.keys.push(StoredKey {
                    kid,
                    public_key: record.public_key,
                    created_at: record.created_at,
                    signs_from: record.signs_from,
                    signatures: record.signatures,
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

    /// The sealed private half of every signing key, one query; for those who sign. One that can't be read is
    /// left out and logged.
    pub async fn signing_key_halves(&self) -> Result<Vec<StoredHalf>, TableError> {
        static SEALED: LazyLock<Projection> =
            LazyLock::new(|| Projection::of("kind, schema, sealed_private_key"));
        let mut found = Vec::new();
        for item in self.keys_in(keys::SIGNING_KEY_HALVES, &SEALED).await? {
            let kid = kid_of(&item);
            match decode::<HalfRecord>(item) {
                Ok(record) => found.push(StoredHalf {
                    kid,
                    sealed_private_key: record.sealed_private_key,
                }),
                Err(e) => {
                    tracing::error!(error = %e, "the private half of a signing key was left out");
                }
            }
        }
        Ok(found)
    }

    async fn keys_in(
        &self,
        partition: &str,
        attributes: &Projection,
    ) -> Result<Vec<Item>, TableError> {
        let answer = QueryInput::builder()
            .table_name(&self.name)
            .consistent_read(true)
            .key_condition_expression("pk = :keys")
            .expression_attribute_values(":keys", text(partition))
            .projection_expression(&attributes.expression)
            .set_expression_attribute_names(Some(attributes.names.clone()))
            .send_to(&self.sdk)
            .await
            .map_err(|e| TableError::from_sdk("Query", &e))?;
        Ok(answer.items.unwrap_or_default())
    }

    /// The id of the key that was added last, if any ever was.
    pub async fn latest_signing_key(&self) -> Result<Option<String>, TableError> {
        match self.get(&keys::latest_signing_key(), None).await? {
            Some(item) => Ok(Some(decode::<LatestKey>(item)?.kid)),
            None => Ok(None),
        }
    }

    /// Adds a signing key with its private half, unless another was added since `latest` was read: `false`
    /// then. So of two runs at once one adds.
    pub async fn add_signing_key(
        &self,
        key: &StoredKey,
        half: &StoredHalf,
        latest: Option<&str>,
    ) -> Result<bool, TableError> {
        let record = KeyRecord {
            public_key: key.public_key.clone(),
            created_at: key.created_at,
            signs_from: key.signs_from,
            signatures: key.signatures.clone(),
        };
        let private = HalfRecord {
            sealed_private_key: half.sealed_private_key.clone(),
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
            put_new(&self.name, &keys::signing_key_half(&key.kid), &private)?,
            TransactWriteItem::builder().put(mark).build(),
        ];
        let jitter = key.kid.bytes().map(u64::from).sum();
        Ok(self.transact(items, jitter).await?.is_ok())
    }

    /// Removes a signing key, its private half first: what remains of a run that breaks off signs nothing, and
    /// the next run finds it. One that is gone already is removed.
    pub async fn remove_signing_key(&self, kid: &str) -> Result<(), TableError> {
        self.remove_signing_key_half(kid).await?;
        self.remove(&keys::signing_key(kid)).await
    }

    /// Removes the private half of a signing key alone.
    pub async fn remove_signing_key_half(&self, kid: &str) -> Result<(), TableError> {
        self.remove(&keys::signing_key_half(kid)).await
    }

    async fn remove(&self, key: &Key) -> Result<(), TableError> {
        DeleteItemInput::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .send_to(&self.sdk)
            .await
            .map(drop)
            .map_err(|e| TableError::from_sdk("DeleteItem", &e))
    }

    /// Puts other signatures to a public half; nothing happens to a key that is gone.
    pub async fn sign_public_half(
        &self,
        kid: &str,
        signatures: &[RootSignature],
    ) -> Result<(), TableError> {
        let signatures = serde_dynamo::to_attribute_value(signatures)
            .map_err(|e| TableError::internal("encoding signatures", &e))?;
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(&keys::signing_key(kid))))
            .update_expression("SET signatures = :new")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":new", signatures);
        self.update_if(update).await.map(drop)
    }

    /// Replaces a sealed private half, unless somebody did since it was read.
    pub async fn reseal(&self, old: &StoredHalf, sealed: Vec<u8>) -> Result<(), TableError> {
        let bytes = |bytes: &[u8]| AttributeValue::B(Blob::new(bytes));
        let update = UpdateItemInput::builder()
            .set_key(Some(key_item(&keys::signing_key_half(&old.kid))))
            .update_expression("SET sealed_private_key = :new")
            .condition_expression("sealed_private_key = :old")
            .expression_attribute_values(":old", bytes(&old.sealed_private_key))
            .expression_attribute_values(":new", bytes(&sealed));
        self.update_if(update).await.map(drop)
    }

    /// Adds the key of cursors, unless there is one.
    pub async fn add_cursor_key(&self, key: &[u8]) -> Result<(), TableError> {
        let record = CursorKeyRecord {
            cursor_key: key.to_vec(),
        };
        let put = PutItemInput::builder()
            .table_name(&self.name)
            .set_item(Some(encode(&keys::cursor_key(), &record)?))
            .condition_expression(ABSENT)
            .send_to(&self.sdk)
            .await;
        match put {
            Ok(_) => Ok(()),
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), PutItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(())
            }
            Err(e) => Err(TableError::from_sdk("PutItem", &e)),
        }
    }
}

fn kid_of(item: &Item) -> String {
    let sk = string(item, SK);
    sk.strip_prefix(keys::KEY).unwrap_or(sk).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_record_shows_a_sealed_key_or_the_key_of_cursors() {
        let half = HalfRecord {
            sealed_private_key: vec![211; 90],
        };
        let cursor = CursorKeyRecord {
            cursor_key: vec![211; 32],
        };
        for shown in [
            format!("{half:?} {cursor:?}"),
            format!("{half:#?} {cursor:#?}"),
        ] {
            assert!(!shown.contains("211"), "{shown}");
        }
    }
}
