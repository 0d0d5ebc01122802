//! The real clock and the real randomness.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Clock, Entropy, EntropyError};
use ring::rand::{SecureRandom, SystemRandom};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    fn unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
    }
}

/// The system's random number generator.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that asks the system"
)]
pub fn system_random() -> SystemRandom {
    SystemRandom::new()
}

/// The system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        system_random().fill(bytes).map_err(|_| EntropyError)
    }
}
