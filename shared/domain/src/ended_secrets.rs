//! Secrets whose tokens ended with them, remembered until the last of those tokens is over by itself.
//!
//! A token's `jti` starts with the id of the secret that it was obtained with, so a leaked secret's tokens
//! are known without any of them being stored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    SecretId, Timestamp,
    key_rotation::{SKEW, TOKEN_LIFETIME},
};

/// So many secrets of a client are remembered; with them an item stays within one read unit.
pub const MAX_ENDED: usize = 50;
/// For how long one is, in seconds. The clock that issued its last token may be ahead, and so may the one
/// that forgets it.
pub const REMEMBERED: i64 = TOKEN_LIFETIME + 2 * SKEW;

/// The secrets, each with the second from which no token of it can hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndedSecrets(BTreeMap<SecretId, Timestamp>);

impl EndedSecrets {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether tokens of this secret have ended. One that is remembered for longer than it need be counts:
    /// its tokens are over anyway.
    pub fn contains(&self, id: &SecretId) -> bool {
        self.0.contains_key(id)
    }

    /// Those that need be remembered at `now`.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Self {
        let known = self.0.iter().filter(|(_, until)| now < **until);
        Self(known.map(|(id, until)| (id.clone(), *until)).collect())
    }

    /// The same with these, which end at `now`; `None` when they would be more than [`MAX_ENDED`].
    pub fn with<'a>(
        &self,
        ended: impl IntoIterator<Item = &'a SecretId>,
        now: Timestamp,
    ) -> Option<Self> {
        let Self(mut all) = self.at(now);
        let until = now.plus(REMEMBERED);
        all.extend(ended.into_iter().map(|id| (id.clone(), until)));
        (all.len() <= MAX_ENDED).then_some(Self(all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1000);

    fn id(n: u8) -> SecretId {
        SecretId::generate([n; 7])
    }

    #[test]
    fn one_is_forgotten_when_no_token_of_it_can_hold() {
        let one = EndedSecrets::default().with([&id(1)], NOW).unwrap();
        assert!(one.contains(&id(1)) && !one.contains(&id(2)));
        let last = NOW.plus(REMEMBERED - 1);
        assert_eq!(one.at(last), one);
        assert!(one.at(NOW.plus(REMEMBERED)).is_empty());
        let two = one.with([&id(2)], NOW.plus(REMEMBERED)).unwrap();
        assert!(two.contains(&id(2)) && !two.contains(&id(1)));
    }

    #[test]
    fn there_are_fifty_at_most_and_the_same_again_is_none_more() {
        let many: Vec<_> = (0..50).map(id).collect();
        let full = EndedSecrets::default().with(&many, NOW).unwrap();
        assert_eq!(full.with([&id(99)], NOW), None);
        assert!(full.with([&id(7)], NOW.plus(1)).is_some());
        assert!(full.with([&id(99)], NOW.plus(REMEMBERED)).is_some());
    }
}
