//! A client's public keys (RFC 7517), for `private_key_jwt` (RFC 7523).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Invalid;

/// At most this many bytes of JSON.
pub const MAX_BYTES: usize = 8 * 1024;

/// Members of a JWK that are private or symmetric key material (RFC 7518 §6).
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A set of public keys; at least one, none with private material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct Jwks(Value);

impl Jwks {
    /// From a JSON object `{"keys": […]}`.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
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
            match key.get("kty").and_then(Value::as_str) {
                Some("RSA") if text(key, "n") && text(key, "e") => {}
                Some("EC") if text(key, "crv") && text(key, "x") && text(key, "y") => {}
                _ => {
                    return Err(Invalid::Conflict(
                        "keys must be RSA (n, e) or EC (crv, x, y)",
                    ));
                }
            }
        }
        Ok(Self(value))
    }

    /// The set as JSON.
    pub const fn as_value(&self) -> &Value {
        &self.0
    }
}

fn text(key: &serde_json::Map<String, Value>, member: &str) -> bool {
    key.get(member).is_some_and(Value::is_string)
}

impl TryFrom<Value> for Jwks {
    type Error = Invalid;
    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl From<Jwks> for Value {
    fn from(jwks: Jwks) -> Self {
        jwks.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn public_keys_only() {
        let ec = json!({"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"});
        assert!(Jwks::parse(json!({ "keys": [ec] })).is_ok());
        for bad in [
            json!({}),
            json!({"keys": []}),
            json!({"keys": [1]}),
            json!({"keys": [{"kty": "oct", "k": "AA"}]}),
            json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "d": "AA"}]}),
            json!({"keys": [{"kty": "RSA", "n": "AA"}]}),
            json!({"keys": [{"kty": "RSA", "n": "A".repeat(9000), "e": "AQAB"}]}),
        ] {
            assert!(Jwks::parse(bad.clone()).is_err(), "{bad}");
        }
    }
}
