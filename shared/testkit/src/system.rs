//! Time and randomness that repeat.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{Clock, Entropy, EntropyError};

/// Where every test's clock starts: 2026-01-02T03:04:05Z.
const START_MS: u64 = 1_767_323_045_000;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct TestClock(AtomicU64);

impl Default for TestClock {
    fn default() -> Self {
        Self(AtomicU64::new(START_MS))
    }
}

impl TestClock {
    /// Moves the clock by seconds, back for negative ones.
    pub fn advance(&self, seconds: i64) {
        let ms = seconds.saturating_mul(1000);
        let moved = |now: u64| now.checked_add_signed(ms);
        let _ = self
            .0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, moved);
    }
}

impl Clock for TestClock {
    fn unix_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Bytes from a seed: the same in every run, different in every call.
#[derive(Debug)]
pub struct SeededEntropy(AtomicU64);

impl SeededEntropy {
    /// From `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed.wrapping_mul(0x5851_f42d_4c95_7f2d)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in bytes.chunks_mut(8) {
            // SplitMix64: every state gives another word.
            let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let word = (z ^ (z >> 31)).to_be_bytes();
            for (byte, random) in chunk.iter_mut().zip(word) {
                *byte = random;
            }
        }
        Ok(())
    }
}
