//! One signing key: made, opened, shown.

use data_encoding::BASE64URL_NOPAD;
use domain::{Entropy, Master, Timestamp, key_rotation::KeyLife};
use ring::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use table::StoredKey;

use crate::{ApiError, system::system_random};

/// A key in memory.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) point: Vec<u8>,
    pub(crate) pair: Option<EcdsaKeyPair>,
    signs_from: Timestamp,
}

impl Key {
    /// From its stored form; with the private half where the master secret is at hand and opens it.
    pub(crate) fn open(stored: StoredKey, master: Option<&Master>) -> Self {
        let pair = master.and_then(|master| {
            let half = private_half(&stored, master);
            if half.is_none() {
                tracing::error!(kid = stored.kid, "a signing key can't be opened");
            }
            half
        });
        Self {
            kid: stored.kid,
            point: stored.public_key,
            pair,
            signs_from: stored.signs_from,
        }
    }

    pub(crate) fn life(&self) -> KeyLife<'_> {
        KeyLife {
            signs_from: self.signs_from,
            kid: &self.kid,
        }
    }

    /// Its public half as a JWK (RFC 7517 §4, RFC 7518 §6.2.1).
    pub(crate) fn public(&self) -> Option<Value> {
        let (x, y) = coordinates(&self.point)?;
        Some(json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
            "kid": self.kid, "x": x, "y": y,
        }))
    }
}

fn private_half(stored: &StoredKey, master: &Master) -> Option<EcdsaKeyPair> {
    let wrapping = master.key_wrapping();
    let pkcs8 = wrapping.open(stored.kid.as_bytes(), &stored.sealed_private_key)?;
    let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_pkcs8(alg, &pkcs8, &system_random()).ok()
}

/// A new key, its private half sealed.
pub(crate) fn generate(
    master: &Master,
    now: Timestamp,
    signs_from: Timestamp,
    entropy: &dyn Entropy,
) -> Result<StoredKey, ApiError> {
    let failed = || ApiError::internal("making a signing key failed");
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
        signs_from,
    })
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
