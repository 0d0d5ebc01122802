//! The shape of a stored secret, in the map `secrets` of its client's item.

use std::{collections::BTreeMap, fmt};

use domain::{Day, SecretDigest, SecretId, StoredSecret, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{TableError, bytes};

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

/// The secrets that such a map holds.
pub(crate) fn stored_secrets(
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
