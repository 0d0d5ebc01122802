//! Client secrets: made here, shown once, stored as a keyed digest.
//!
//! A secret is 256 random bits, far above what RFC 6749 §10.10 asks, so a fast digest is enough: there
//! is nothing to guess, and no password hash whose input limits or cost could be turned against us.

use std::fmt;

use ring::{digest, hmac};
use thiserror::Error;

use crate::ids::{base32, is_base32};
use crate::{ClientId, SecretId};

const PREFIX: &str = "rsec_";
const RANDOM: usize = 52;
const CHECKSUM: usize = 6;

/// A text that is no client secret: mistyped, cut off, or something else altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a well-formed client secret")]
pub struct MalformedSecret;

/// Stored bytes that are no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a secret's digest must be {} bytes long", SecretDigest::LENGTH)]
pub struct MalformedDigest;

/// A client secret in plain: `rsec_[a-z2-7]{10}_[a-z2-7]{58}`, a pattern for secret scanners.
///
/// After the prefix stand the secret's id, 52 characters of 256 random bits, and 6 of a checksum: the
/// first 30 bits of the SHA-256 of all that stands before. A typo is refused without a read.
///
/// [`expose`](Self::expose) is the one way to the text; `Debug` shows the id alone.
///
/// ```
/// let secret = domain::Secret::generate([7; 39]);
/// assert_eq!(format!("{secret:?}"), format!("Secret({})", secret.id()));
/// ```
///
/// It can't be copied, printed, turned into text or serialized:
///
/// ```compile_fail
/// let secret = domain::Secret::generate([7; 39]);
/// let copy: domain::Secret = Clone::clone(&secret);
/// ```
///
/// ```compile_fail
/// let secret = domain::Secret::generate([7; 39]);
/// println!("{secret}");
/// ```
///
/// ```compile_fail
/// let secret = domain::Secret::generate([7; 39]);
/// let text: &str = secret.as_ref();
/// ```
///
/// ```compile_fail
/// fn serialized(_: &impl serde::Serialize) {}
/// let secret = domain::Secret::generate([7; 39]);
/// serialized(&secret);
/// ```
///
/// nor compared in a time that tells how much of it was right:
///
/// ```compile_fail
/// let secret = domain::Secret::generate([7; 39]);
/// let same = secret == domain::Secret::generate([7; 39]);
/// ```
pub struct Secret {
    id: SecretId,
    text: String,
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({})", self.id)
    }
}

fn checksum(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut sum = base32(hash.as_ref());
    sum.truncate(CHECKSUM);
    sum
}

impl Secret {
    /// A new secret, its id from the first 7 bytes and the rest of it from the other 32.
    pub fn generate(random: [u8; 39]) -> Self {
        let [i0, i1, i2, i3, i4, i5, i6, secret @ ..] = random;
        let id = SecretId::generate([i0, i1, i2, i3, i4, i5, i6]);
        let mut text = format!("{PREFIX}{id}_{}", base32(&secret));
        let sum = checksum(&text);
        text.push_str(&sum);
        Self { id, text }
    }

    /// A secret from its text. It says nothing of whether the secret was ever given to anybody.
    pub fn parse(text: &str) -> Result<Self, MalformedSecret> {
        let (id, rest) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
            .ok_or(MalformedSecret)?;
        let id = SecretId::parse(id).map_err(|_| MalformedSecret)?;
        if rest.len() != RANDOM + CHECKSUM || !rest.bytes().all(is_base32) {
            return Err(MalformedSecret);
        }
        match text.split_at_checked(text.len() - CHECKSUM) {
            // The checksum is no secret: anybody can compute it, so `==` gives nothing away.
            Some((body, sum)) if checksum(body) == sum => Ok(Self {
                id,
                text: text.to_owned(),
            }),
            _ => Err(MalformedSecret),
        }
    }

    /// Its id, which is no secret and finds its digest.
    pub fn id(&self) -> SecretId {
        self.id.clone()
    }

    /// The text, for the one answer that shows it.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What is stored of it.
    pub fn digest(&self, pepper: &Pepper, client: &ClientId) -> SecretDigest {
        let tag = hmac::sign(&pepper.key, &self.message(client));
        let mut bytes = [0; SecretDigest::LENGTH];
        // HMAC-SHA-256 gives 32 bytes, so both are of one length.
        bytes.copy_from_slice(tag.as_ref());
        SecretDigest {
            pepper_version: pepper.version,
            bytes,
        }
    }

    /// What is digested: the client too, so that a digest copied to another client is worthless; its
    /// length first, so that no two pairs give one message.
    fn message(&self, client: &ClientId) -> Vec<u8> {
        let client = client.as_str().as_bytes();
        let length = (client.len() as u64).to_be_bytes();
        [&length, client, self.text.as_bytes()].concat()
    }
}

/// The key of digests, derived from the deployment's master secret: a stolen table alone proves nothing.
pub struct Pepper {
    version: u32,
    key: hmac::Key,
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper(version {})", self.version)
    }
}

impl Pepper {
    /// The pepper of this version.
    pub fn new(version: u32, key: &[u8; 32]) -> Self {
        Self {
            version,
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
        }
    }

    /// Its version, which digests carry.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// Whether `digest` was made from this secret, for this client, with this pepper. Compared in
    /// constant time.
    pub fn verify(&self, secret: &Secret, client: &ClientId, digest: &SecretDigest) -> bool {
        // Computed first, so that a digest of another version costs the same.
        let fits = hmac::verify(&self.key, &secret.message(client), &digest.bytes).is_ok();
        fits && digest.pepper_version == self.version
    }
}

/// What is stored of a secret. No `==`, for [`Pepper::verify`] is how to compare; `Debug` hides it.
#[derive(Clone)]
pub struct SecretDigest {
    pepper_version: u32,
    bytes: [u8; Self::LENGTH],
}

impl fmt::Debug for SecretDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretDigest(pepper version {})", self.pepper_version)
    }
}

impl SecretDigest {
    /// The digest of no secret: compared with where there is none, so that both cost the same.
    pub const fn none() -> Self {
        Self {
            pepper_version: 0,
            bytes: [0; 32],
        }
    }

    /// The length in bytes.
    pub const LENGTH: usize = 32;

    /// A digest as stored. Whatever the bytes hold, they can't do more than match nothing.
    pub fn from_bytes(pepper_version: u32, bytes: &[u8]) -> Result<Self, MalformedDigest> {
        let bytes = bytes.try_into().map_err(|_| MalformedDigest)?;
        Ok(Self {
            pepper_version,
            bytes,
        })
    }

    /// The bytes to store.
    pub const fn to_bytes(&self) -> [u8; Self::LENGTH] {
        self.bytes
    }

    /// The version of the pepper that made it.
    pub const fn pepper_version(&self) -> u32 {
        self.pepper_version
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn client(text: &str) -> ClientId {
        ClientId::parse(text).unwrap()
    }

    fn random() -> impl Strategy<Value = [u8; 39]> {
        prop::collection::vec(any::<u8>(), 39).prop_map(|bytes| bytes.try_into().unwrap())
    }

    #[test]
    fn the_published_form() {
        let secret = Secret::generate([0; 39]);
        let body = format!("rsec_{}_{}", "a".repeat(10), "a".repeat(52));
        assert_eq!(secret.expose(), format!("{body}{}", checksum(&body)));
        assert_eq!(secret.expose().len(), 74);
        // Secrets already given out depend on it.
        assert_eq!(checksum(""), "4oymiq");
    }

    #[test]
    fn debug_shows_the_id_alone_also_inside_other_types() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "read by Debug")]
        struct Answer {
            secret: Option<Secret>,
            digest: SecretDigest,
            pepper: Pepper,
        }
        let secret = Secret::generate([9; 39]);
        let pepper = Pepper::new(3, &[5; 32]);
        let answer = Answer {
            digest: secret.digest(&pepper, &client("c")),
            secret: Some(secret),
            pepper,
        };
        assert_eq!(
            format!("{answer:?}"),
            "Answer { secret: Some(Secret(beeqscijbe)), digest: SecretDigest(pepper version 3), \
             pepper: Pepper(version 3) }"
        );
    }

    #[test]
    fn a_digest_holds_for_its_secret_client_and_pepper_only() {
        let (secret, other) = (Secret::generate([1; 39]), Secret::generate([2; 39]));
        let pepper = Pepper::new(1, &[3; 32]);
        let digest = secret.digest(&pepper, &client("one"));
        assert!(pepper.verify(&secret, &client("one"), &digest));
        assert!(!pepper.verify(&other, &client("one"), &digest));
        assert!(!pepper.verify(&secret, &client("two"), &digest));
        assert!(!pepper.verify(&secret, &client("on"), &digest));
        assert!(!Pepper::new(1, &[4; 32]).verify(&secret, &client("one"), &digest));
        assert!(!Pepper::new(2, &[3; 32]).verify(&secret, &client("one"), &digest));
    }

    #[test]
    fn stored_poison_is_an_error_or_matches_nothing() {
        let (secret, pepper) = (Secret::generate([1; 39]), Pepper::new(1, &[3; 32]));
        for length in [0, 1, 31, 33, 4096] {
            let stored = SecretDigest::from_bytes(1, &vec![0; length]);
            assert_eq!(stored.unwrap_err(), MalformedDigest, "{length}");
        }
        let zeros = SecretDigest::from_bytes(1, &[0; 32]).unwrap();
        assert!(!pepper.verify(&secret, &client("one"), &zeros));
        assert_eq!(
            MalformedDigest.to_string(),
            "a secret's digest must be 32 bytes long"
        );
    }

    #[test]
    fn every_cut_extension_and_typo_is_refused() {
        let secret = Secret::generate([0xa5; 39]);
        let text = secret.expose();
        for cut in 0..text.len() {
            assert!(Secret::parse(&text[..cut]).is_err(), "cut at {cut}");
            assert!(Secret::parse(&text[cut + 1..]).is_err(), "starts at {cut}");
            for typo in ["a", "z", "A", "1", "_", " ", "\0", "é"] {
                let mut bent = text.to_owned();
                bent.replace_range(cut..=cut, typo);
                assert!(
                    bent == text || Secret::parse(&bent).is_err(),
                    "{typo:?} at {cut}"
                );
            }
        }
        for bent in [
            format!("{text}a"),
            format!(" {text}"),
            format!("{text}\n"),
            text.to_uppercase(),
        ] {
            assert!(Secret::parse(&bent).is_err());
        }
    }

    proptest! {
        #[test]
        fn secrets_come_back(random in random()) {
            let secret = Secret::generate(random);
            let parsed = Secret::parse(secret.expose()).unwrap();
            prop_assert_eq!(parsed.expose(), secret.expose());
            prop_assert_eq!(parsed.id(), secret.id());
            let rest = secret.expose().strip_prefix(&format!("rsec_{}_", secret.id())).unwrap();
            prop_assert!(rest.len() == 58 && rest.bytes().all(is_base32));
        }

        #[test]
        fn digests_come_back_and_still_verify(random in random(), key: [u8; 32], version: u32) {
            let (secret, pepper) = (Secret::generate(random), Pepper::new(version, &key));
            let digest = secret.digest(&pepper, &client("one"));
            let stored = SecretDigest::from_bytes(digest.pepper_version(), &digest.to_bytes()).unwrap();
            prop_assert!(pepper.verify(&secret, &client("one"), &stored));
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>(), near in "(rsec_)?[a-z2-7]{0,10}_?[a-z2-7é]{50,60}") {
            prop_assert!(Secret::parse(&text).is_err());
            // One in 2^30 has the right checksum.
            let _ = Secret::parse(&near);
        }
    }
}
