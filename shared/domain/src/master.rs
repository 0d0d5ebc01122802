//! The deployment's master secret, from which every symmetric key is derived (HKDF-SHA-256, RFC 5869).
//!
//! It has versions: the newest one is in use, the older ones open what they sealed until they are taken away.
//! Each key has a label of its own, so that no key serves two purposes.

use std::fmt;

use data_encoding::HEXLOWER;
use ring::{aead, hmac};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use crate::{ClientId, Entropy, Pepper, Secret, SecretDigest, key_root::Root, ports};

const SALT: &[u8] = b"roster/master/1";
/// Each version's text has so many bytes at least.
const MIN: usize = 32;
/// There are so many versions at most.
const MOST: usize = 8;

/// A text that is no master secret. It shows nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedMaster {
    /// Too little to guess at.
    #[error("is too short: the text of version {0} must have at least {MIN} bytes")]
    TooShort(u32),
    /// It begins with a brace, and goes on otherwise.
    #[error(
        "begins like a list of versions and is none: it must be a JSON object that maps versions (\"1\", \
         \"2\", …), each named once, to texts"
    )]
    NotVersions,
    /// Too few or too many.
    #[error("must have 1 to {MOST} versions")]
    Count,
    /// A rotation that changed nothing.
    #[error("has the same text in two versions: a new version needs a text of its own")]
    Repeated,
}

/// The version that a stored thing names is none of this master secret's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the master secret has no version {0}")]
pub struct UnknownVersion(pub u32);

/// Why sealed bytes do not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Another version of the master secret may open them.
    #[error(transparent)]
    Version(#[from] UnknownVersion),
    /// They were not sealed for this purpose and context, or were changed since.
    #[error("it was not sealed by this master secret")]
    Forged,
}

/// What something is sealed for; each purpose has keys of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// An answer kept under an idempotency key.
    KeptAnswer,
    /// An opaque access token.
    AccessToken,
    /// The private half of a signing key at rest.
    PrivateHalf,
}

impl Purpose {
    const fn label(self) -> &'static str {
        match self {
            Self::KeptAnswer => "idempotent-answer/2",
            Self::AccessToken => "access-token/2",
            Self::PrivateHalf => "signing-key-wrap/2",
        }
    }
}

/// The master secret with all its versions. `Debug` shows their numbers alone.
pub struct Master {
    newest: MasterVersion,
    older: Vec<MasterVersion>,
}

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Master(versions {:?})", self.versions())
    }
}

impl Master {
    /// From the stored text: a plain text is version 1; a JSON object maps versions to texts. Each text has at
    /// least 32 bytes.
    pub fn parse(text: &str) -> Result<Self, MalformedMaster> {
        let mut texts = if text.trim_start().starts_with('{') {
            serde_json::from_str::<Texts>(text)
                .map_err(|_| MalformedMaster::NotVersions)?
                .0
        } else {
            vec![(1, text.to_owned())]
        };
        texts.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        if let Some((version, _)) = texts.iter().find(|(_, text)| text.len() < MIN) {
            return Err(MalformedMaster::TooShort(*version));
        }
        let repeated = |at: usize, text: &String| texts.iter().skip(at + 1).any(|(_, t)| t == text);
        if texts.iter().enumerate().any(|(at, (_, t))| repeated(at, t)) {
            return Err(MalformedMaster::Repeated);
        }
        let count = texts.len();
        let mut versions = texts.iter().map(|(n, text)| MasterVersion::new(*n, text));
        match versions.next() {
            Some(newest) if count <= MOST => Ok(Self {
                newest,
                older: versions.collect(),
            }),
            _ => Err(MalformedMaster::Count),
        }
    }

    /// The version that digests and seals.
    pub const fn newest(&self) -> &MasterVersion {
        &self.newest
    }

    /// Every version, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &MasterVersion> {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The numbers of the versions, the newest first.
    pub fn versions(&self) -> Vec<u32> {
        self.all().map(MasterVersion::number).collect()
    }

    /// The version of this number.
    pub fn version(&self, number: u32) -> Result<&MasterVersion, UnknownVersion> {
        let mut all = self.all();
        all.find(|version| version.number == number)
            .ok_or(UnknownVersion(number))
    }

    /// The key of client-secret digests that are made now.
    pub fn pepper(&self) -> Pepper {
        self.newest.pepper()
    }

    /// Whether `digest` was made from this secret of this client, by the version that it names. Compared in
    /// constant time; a digest of any version costs the same.
    pub fn verify(
        &self,
        secret: &Secret,
        client: &ClientId,
        digest: &SecretDigest,
    ) -> Result<bool, UnknownVersion> {
        let pepper = self.version(digest.pepper_version())?.pepper();
        Ok(pepper.verify(secret, client, digest))
    }

    /// `version ‖ salt ‖ nonce ‖ ciphertext ‖ tag`, by the newest version, bound to `context`. Each sealing has a
    /// key of its own, made with the salt. `None` only when the system gives no randomness.
    pub fn seal(
        &self,
        purpose: Purpose,
        context: &[u8],
        plain: &[u8],
        entropy: &dyn Entropy,
    ) -> Option<Vec<u8>> {
        let salt: [u8; SEALING_SALT] = ports::random(entropy).ok()?;
        let version = self.newest.number.to_be_bytes();
        let sealed = self
            .newest
            .sealing(purpose, &salt)
            .seal(context, plain, entropy)?;
        Some([version.as_slice(), &salt, &sealed].concat())
    }

    /// The plain bytes of what [`seal`](Self::seal) gave, of any version at hand.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, OpenError> {
        let (number, rest) = split_version(sealed).ok_or(OpenError::Forged)?;
        let (salt, sealed) = rest
            .split_first_chunk::<SEALING_SALT>()
            .ok_or(OpenError::Forged)?;
        let key = self.version(number)?.sealing(purpose, salt);
        key.open(context, sealed).ok_or(OpenError::Forged)
    }
}

fn split_version(sealed: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = sealed.split_first_chunk::<4>()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// The version of the master secret that sealed bytes name; whether they are whole is for [`Master::open`].
pub fn sealed_by(sealed: &[u8]) -> Option<u32> {
    split_version(sealed).map(|(number, _)| number)
}

/// One version of the master secret. `Debug` shows its number alone.
pub struct MasterVersion {
    number: u32,
    /// HKDF's pseudo-random key.
    prk: hmac::Key,
}

impl fmt::Debug for MasterVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterVersion({})", self.number)
    }
}

impl MasterVersion {
    /// HKDF-Extract (RFC 5869 §2.2).
    fn new(number: u32, text: &str) -> Self {
        let salt = hmac::Key::new(hmac::HMAC_SHA256, SALT);
        let prk = hmac::sign(&salt, text.as_bytes());
        Self {
            number,
            prk: hmac::Key::new(hmac::HMAC_SHA256, prk.as_ref()),
        }
    }

    /// Its number.
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// HKDF-Expand (RFC 5869 §2.3) to one block, which HMAC-SHA-256 alone gives: nothing here can fail, so no
    /// key is ever made of zeros.
    fn derive(&self, label: &str) -> [u8; 32] {
        let block = hmac::sign(&self.prk, &[label.as_bytes(), &[1]].concat());
        let mut key = [0; 32];
        // HMAC-SHA-256 gives 32 bytes, so both are of one length; another one would stop here.
        key.copy_from_slice(block.as_ref());
        key
    }

    /// The key of client-secret digests.
    pub fn pepper(&self) -> Pepper {
        let number = self.number;
        Pepper::new(number, &self.derive(&format!("pepper/{number}")))
    }

    /// What signs the public halves of signing keys.
    pub fn root(&self) -> Option<Root> {
        Root::from_seed(self.number, &self.derive("key-set-root/1"))
    }

    fn sealing(&self, purpose: Purpose, salt: &[u8; SEALING_SALT]) -> SealingKey {
        let (label, salt) = (purpose.label(), HEXLOWER.encode(salt));
        SealingKey::new(&self.derive(&format!("{label}/{salt}")))
    }
}

const SEALING_SALT: usize = 16;
const NONCE: usize = 12;

/// An AES-256-GCM key that seals one text under a fresh random nonce.
struct SealingKey(Option<aead::LessSafeKey>);

impl SealingKey {
    fn new(key: &[u8; 32]) -> Self {
        let key = aead::UnboundKey::new(&aead::AES_256_GCM, key);
        Self(key.ok().map(aead::LessSafeKey::new))
    }

    /// `nonce ‖ ciphertext ‖ tag`.
    fn seal(&self, context: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
        let nonce: [u8; NONCE] = ports::random(entropy).ok()?;
        let mut sealed = plain.to_vec();
        self.0
            .as_ref()?
            .seal_in_place_append_tag(
                aead::Nonce::assume_unique_for_key(nonce),
                aead::Aad::from(context),
                &mut sealed,
            )
            .ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_at_checked(NONCE)?;
        let mut text = text.to_vec();
        let plain = self
            .0
            .as_ref()?
            .open_in_place(
                aead::Nonce::try_assume_unique_for_key(nonce).ok()?,
                aead::Aad::from(context),
                &mut text,
            )
            .ok()?;
        Some(plain.to_vec())
    }
}

/// A JSON object from versions to texts, read strictly: a version that is named twice is no version.
struct Texts(Vec<(u32, String)>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Versions;
        impl<'de> de::Visitor<'de> for Versions {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from versions to texts")
            }
            fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut texts: Vec<(u32, String)> = Vec::new();
                while let Some((name, text)) = map.next_entry::<String, String>()? {
                    let number = name.parse().ok().filter(|n: &u32| n.to_string() == name);
                    let number = number.filter(|n| *n > 0 && texts.iter().all(|(m, _)| m != n));
                    let number = number.ok_or_else(|| de::Error::custom("a bad version"))?;
                    texts.push((number, text));
                }
                Ok(Texts(texts))
            }
        }
        from.deserialize_map(Versions)
    }
}

#[cfg(test)]
mod tests;
