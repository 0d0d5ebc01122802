//! Signatures of clients, by the keys that they registered (RFC 7517, RFC 7518 §3).
//!
//! Each key is registered for one algorithm, and the header's `alg` must be that one (RFC 8725 §3.1).

use data_encoding::BASE64URL_NOPAD;
use domain::Jwks;
pub use domain::jwks::Algorithm;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// Whether the key that an assertion names made `signature`: the one of this `kid`, or the only one. No
/// key but that is tried.
pub fn verify(
    keys: &Jwks,
    algorithm: Algorithm,
    kid: Option<&str>,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let mut keys = keys.keys();
    if let Some(kid) = kid {
        keys.retain(|key| text(key, "kid") == Some(kid));
    }
    match keys.as_slice() {
        [key] if Algorithm::of_key(key) == Some(algorithm) => {
            fits(key, algorithm, signed, signature).unwrap_or(false)
        }
        _ => false,
    }
}

fn fits(
    key: &Map<String, Value>,
    algorithm: Algorithm,
    signed: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let bytes = |member| BASE64URL_NOPAD.decode(text(key, member)?.as_bytes()).ok();
    let rsa = |parameters| {
        // `ring` wants no leading zeros, which some encoders write.
        let number = |bytes: Vec<u8>| -> Vec<u8> {
            let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
            bytes.into_iter().skip(zeros).collect()
        };
        let (n, e) = (number(bytes("n")?), number(bytes("e")?));
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        Some(key.verify(parameters, signed, signature).is_ok())
    };
    let ecdsa = |curve| {
        let point = [vec![4], bytes("x")?, bytes("y")?].concat();
        let key = UnparsedPublicKey::new(curve, point);
        Some(key.verify(signed, signature).is_ok())
    };
    match algorithm {
        Algorithm::Es256 => ecdsa(&signature::ECDSA_P256_SHA256_FIXED),
        Algorithm::Es384 => ecdsa(&signature::ECDSA_P384_SHA384_FIXED),
        Algorithm::Rs256 => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Ps256 => rsa(&signature::RSA_PSS_2048_8192_SHA256),
    }
}

fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member).and_then(Value::as_str)
}
