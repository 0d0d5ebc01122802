//! The signing keys in memory: read in INIT, again every five minutes or for an unknown `kid`.
//!
//! A key signs from its `signs_from` on, which lies after verifiers have had time to learn it; the
//! youngest such key signs. Private halves are opened with a key derived from the master secret.

use std::sync::{Arc, PoisonError, RwLock};

use data_encoding::BASE64URL_NOPAD;
use domain::{Entropy, Master, Timestamp};
use ring::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use table::{StoredKey, Table};

use crate::{
    ApiError,
    jws::{self, JwsError},
    system::system_random,
};

/// Keys older than this are read again.
pub const REFRESH: i64 = 300;
/// An unknown `kid` makes keys be read again at most this often, so that forged ones cost nothing.
const UNKNOWN_KID: i64 = 10;

/// The deployment's keys.
pub struct Keyring {
    table: Table,
    master: Option<Arc<Master>>,
    known: RwLock<Arc<KeySet>>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keyring(..)")
    }
}

#[derive(Default)]
struct KeySet {
    read_at: Option<Timestamp>,
    keys: Vec<Key>,
}

struct Key {
    kid: String,
    point: Vec<u8>,
    pair: Option<EcdsaKeyPair>,
    signs_from: Timestamp,
}

impl Keyring {
    /// The keys of `table`, none of them read yet.
    pub fn new(table: Table, master: Option<Arc<Master>>) -> Self {
        Self {
            table,
            master,
            known: RwLock::default(),
        }
    }

    /// Reads the keys anew.
    pub async fn refresh(&self, now: Timestamp) -> Result<(), ApiError> {
        let stored = match &self.master {
            Some(_) => self.table.sealed_signing_keys().await?,
            None => self.table.signing_keys().await?,
        };
        let keys = stored
            .into_iter()
            .map(|key| self.open(key))
            .collect::<Result<_, _>>()?;
        let set = Arc::new(KeySet {
            read_at: Some(now),
            keys,
        });
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(())
    }

    fn open(&self, stored: StoredKey) -> Result<Key, ApiError> {
        let pair = match &self.master {
            None => None,
            Some(master) => {
                let opened = master
                    .key_wrapping()
                    .open(stored.kid.as_bytes(), &stored.sealed_private_key)
                    .and_then(|pkcs8| {
                        EcdsaKeyPair::from_pkcs8(
                            &ECDSA_P256_SHA256_FIXED_SIGNING,
                            &pkcs8,
                            &system_random(),
                        )
                        .ok()
                    });
                Some(opened.ok_or_else(|| {
                    ApiError::internal(format!(
                        "the signing key {} can't be opened: is this the master secret that sealed it?",
                        stored.kid
                    ))
                })?)
            }
        };
        Ok(Key {
            kid: stored.kid,
            point: stored.public_key,
            pair,
            signs_from: stored.signs_from,
        })
    }

    fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The keys, read again when older than `age`. A failed re-read leaves the known ones in use.
    async fn at_most(&self, age: i64, now: Timestamp) -> Result<Arc<KeySet>, ApiError> {
        let set = self.current();
        match set.read_at {
            Some(at) if now < at.plus(age) => return Ok(set),
            Some(_) => {
                if let Err(e) = self.refresh(now).await {
                    tracing::warn!(error = e.detail(), "signing keys could not be read again");
                    return Ok(set);
                }
            }
            None => self.refresh(now).await?,
        }
        Ok(self.current())
    }

    /// A token of the media type `typ`, signed by the key in use.
    pub async fn sign(
        &self,
        typ: &str,
        claims: &impl Serialize,
        now: Timestamp,
    ) -> Result<String, ApiError> {
        let set = self.at_most(REFRESH, now).await?;
        let ready = set.keys.iter().filter(|key| key.signs_from <= now);
        let key = ready
            .max_by_key(|key| key.signs_from)
            .ok_or_else(|| ApiError::Unavailable("no signing key is ready".into()))?;
        let pair = key
            .pair
            .as_ref()
            .ok_or_else(|| ApiError::internal("this function was not given MASTER_SECRET_ARN"))?;
        jws::sign(pair, &key.kid, typ, claims).ok_or_else(|| ApiError::internal("signing failed"))
    }

    /// The claims of a token of the media type `typ` that one of our keys signed.
    pub async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        typ: &str,
        now: Timestamp,
    ) -> Result<Result<C, JwsError>, ApiError> {
        let unverified = match jws::parse(token, typ) {
            Ok(unverified) => unverified,
            Err(e) => return Ok(Err(e)),
        };
        let find = |set: &KeySet| {
            let key = set.keys.iter().find(|key| key.kid == unverified.kid);
            key.map(|key| unverified.verify(&key.point))
        };
        if let Some(claims) = find(self.at_most(REFRESH, now).await?.as_ref()) {
            return Ok(claims);
        }
        let claims = find(self.at_most(UNKNOWN_KID, now).await?.as_ref());
        Ok(claims.unwrap_or(Err(JwsError::UnknownKey)))
    }

    /// The public keys as a JWK set (RFC 7517 §5).
    pub async fn jwks(&self, now: Timestamp) -> Result<Value, ApiError> {
        let set = self.at_most(REFRESH, now).await?;
        let keys: Vec<_> = set
            .keys
            .iter()
            .filter_map(|key| {
                let (x, y) = coordinates(&key.point)?;
                Some(json!({
                    "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
                    "kid": key.kid, "x": x, "y": y,
                }))
            })
            .collect();
        Ok(json!({ "keys": keys }))
    }

    /// Makes the deployment's first key, unless it has one.
    pub async fn ensure(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<(), ApiError> {
        if self.table.signing_keys().await?.is_empty() {
            let key = self.generate(now, entropy)?;
            self.table.add_signing_key(&key).await?;
        }
        self.refresh(now).await
    }

    fn generate(&self, now: Timestamp, entropy: &dyn Entropy) -> Result<StoredKey, ApiError> {
        let failed = || ApiError::internal("making a signing key failed");
        let master = self.master.as_deref().ok_or_else(failed)?;
        let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let random = system_random();
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).map_err(|_| failed())?;
        let pair = EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).map_err(|_| failed())?;
        let public_key = pair.public_key().as_ref().to_vec();
        let kid = thumbprint(&public_key).ok_or_else(failed)?;
        let sealed = master
            .key_wrapping()
            .seal(kid.as_bytes(), pkcs8.as_ref(), entropy)
            .ok_or_else(failed)?;
        Ok(StoredKey {
            kid,
            public_key,
            sealed_private_key: sealed,
            created_at: now,
            signs_from: now,
        })
    }
}

/// The base64url coordinates of an uncompressed point `04 ‖ x ‖ y`.
fn coordinates(point: &[u8]) -> Option<(String, String)> {
    let (tag, xy) = point.split_first()?;
    let (x, y) = xy.split_at_checked(32)?;
    (*tag == 4 && y.len() == 32).then(|| (BASE64URL_NOPAD.encode(x), BASE64URL_NOPAD.encode(y)))
}

/// RFC 7638: the SHA-256 of the key's required members in lexical order.
fn thumbprint(point: &[u8]) -> Option<String> {
    let (x, y) = coordinates(point)?;
    let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
    Some(BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref()))
}
