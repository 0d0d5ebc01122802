//! Compact JWS (RFC 7515) with ES256 and nothing else: what Roster signs and accepts of its own.
//!
//! The algorithm is fixed by the code, never taken from a header (RFC 8725 §3.1), and a header that
//! brings a key of its own (`jwk`, `jku`, `x5u`, `x5c`) or marks anything critical is refused.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{self, EcdsaKeyPair, UnparsedPublicKey};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use thiserror::Error;

/// Nothing longer is looked at.
pub const MAX_TOKEN: usize = 8 * 1024;

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwsError {
    /// Not a compact JWS of at most 8 KiB.
    #[error("the token is malformed")]
    Malformed,
    /// Not ES256, another `typ`, or a header that Roster does not take.
    #[error("the token's header is not accepted")]
    Header,
    /// No key of ours has its `kid`.
    #[error("the token was signed by an unknown key")]
    UnknownKey,
    /// The signature does not fit.
    #[error("the token's signature is wrong")]
    Signature,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
    #[serde(flatten)]
    others: serde_json::Map<String, Value>,
}

/// A compact JWS decoded (RFC 7515 §7.1), nothing of it checked.
pub struct Parts<'a> {
    /// The JSON of its header.
    pub header: Vec<u8>,
    /// What it says.
    pub payload: Vec<u8>,
    /// What was signed: header and payload as they were sent.
    pub signed: &'a str,
    /// The signature.
    pub signature: Vec<u8>,
}

/// Takes a compact JWS apart.
pub fn split(token: &str) -> Result<Parts<'_>, JwsError> {
    if token.len() > MAX_TOKEN {
        return Err(JwsError::Malformed);
    }
    let mut parts = token.splitn(4, '.');
    let (Some(header), Some(payload), Some(sig), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwsError::Malformed);
    };
    let decode = |part: &str| {
        BASE64URL_NOPAD
            .decode(part.as_bytes())
            .map_err(|_| JwsError::Malformed)
    };
    let signed_length = header.len() + 1 + payload.len();
    Ok(Parts {
        header: decode(header)?,
        payload: decode(payload)?,
        signed: token.get(..signed_length).ok_or(JwsError::Malformed)?,
        signature: decode(sig)?,
    })
}

/// A token taken apart, its signature not yet checked. `Debug` shows the key's id alone.
pub struct Unverified<'a> {
    /// The key that is said to have signed it.
    pub kid: String,
    parts: Parts<'a>,
}

impl fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts(..)")
    }
}

impl fmt::Debug for Unverified<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

/// Takes a token apart and checks its header; `typ` is the one wanted.
pub fn parse<'a>(token: &'a str, typ: &str) -> Result<Unverified<'a>, JwsError> {
    let parts = split(token)?;
    let header: Header = serde_json::from_slice(&parts.header).map_err(|_| JwsError::Header)?;
    if header.alg != "ES256" || !header.typ.eq_ignore_ascii_case(typ) || !header.others.is_empty() {
        return Err(JwsError::Header);
    }
    Ok(Unverified {
        kid: header.kid,
        parts,
    })
}

impl Unverified<'_> {
    /// Whether `public_key` (an uncompressed P-256 point) signed it.
    pub fn check(&self, public_key: &[u8]) -> Result<(), JwsError> {
        UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, public_key)
            .verify(self.parts.signed.as_bytes(), &self.parts.signature)
            .map_err(|_| JwsError::Signature)
    }

    /// What it says, whoever signed it.
    pub fn claims<C: DeserializeOwned>(&self) -> Result<C, JwsError> {
        serde_json::from_slice(&self.parts.payload).map_err(|_| JwsError::Malformed)
    }
}

/// A signed token of the media type `typ`. `None` only when the system gives no randomness.
pub fn sign(
    key: &EcdsaKeyPair,
    kid: &str,
    typ: &str,
    claims: &impl serde::Serialize,
) -> Option<String> {
    let header = json!({"alg": "ES256", "typ": typ, "kid": kid}).to_string();
    let mut token = BASE64URL_NOPAD.encode(header.as_bytes());
    token.push('.');
    token.push_str(&BASE64URL_NOPAD.encode(&serde_json::to_vec(claims).ok()?));
    let signature = key
        .sign(&crate::system::system_random(), token.as_bytes())
        .ok()?;
    token.push('.');
    token.push_str(&BASE64URL_NOPAD.encode(signature.as_ref()));
    Some(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ring::signature::KeyPair;

    fn key() -> EcdsaKeyPair {
        let random = crate::system::system_random();
        let alg = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
        EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).unwrap()
    }

    fn verify(token: &str, key: &EcdsaKeyPair) -> Result<Value, JwsError> {
        let unverified = parse(token, "at+jwt")?;
        unverified.check(key.public_key().as_ref())?;
        unverified.claims()
    }

    #[test]
    fn a_signed_token_verifies_with_its_key_only() {
        let (ours, other) = (key(), key());
        let token = sign(&ours, "k1", "at+jwt", &json!({"sub": "a"})).unwrap();
        assert_eq!(verify(&token, &ours), Ok(json!({"sub": "a"})));
        assert_eq!(verify(&token, &other), Err(JwsError::Signature));
        assert_eq!(parse(&token, "jwt").unwrap_err(), JwsError::Header);
    }

    // CVE-2026-27840: truncated tokens stayed valid.
    #[test]
    fn every_prefix_and_extension_fails() {
        let ours = key();
        let token = sign(&ours, "k1", "at+jwt", &json!({"sub": "a"})).unwrap();
        for end in 0..token.len() {
            assert!(verify(&token[..end], &ours).is_err(), "prefix of {end}");
            assert!(
                verify(&token[end + 1..], &ours).is_err(),
                "suffix from {end}"
            );
        }
        for more in ["A", "AA", ".", ".A", "=", " "] {
            assert!(
                verify(&format!("{token}{more}"), &ours).is_err(),
                "{more:?}"
            );
        }
    }

    #[test]
    fn forged_headers_are_refused() {
        let ours = key();
        let token = sign(&ours, "k1", "at+jwt", &json!({"sub": "a"})).unwrap();
        let rest = token.split_once('.').unwrap().1;
        for header in [
            json!({"alg": "none", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "nonE", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "HS256", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "RS256", "typ": "at+jwt", "kid": "k1"}),
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "jwk": {}}),
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "jku": "https://evil.example"}),
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "x5u": "https://evil.example"}),
            json!({"alg": "ES256", "typ": "at+jwt", "kid": "k1", "crit": ["b64"], "b64": false}),
            json!({"alg": "ES256", "typ": "JWT", "kid": "k1"}),
            json!({"alg": "ES256", "kid": "k1"}),
            json!({"alg": "ES256", "typ": "at+jwt"}),
            json!({"alg": "ES256", "typ": "at+jwt", "kid": 1}),
        ] {
            let forged = format!(
                "{}.{rest}",
                BASE64URL_NOPAD.encode(header.to_string().as_bytes())
            );
            assert_eq!(verify(&forged, &ours), Err(JwsError::Header), "{header}");
        }
    }

    // CVE-2025-27144: millions of dots.
    #[test]
    fn long_and_dotted_tokens_are_cut_off() {
        assert_eq!(
            parse(&".".repeat(9000), "at+jwt").unwrap_err(),
            JwsError::Malformed
        );
        assert_eq!(parse("....", "at+jwt").unwrap_err(), JwsError::Malformed);
        assert_eq!(parse("", "at+jwt").unwrap_err(), JwsError::Malformed);
    }
}
