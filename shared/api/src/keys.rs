//! One signing key: made, opened, shown.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    Entropy, Master, Timestamp,
    key_rotation::KeyLife,
    master::{OpenError, Purpose},
};
use ring::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use table::{StoredHalf, StoredKey};

use crate::{ApiError, system::system_random, trust};

/// A public half in memory.
pub(crate) struct Key {
    pub(crate) kid: String,
    pub(crate) point: Vec<u8>,
    signs_from: Timestamp,
}

impl From<StoredKey> for Key {
    fn from(stored: StoredKey) -> Self {
        Self {
            kid: stored.kid,
            point: stored.public_key,
            signs_from: stored.signs_from,
        }
    }
}

impl Key {
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

/// The private half that `master` opens.
pub(crate) fn open(master: &Master, half: &StoredHalf) -> Option<EcdsaKeyPair> {
    let context = half.kid.as_bytes();
    let pkcs8 = master.open(Purpose::PrivateHalf, context, &half.sealed_private_key);
    let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
    EcdsaKeyPair::from_pkcs8(alg, &pkcs8.ok()?, &system_random()).ok()
}

/// A private half sealed by the newest version instead of another.
pub(crate) fn reseal(
    master: &Master,
    half: &StoredHalf,
    entropy: &dyn Entropy,
) -> Result<Vec<u8>, OpenError> {
    let (purpose, context) = (Purpose::PrivateHalf, half.kid.as_bytes());
    let pkcs8 = master.open(purpose, context, &half.sealed_private_key)?;
    let sealed = master.seal(purpose, context, &pkcs8, entropy);
    sealed.ok_or(OpenError::Forged)
}

/// A new key: its public half signed, its private half sealed.
pub(crate) fn generate(
    master: &Master,
    now: Timestamp,
    signs_from: Timestamp,
    entropy: &dyn Entropy,
) -> Result<(StoredKey, StoredHalf), ApiError> {
    let failed = || ApiError::internal("making a signing key failed");
    let alg = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let random = system_random();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).map_err(|_| failed())?;
    let pair = EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).map_err(|_| failed())?;
    let public_key = pair.public_key().as_ref().to_vec();
    let kid = thumbprint(&public_key).ok_or_else(failed)?;
    let sealed = master.seal(
        Purpose::PrivateHalf,
        kid.as_bytes(),
        pkcs8.as_ref(),
        entropy,
    );
    let private = StoredHalf {
        kid: kid.clone(),
        sealed_private_key: sealed.ok_or_else(failed)?,
    };
    let mut key = StoredKey {
        kid,
        public_key,
        created_at: now,
        signs_from,
        signatures: Vec::new(),
    };
    key.signatures = trust::signatures(master, &key.half());
    Ok((key, private))
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
