//! The deployment's one master secret, from which every symmetric key is derived (HKDF, RFC 5869).
//!
//! Each key has a label of its own, so that no key serves two purposes.

use data_encoding::HEXLOWER;
use ring::{aead, hkdf, hmac};
use std::fmt;

use crate::{Entropy, Invalid, Pepper, ports};

const SALT: &[u8] = b"roster/master/1";
/// The pepper in use; a digest carries the version that made it.
const PEPPER_VERSION: u32 = 1;
const NONCE: usize = 12;

/// The master secret. `Debug` shows nothing of it.
pub struct Master(hkdf::Prk);

impl fmt::Debug for Master {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Master(..)")
    }
}

struct Bytes32;

impl hkdf::KeyType for Bytes32 {
    fn len(&self) -> usize {
        32
    }
}

impl Master {
    /// From the stored text: at least 32 bytes of it.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.len() < 32 {
            return Err(Invalid::TooShort(32));
        }
        Ok(Self(
            hkdf::Salt::new(hkdf::HKDF_SHA256, SALT).extract(text.as_bytes()),
        ))
    }

    fn derive(&self, label: &str) -> [u8; 32] {
        let mut key = [0; 32];
        // HKDF-SHA-256 gives up to 8 160 bytes, so 32 can't fail.
        if let Ok(okm) = self.0.expand(&[label.as_bytes()], Bytes32) {
            let _ = okm.fill(&mut key);
        }
        key
    }

    /// The key of client-secret digests.
    pub fn pepper(&self) -> Pepper {
        Pepper::new(
            PEPPER_VERSION,
            &self.derive(&format!("pepper/{PEPPER_VERSION}")),
        )
    }

    /// The key that authenticates list cursors.
    pub fn cursor_key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.derive("cursor/1"))
    }

    /// The key that seals answers kept under idempotency keys.
    pub fn answer_sealing(&self) -> SealingKey {
        SealingKey::new(&self.derive("idempotent-answer/1"))
    }

    /// The key that seals one opaque access token. Each has a salt, and so a key, of its own: the
    /// bound on nonces below would else be a bound on tokens.
    pub fn access_token_sealing(&self, salt: &[u8; 16]) -> SealingKey {
        let salt = HEXLOWER.encode(salt);
        SealingKey::new(&self.derive(&format!("access-token/1/{salt}")))
    }

    /// The key that wraps private signing keys at rest.
    pub fn key_wrapping(&self) -> SealingKey {
        SealingKey::new(&self.derive("signing-key-wrap/1"))
    }
}

/// An AES-256-GCM key that seals small texts under fresh random nonces.
///
/// A random 96-bit nonce is safe for 2^32 messages a key (NIST SP 800-38D §8.3).
pub struct SealingKey(Option<aead::LessSafeKey>);

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

impl SealingKey {
    fn new(key: &[u8; 32]) -> Self {
        Self(
            aead::UnboundKey::new(&aead::AES_256_GCM, key)
                .ok()
                .map(aead::LessSafeKey::new),
        )
    }

    /// `nonce ‖ ciphertext ‖ tag`, bound to `context`. `None` only when the system gives no randomness.
    pub fn seal(&self, context: &[u8], plain: &[u8], entropy: &dyn Entropy) -> Option<Vec<u8>> {
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

    /// The plain bytes, or `None` when the text was not sealed by this key for this `context`.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::EntropyError;

    struct Counting;
    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
            bytes.fill(7);
            Ok(())
        }
    }

    fn master() -> Master {
        Master::parse("a master secret of more than thirty-two bytes").unwrap()
    }

    #[test]
    fn keys_differ_by_label_and_by_master() {
        let other = Master::parse("another master secret of more than 32 bytes").unwrap();
        assert_ne!(master().derive("a"), master().derive("b"));
        assert_ne!(master().derive("a"), other.derive("a"));
        assert_eq!(master().derive("a"), master().derive("a"));
        assert_ne!(master().derive("a"), [0; 32]);
    }

    #[test]
    fn sealed_text_opens_only_whole_and_in_its_context() {
        let key = master().key_wrapping();
        let sealed = key.seal(b"kid-1", b"private", &Counting).unwrap();
        assert_eq!(key.open(b"kid-1", &sealed).unwrap(), b"private");
        assert_eq!(key.open(b"kid-2", &sealed), None);
        for cut in 0..sealed.len() {
            assert_eq!(key.open(b"kid-1", &sealed[..cut]), None, "cut at {cut}");
        }
        let mut bent = sealed.clone();
        bent[NONCE] ^= 1;
        assert_eq!(key.open(b"kid-1", &bent), None);
    }

    #[test]
    fn short_masters_are_refused() {
        assert_eq!(Master::parse("short").unwrap_err(), Invalid::TooShort(32));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", master()), "Master(..)");
        assert_eq!(format!("{:?}", master().key_wrapping()), "SealingKey(..)");
    }
}
