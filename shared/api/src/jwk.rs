//! Signatures of clients, by the keys that they registered (RFC 7517, RFC 7518 §3).
//!
//! What a key can verify is fixed by its type; the header's `alg` must agree (RFC 8725 §3.1).

use data_encoding::BASE64URL_NOPAD;
use domain::Jwks;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::{Map, Value};

/// More keys than this are not tried when an assertion names none.
const MAX_TRIED: usize = 16;

/// An algorithm that clients may sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl Algorithm {
    /// The registered names, for metadata.
    pub const NAMES: [&str; 3] = ["ES256", "RS256", "PS256"];

    /// By its registered name, letter for letter.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
        }
    }
}

/// Whether a key of `keys` that may be used for it made `signature`. A `kid` narrows them down.
pub fn verify(
    keys: &Jwks,
    algorithm: Algorithm,
    kid: Option<&str>,
    signed: &[u8],
    signature: &[u8],
) -> bool {
    let keys = keys.as_value().get("keys").and_then(Value::as_array);
    let keys = keys.into_iter().flatten().filter_map(Value::as_object);
    let mut fitting = keys
        .filter(|key| kid.is_none_or(|kid| text(key, "kid") == Some(kid)))
        .filter(|key| is_for(key, algorithm))
        .take(MAX_TRIED);
    fitting.any(|key| fits(key, algorithm, signed, signature).unwrap_or(false))
}

/// Whether the key's own members let it verify this algorithm (RFC 7517 §4.2 to §4.4).
fn is_for(key: &Map<String, Value>, algorithm: Algorithm) -> bool {
    let agrees = |member: &str, wanted: &str| {
        key.get(member)
            .is_none_or(|value| value.as_str() == Some(wanted))
    };
    let operations = key.get("key_ops").is_none_or(|ops| {
        let mut ops = ops.as_array().into_iter().flatten();
        ops.any(|op| op.as_str() == Some("verify"))
    });
    agrees("alg", algorithm.name()) && agrees("use", "sig") && operations
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
    match (text(key, "kty")?, algorithm) {
        ("EC", Algorithm::Es256) if text(key, "crv") == Some("P-256") => {
            let point = [vec![4], bytes("x")?, bytes("y")?].concat();
            let key = UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point);
            Some(key.verify(signed, signature).is_ok())
        }
        ("RSA", Algorithm::Rs256) => rsa(&signature::RSA_PKCS1_2048_8192_SHA256),
        ("RSA", Algorithm::Ps256) => rsa(&signature::RSA_PSS_2048_8192_SHA256),
        _ => None,
    }
}

fn text<'a>(key: &'a Map<String, Value>, member: &str) -> Option<&'a str> {
    key.get(member).and_then(Value::as_str)
}
