//! The claims of an access token (RFC 9068 §2.2) and when they hold.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    ClientId, Scope, SecretId, Timestamp,
    key_rotation::{self, SKEW},
};
use serde::{Deserialize, Serialize};

use crate::assertion::sha256_hex;

/// The longest life of a token, in seconds.
pub const MAX_LIFETIME: i64 = key_rotation::TOKEN_LIFETIME;
/// The media type of our access tokens (RFC 9068 §2.1).
pub const TYP: &str = "at+jwt";

/// An access token's claims. Every member is required and of its type: a wrong one fails the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// Whom it is about: the client itself.
    pub sub: ClientId,
    /// Who obtained it.
    pub client_id: ClientId,
    /// Whom it is for.
    pub aud: Audience,
    /// The second from which it no longer works.
    pub exp: Timestamp,
    /// When it was issued.
    pub iat: Timestamp,
    /// Its own id.
    pub jti: String,
    /// What it allows, parted by spaces (RFC 8693 §4.2).
    pub scope: String,
}

/// A token's id: random, behind the id of the secret that it was obtained with, if it was with one. So a
/// secret's tokens can end with it, and no claim more is needed.
pub fn new_jti(secret: Option<&SecretId>, random: [u8; 16]) -> String {
    let random = BASE64URL_NOPAD.encode(&random);
    match secret {
        Some(secret) => format!("{secret}.{random}"),
        None => random,
    }
}

/// One audience is a string, several are an array (RFC 7519 §4.1.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// From one or more names.
    pub fn new(mut names: Vec<String>) -> Self {
        if names.len() == 1
            && let Some(only) = names.pop()
        {
            return Self::One(only);
        }
        Self::Many(names)
    }

    /// The one name, where there is one and no more.
    pub fn only(&self) -> Option<&str> {
        match self {
            Self::One(only) => Some(only),
            Self::Many(names) => match names.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }

    /// Whether `name` is among them.
    pub fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(only) => only == name,
            Self::Many(names) => names.iter().any(|n| n == name),
        }
    }
}

impl Claims {
    /// Whether the token holds at `now`.
    pub fn is_current(&self, now: Timestamp) -> bool {
        now < self.exp
            && self.iat <= now.plus(SKEW)
            && self.exp.unix().saturating_sub(self.iat.unix()) <= MAX_LIFETIME
    }

    /// The SHA-256 of its id, in hex: what a revocation is kept under.
    pub fn jti_digest(&self) -> String {
        sha256_hex(&self.jti)
    }

    /// The secret that it was obtained with; `None` for a token that was obtained without one.
    pub fn secret_id(&self) -> Option<SecretId> {
        // Base64url has no dot, so a random part alone is never taken for more.
        let (secret, _) = self.jti.split_once('.')?;
        SecretId::parse(secret).ok()
    }

    /// The scopes, one by one.
    pub fn scopes(&self) -> Vec<Scope> {
        let names = self.scope.split(' ').filter(|name| !name.is_empty());
        names.filter_map(|name| Scope::parse(name).ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: serde_json::Value) -> Result<Claims, serde_json::Error> {
        serde_json::from_value(value)
    }

    fn good() -> serde_json::Value {
        json!({
            "iss": "https://id.example.com", "sub": "c", "client_id": "c",
            "aud": "https://id.example.com", "exp": 4600, "iat": 1000, "jti": "j", "scope": "a b",
        })
    }

    // CVE-2026-25537: a claim of the wrong type counted as absent.
    #[test]
    fn a_claim_missing_or_of_a_wrong_type_fails_the_token() {
        assert!(claims(good()).is_ok());
        for name in [
            "iss",
            "sub",
            "client_id",
            "aud",
            "exp",
            "iat",
            "jti",
            "scope",
        ] {
            let mut missing = good();
            missing.as_object_mut().unwrap().remove(name);
            assert!(claims(missing).is_err(), "without {name}");
            let mut wrong = good();
            wrong[name] = json!({"x": 1});
            assert!(claims(wrong).is_err(), "object as {name}");
        }
        for wrong in [json!("4600"), json!(4600.5), json!(null)] {
            let mut bent = good();
            bent["exp"] = wrong;
            assert!(claims(bent).is_err());
        }
    }

    #[test]
    fn a_token_names_the_secret_that_it_was_obtained_with() {
        let mut claims = claims(good()).unwrap();
        let secret = SecretId::generate([7; 7]);
        claims.jti = new_jti(Some(&secret), [255; 16]);
        assert_eq!(claims.secret_id(), Some(secret));
        for none in [new_jti(None, [255; 16]), "j".into(), "short.j".into()] {
            claims.jti = none;
            assert_eq!(claims.secret_id(), None, "{}", claims.jti);
        }
    }

    #[test]
    fn a_token_holds_from_its_issue_to_the_second_before_its_expiry() {
        let claims = claims(good()).unwrap();
        for (now, holds) in [
            (939, false),
            (940, true),
            (1000, true),
            (4599, true),
            (4600, false),
        ] {
            assert_eq!(claims.is_current(Timestamp::from_unix(now)), holds, "{now}");
        }
        let mut long = claims.clone();
        long.exp = Timestamp::from_unix(1000 + MAX_LIFETIME + 1);
        assert!(!long.is_current(Timestamp::from_unix(2000)));
    }
}
