//! The root of the key set: what signs the public halves of signing keys, so that whoever writes to the table
//! can't publish a key (Ed25519, RFC 8032).
//!
//! Its private half is derived from the master secret and stored nowhere; its public half is no secret.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use thiserror::Error;

use crate::Timestamp;

/// What the root says of a signing key. Everything by which a verifier or a signer goes is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicHalf<'a> {
    /// The key's id.
    pub kid: &'a str,
    /// Its uncompressed point.
    pub point: &'a [u8],
    /// It signs from then on.
    pub signs_from: Timestamp,
}

impl PublicHalf<'_> {
    /// What is signed. The id's and the point's lengths stand first, so that no two halves give one message.
    fn message(&self) -> Vec<u8> {
        let length = |bytes: &[u8]| (bytes.len() as u64).to_be_bytes();
        let kid = self.kid.as_bytes();
        [
            b"roster/public-half/1".as_slice(),
            &length(kid),
            kid,
            &length(self.point),
            self.point,
            &self.signs_from.unix().to_be_bytes(),
        ]
        .concat()
    }
}

/// The private root of one version of the master secret. `Debug` shows the version alone.
pub struct Root {
    version: u32,
    pair: Ed25519KeyPair,
}

impl fmt::Debug for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Root(version {})", self.version)
    }
}

impl Root {
    /// `None` only for a seed that ring refuses, and it takes any of 32 bytes.
    pub(crate) fn from_seed(version: u32, seed: &[u8; 32]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        Some(Self { version, pair })
    }

    /// The version of the master secret that it belongs to.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The signature of a public half.
    pub fn sign(&self, half: &PublicHalf<'_>) -> Vec<u8> {
        self.pair.sign(&half.message()).as_ref().to_vec()
    }

    /// What verifies its signatures.
    pub fn public(&self) -> PublicRoot {
        let mut key = [0; PublicRoot::LENGTH];
        // An Ed25519 key has 32 bytes, so both are of one length.
        key.copy_from_slice(self.pair.public_key().as_ref());
        PublicRoot(key)
    }
}

/// A text that is no public root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be public roots of 32 bytes each in base64url, with commas between them")]
pub struct MalformedRoots;

/// The public half of a root: no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicRoot([u8; Self::LENGTH]);

impl PublicRoot {
    const LENGTH: usize = 32;

    /// Several, in base64url with commas between them.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, MalformedRoots> {
        let parse = |part: &str| {
            let bytes = BASE64URL_NOPAD.decode(part.trim().as_bytes()).ok()?;
            Some(Self(bytes.try_into().ok()?))
        };
        let all: Option<Vec<_>> = text.split(',').map(parse).collect();
        all.ok_or(MalformedRoots)
    }

    /// Whether its private half signed `half`.
    pub fn verify(&self, half: &PublicHalf<'_>, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.0);
        key.verify(&half.message(), signature).is_ok()
    }
}

/// Base64url, as [`parse_list`](PublicRoot::parse_list) takes it.
impl fmt::Display for PublicRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Master;

    fn root(text: &str) -> Root {
        Master::parse(text).unwrap().newest().root().unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_key_and_its_times_only() {
        let root = root("a master secret of more than thirty-two bytes");
        let half = PublicHalf {
            kid: "kid",
            point: &[4; 65],
            signs_from: Timestamp::from_unix(1),
        };
        let signature = root.sign(&half);
        let public = root.public();
        assert!(public.verify(&half, &signature));
        for other in [
            PublicHalf { kid: "kie", ..half },
            PublicHalf {
                point: &[5; 65],
                ..half
            },
            PublicHalf {
                signs_from: Timestamp::from_unix(2),
                ..half
            },
            PublicHalf {
                kid: "kid\u{4}",
                point: &[4; 64],
                ..half
            },
        ] {
            assert!(!public.verify(&other, &signature), "{other:?}");
        }
        for end in 0..signature.len() {
            assert!(!public.verify(&half, &signature[..end]));
        }
        let other = super::tests::root("another master secret of more than 32 bytes");
        assert!(!other.public().verify(&half, &signature));
    }

    #[test]
    fn public_roots_are_read_as_they_are_shown() {
        let one = root("a master secret of more than thirty-two bytes").public();
        let two = root("another master secret of more than 32 bytes").public();
        assert_eq!(PublicRoot::parse_list(&one.to_string()), Ok(vec![one]));
        let list = format!("{one}, {two}");
        assert_eq!(PublicRoot::parse_list(&list), Ok(vec![one, two]));
        for bad in ["", ",", "AAAA", &format!("{one},"), &format!("{one}A")] {
            assert_eq!(PublicRoot::parse_list(bad), Err(MalformedRoots), "{bad}");
        }
        assert_eq!(one.to_string().len(), 43);
    }
}
