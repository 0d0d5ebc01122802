//! A client's public keys (RFC 7517), for `private_key_jwt` (RFC 7523).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Invalid, Violations, public_key};

/// At most this many bytes of JSON.
pub const MAX_BYTES: usize = 8 * 1024;

/// Members of a JWK that are private or symmetric key material (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// An algorithm that clients may sign with (RFC 7518 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// ECDSA with P-384 and SHA-384.
    Es384,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PSS with SHA-256.
    Ps256,
}

impl Algorithm {
    /// The registered names, for metadata.
    pub const NAMES: [&str; 4] = ["ES256", "ES384", "RS256", "PS256"];

    /// By its registered name, letter for letter.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "ES256" => Some(Self::Es256),
            "ES384" => Some(Self::Es384),
            "RS256" => Some(Self::Rs256),
            "PS256" => Some(Self::Ps256),
            _ => None,
        }
    }

    /// The one algorithm that a key is registered for: its `alg`, or what follows from its type when it
    /// names none (RFC 8725 §3.1: one key, one algorithm).
    pub fn of_key(key: &Map<String, Value>) -> Option<Self> {
        let text = |member| key.get(member).and_then(Value::as_str);
        let (by_type, others): (_, &[_]) = match (text("kty")?, text("crv")) {
            ("EC", Some("P-256")) => (Self::Es256, &[]),
            ("EC", Some("P-384")) => (Self::Es384, &[]),
            ("RSA", _) => (Self::Rs256, &[Self::Ps256]),
            _ => return None,
        };
        match key.get("alg") {
            None => Some(by_type),
            Some(named) => Self::parse(named.as_str()?)
                .filter(|named| *named == by_type || others.contains(named)),
        }
    }
}

/// A set of public keys; at least one, none with private material, each of them usable when it was
/// registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Jwks(Value);

impl Jwks {
    /// From a JSON object `{"keys": […]}`, as a client registers it. Keys that could never verify anything are
    /// refused, each by its place in the object.
    pub fn parse(value: Value) -> Result<Self, Violations> {
        let jwks = Self::stored(value).map_err(|invalid| Violations::one("", invalid))?;
        let keys = jwks.keys();
        let mut faults = Violations::default();
        for (at, key) in keys.iter().enumerate() {
            let kid = key.get("kid");
            let others = || keys.iter().take(at);
            let fault = match public_key::check(key) {
                Err(why) => Some(why),
                // OpenID Connect Core 1.0 §10.1: of several keys, an assertion must name its own.
                Ok(()) if keys.len() > 1 && kid.is_none() => {
                    Some("needs a kid, because the set has several keys")
                }
                Ok(()) if kid.is_some() && others().any(|other| other.get("kid") == kid) => {
                    Some("has the kid of another key; give each its own")
                }
                Ok(()) => None,
            };
            if let Some(why) = fault {
                faults.push(format!("/keys/{at}"), Invalid::Key(why));
            }
        }
        faults.or(jwks)
    }

    /// As it was stored: the keys were judged when they were registered, and are not judged at each read.
    fn stored(value: Value) -> Result<Self, Invalid> {
        if value.to_string().len() > MAX_BYTES {
            return Err(Invalid::TooLong(MAX_BYTES));
        }
        let keys = value
            .get("keys")
            .and_then(Value::as_array)
            .filter(|keys| !keys.is_empty())
            .ok_or(Invalid::Type(
                "an object {\"keys\": […]} with at least one key",
            ))?;
        for key in keys {
            let key = key
                .as_object()
                .ok_or(Invalid::Type("an array of JWK objects"))?;
            if PRIVATE.iter().any(|member| key.contains_key(*member)) {
                return Err(Invalid::Conflict(
                    "contains private key material; send public keys only, and replace this key: it has been disclosed",
                ));
            }
        }
        Ok(Self(value))
    }

    /// The keys, in their order.
    pub fn keys(&self) -> Vec<&Map<String, Value>> {
        let keys = self.0.get("keys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten();
        keys.filter_map(Value::as_object).collect()
    }

    /// The set as JSON.
    pub const fn as_value(&self) -> &Value {
        &self.0
    }
}

impl TryFrom<Value> for Jwks {
    type Error = Invalid;
    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::stored(value)
    }
}

impl From<Jwks> for Value {
    fn from(jwks: Jwks) -> Self {
        jwks.0
    }
}

#[cfg(test)]
mod tests;
