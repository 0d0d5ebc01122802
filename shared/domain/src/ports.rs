//! Time and randomness, which the rules take as arguments and never reach for.

use thiserror::Error;

use crate::Timestamp;

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn unix_ms(&self) -> u64;

    /// The time in whole seconds.
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(i64::try_from(self.unix_ms() / 1000).unwrap_or(i64::MAX))
    }
}

/// The system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the system's random number generator failed")]
pub struct EntropyError;

/// Gives random bytes fit for keys and secrets.
pub trait Entropy: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError>;
}

/// `N` random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> Result<[u8; N], EntropyError> {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes)?;
    Ok(bytes)
}
