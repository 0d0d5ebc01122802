//! Client assertions (`private_key_jwt`, RFC 7523 §2.2 and §3): a JWT that a client signs to prove
//! itself. Every text of an `Err` is for our log; the client hears `invalid_client` whatever it was.

use data_encoding::HEXLOWER;
use domain::{ClientId, Jwks, Timestamp};
use ring::digest;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::{
    claims::Audience,
    jwk::{self, Algorithm},
    jws::{self, Parts},
};

/// The one `client_assertion_type` (RFC 7523 §2.2).
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life of an assertion, in seconds.
pub const MAX_LIFETIME: i64 = 300;
/// How far its `iat` and `nbf` may be ahead of us, in seconds.
const SKEW: i64 = 60;
const MAX_JTI: usize = 255;
/// Header members that bring keys along, or that we would have to understand (RFC 7515 §4.1).
const REFUSED: [&str; 8] = ["jwk", "jku", "x5u", "x5c", "crit", "b64", "zip", "enc"];

#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default, deserialize_with = "present")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "present")]
    typ: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: ClientId,
    sub: ClientId,
    aud: Audience,
    exp: Timestamp,
    #[serde(default, deserialize_with = "present")]
    iat: Option<Timestamp>,
    #[serde(default, deserialize_with = "present")]
    nbf: Option<Timestamp>,
    jti: String,
}

/// A member that may be left out, but not be `null`.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// An assertion taken apart; its signature is not yet checked.
#[derive(Debug)]
pub struct Assertion<'a> {
    /// Who is said to have signed it.
    pub client_id: ClientId,
    /// From then on it is worth nothing.
    pub expires_at: Timestamp,
    audience: Audience,
    jti: String,
    algorithm: Algorithm,
    kid: Option<String>,
    parts: Parts<'a>,
}

impl<'a> Assertion<'a> {
    /// Takes an assertion apart and checks what needs no key.
    pub fn parse(text: &'a str, now: Timestamp) -> Result<Self, &'static str> {
        let parts = jws::split(text).map_err(|_| "it is no compact JWS of at most 8 KiB")?;
        let header: Header = serde_json::from_slice(&parts.header).map_err(|_| "bad header")?;
        if REFUSED.iter().any(|name| header.others.contains_key(*name)) {
            return Err("a header member that is not taken");
        }
        let typed = |typ: &String| {
            ["jwt", "client-authentication+jwt"].contains(&typ.to_ascii_lowercase().as_str())
        };
        if !header.typ.as_ref().is_none_or(typed) {
            return Err("another typ");
        }
        let algorithm = Algorithm::parse(&header.alg).ok_or("an alg that is not taken")?;
        let claims: Claims =
            serde_json::from_slice(&parts.payload).map_err(|_| "a claim missing or mistyped")?;
        if claims.iss != claims.sub {
            return Err("iss is not sub");
        }
        let life = |from: Timestamp| claims.exp.unix().saturating_sub(from.unix());
        if claims.exp <= now {
            return Err("expired");
        }
        if life(now) > MAX_LIFETIME || claims.iat.is_some_and(|iat| life(iat) > MAX_LIFETIME) {
            return Err("it lives too long");
        }
        let early = |at: Option<Timestamp>| at.is_some_and(|at| at > now.plus(SKEW));
        if early(claims.iat) || early(claims.nbf) {
            return Err("not yet valid");
        }
        if claims.jti.is_empty() || claims.jti.chars().count() > MAX_JTI {
            return Err("a bad jti");
        }
        Ok(Self {
            client_id: claims.iss,
            expires_at: claims.exp,
            audience: claims.aud,
            jti: claims.jti,
            algorithm,
            kid: header.kid,
            parts,
        })
    }

    /// Whether the one of the client's `keys` that it names signed it, by the algorithm that this key is
    /// registered for. Without keys a signature is checked all the same, which costs the same.
    pub fn is_signed_by(&self, keys: Option<&Jwks>) -> bool {
        let (signed, signature) = (self.parts.signed.as_bytes(), &self.parts.signature);
        jwk::verify(keys, self.algorithm, self.kid.as_deref(), signed, signature)
    }

    /// Whether one of `audiences` is meant and nobody else. An assertion for several could be used here by any
    /// of the others.
    pub fn is_for(&self, audiences: &[&str]) -> Result<(), &'static str> {
        let only = self.audience.only().ok_or("several audiences, or none")?;
        if audiences.contains(&only) {
            Ok(())
        } else {
            Err("another audience")
        }
    }

    /// The SHA-256 of its `jti`, in hex.
    pub fn jti_digest(&self) -> String {
        sha256_hex(&self.jti)
    }
}

/// A text of any length and alphabet as a part of a key.
pub fn sha256_hex(text: &str) -> String {
    HEXLOWER.encode(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}
