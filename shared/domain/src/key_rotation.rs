//! When signing keys are made and removed: published before use, kept until all they signed is over.

use crate::Timestamp;

/// The longest life of an access token, in seconds.
pub const TOKEN_LIFETIME: i64 = 3600;
/// How far another clock may be ahead of ours, in seconds.
pub const SKEW: i64 = 60;
/// So long a key is published before it signs, in seconds: longer than our own functions keep a key
/// set (300 s) and others then keep what discovery answered (300 s).
///
/// A signer that could not read the keys for this long stops, so none misses its successor.
pub const LEAD: i64 = 900;
/// A key's successor is made when it has been signing for so long: 30 days.
pub const PERIOD: i64 = 30 * 86_400;
/// A key is removed when its successor has been signing for so long.
pub const OVERLAP: i64 = TOKEN_LIFETIME + SKEW + LEAD;

/// What rotation needs to know of a key. Keys follow one another in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyLife<'a> {
    /// It signs from then on.
    pub signs_from: Timestamp,
    /// Its id.
    pub kid: &'a str,
}

/// What is to be done now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan<'a> {
    /// Make a key that signs from then on.
    pub make: Option<Timestamp>,
    /// Remove these keys: nothing that they signed can be valid.
    pub retire: Vec<&'a str>,
}

/// The key that signs at `now`: the last whose time has come. Some key signs while there is any.
pub fn signer<'k, K>(
    keys: &'k [K],
    now: Timestamp,
    life: impl Fn(&'k K) -> KeyLife<'k>,
) -> Option<&'k K> {
    let ready = keys.iter().filter(|key| life(key).signs_from <= now);
    // A clock that was set back must not leave the deployment without a signer.
    ready
        .max_by_key(|key| life(key))
        .or_else(|| keys.iter().min_by_key(|key| life(key)))
}

/// What the keys need at `now`. Doing it twice, or by two runs at once, does no harm.
pub fn plan<'a>(keys: &[KeyLife<'a>], now: Timestamp) -> Plan<'a> {
    // A key dated further ahead than any run of ours would was made under a wrong clock.
    let last = keys.iter().filter(|key| key.signs_from <= now.plus(LEAD));
    let make = match last.max() {
        // There is no token yet that anybody could fail to verify.
        _ if keys.is_empty() => Some(now),
        Some(last) if now < last.signs_from.plus(PERIOD) => None,
        _ => Some(now.plus(LEAD)),
    };
    let settled = keys
        .iter()
        .filter(|key| key.signs_from.plus(OVERLAP) <= now)
        .max();
    let over = keys.iter().filter(|key| settled.is_some_and(|s| *key < s));
    Plan {
        make,
        retire: over.map(|key| key.kid).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    /// A key with the moment it was published; the first needs no lead.
    #[derive(Debug, Clone)]
    struct Made {
        kid: String,
        at: i64,
        signs_from: i64,
        first: bool,
    }

    fn life(key: &Made) -> KeyLife<'_> {
        KeyLife {
            signs_from: Timestamp::from_unix(key.signs_from),
            kid: &key.kid,
        }
    }

    fn planned(keys: &[Made], now: i64) -> (Option<i64>, Vec<String>) {
        let lives: Vec<_> = keys.iter().map(life).collect();
        let plan = plan(&lives, Timestamp::from_unix(now));
        let retire = plan.retire.iter().map(ToString::to_string).collect();
        (plan.make.map(Timestamp::unix), retire)
    }

    #[test]
    fn a_key_lives_from_its_making_to_the_end_of_its_last_token() {
        assert_eq!(planned(&[], 5), (Some(5), vec![]));
        let first = Made {
            kid: "a".into(),
            at: 0,
            signs_from: 0,
            first: true,
        };
        let one = vec![first.clone()];
        assert_eq!(planned(&one, 0), (None, vec![]));
        assert_eq!(planned(&one, PERIOD - 1), (None, vec![]));
        assert_eq!(planned(&one, PERIOD), (Some(PERIOD + LEAD), vec![]));
        let next = Made {
            kid: "b".into(),
            at: PERIOD,
            signs_from: PERIOD + LEAD,
            first: false,
        };
        let two = vec![first, next];
        // Done is done: a second run finds nothing to do.
        assert_eq!(planned(&two, PERIOD), (None, vec![]));
        let over = PERIOD + LEAD + OVERLAP;
        assert_eq!(planned(&two, over - 1), (None, vec![]));
        assert_eq!(planned(&two, over), (None, vec!["a".into()]));
        let at = |now| signer(&two, Timestamp::from_unix(now), life).map(|k| k.kid.as_str());
        assert_eq!(at(-1), Some("a"));
        assert_eq!(at(PERIOD + LEAD - 1), Some("a"));
        assert_eq!(at(PERIOD + LEAD), Some("b"));
    }

    #[test]
    fn a_key_made_under_a_wrong_clock_stops_no_rotation() {
        let stray = Made {
            kid: "z".into(),
            at: 0,
            signs_from: 10 * PERIOD,
            first: false,
        };
        assert_eq!(planned(&[stray], 7), (Some(7 + LEAD), vec![]));
    }

    proptest! {
        /// Runs at any times, tokens signed at all times by signers whose keys are up to `LEAD` old.
        #[test]
        fn some_key_signs_at_every_moment_and_none_goes_too_early(
            steps in proptest::collection::vec(
                (prop_oneof![0..2000_i64, 2000..100_000_i64, 0..3 * PERIOD], any::<bool>()), 1..40),
        ) {
            let mut keys: Vec<Made> = Vec::new();
            // What the table held, and since when.
            let mut history: Vec<(i64, Vec<Made>)> = Vec::new();
            let mut signed_until: HashMap<String, i64> = HashMap::new();
            let (mut now, mut made) = (0, 0);
            for (pause, twice) in steps {
                // Both of two runs at once act on what they read before either wrote.
                let plans = vec![planned(&keys, now); if twice { 2 } else { 1 }];
                for (make, retire) in plans {
                    for kid in retire {
                        let end = signed_until.get(&kid).map_or(i64::MIN, |at| at + TOKEN_LIFETIME + SKEW);
                        prop_assert!(end <= now, "{kid} is removed at {now}, its tokens end at {end}");
                        keys.retain(|key| key.kid != kid);
                    }
                    if let Some(signs_from) = make {
                        made += 1;
                        // Nothing was signed before the first key, whichever run made it.
                        let (kid, first) = (format!("k{made}"), signs_from == now);
                        keys.push(Made { kid, at: now, signs_from, first });
                    }
                }
                prop_assert_eq!(planned(&keys, now).0, None);
                history.push((now, keys.clone()));
                let next = now + pause;
                // Moments at which the signer may change, and the last one before the next run.
                let mut moments: Vec<i64> = keys.iter().flat_map(|k| [k.signs_from - 1, k.signs_from]).collect();
                moments.extend([now, now + 300, now + LEAD - 1, next - 1]);
                for t in moments.into_iter().filter(|t| (now..next).contains(t)) {
                    for stale in [0, 1, 300, LEAD - 1] {
                        let seen = history.iter().rev().find(|(at, _)| *at <= t - stale);
                        let Some((_, view)) = seen else { continue };
                        let key = signer(view, Timestamp::from_unix(t), life);
                        prop_assert!(key.is_some(), "nobody signs at {t}");
                        let key = key.unwrap();
                        prop_assert!(key.first || key.at + LEAD <= t, "{key:?} signs at {t}");
                        signed_until.entry(key.kid.clone()).and_modify(|at| *at = t.max(*at)).or_insert(t);
                    }
                }
                now = next;
            }
        }
    }
}
