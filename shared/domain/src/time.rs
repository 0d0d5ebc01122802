//! Points in time (whole seconds) and days, as they are stored and shown.

use std::fmt;

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Seconds since 1970-01-01T00:00:00Z; shown as RFC 3339, stored as a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From seconds since the epoch.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This many seconds later; the end of time when out of range.
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The UTC day.
    pub const fn day(self) -> Day {
        Day(self.0.div_euclid(86_400))
    }
}

fn rfc3339(seconds: i64) -> Option<String> {
    OffsetDateTime::from_unix_timestamp(seconds)
        .ok()?
        .format(&Rfc3339)
        .ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years past 9999 have no RFC 3339 form.
        f.write_str(&rfc3339(self.0).unwrap_or_else(|| "9999-12-31T23:59:59Z".into()))
    }
}

/// A UTC day; shown as `2026-11-22`, stored as days since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Day(i64);

impl Day {
    /// Days since the epoch.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Timestamp(self.0.saturating_mul(86_400)).to_string();
        f.write_str(text.split('T').next().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_rfc_3339_and_the_day() {
        let t = Timestamp::from_unix(1_566_656_122);
        assert_eq!(t.to_string(), "2019-08-24T14:15:22Z");
        assert_eq!(t.day().to_string(), "2019-08-24");
        assert_eq!(t.plus(1).unix(), 1_566_656_123);
    }

    #[test]
    fn the_far_future_does_not_panic() {
        let t = Timestamp::from_unix(i64::MAX).plus(1);
        assert_eq!(t.to_string(), "9999-12-31T23:59:59Z");
        assert_eq!(t.day().to_string(), "9999-12-31");
        // 2038: past 32 bits.
        assert_eq!(
            Timestamp::from_unix(2_147_483_648).to_string(),
            "2038-01-19T03:14:08Z"
        );
    }
}
