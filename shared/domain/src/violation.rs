//! What is wrong with a request: every fault of it at once, each with its place.

use std::fmt;

use crate::Invalid;

/// One fault and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// RFC 6901 pointer into the request body (`/redirect_uris/0`), or the parameter's name.
    pub pointer: String,
    /// Why the value is refused.
    pub invalid: Invalid,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.pointer.strip_prefix('/').unwrap_or(&self.pointer);
        if place.is_empty() {
            write!(f, "the body {}", self.invalid)
        } else {
            write!(f, "{place} {}", self.invalid)
        }
    }
}

/// So many faults are listed; a last one says how many more there are. A body of nothing but faults is
/// neither answered at many times its length nor searched again for each of them.
const LISTED: usize = 50;

/// All faults of one request, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// A single fault.
    pub fn one(pointer: impl Into<String>, invalid: Invalid) -> Self {
        let mut all = Self::default();
        all.push(pointer, invalid);
        all
    }

    /// Adds a fault, unless the same one is there already.
    pub fn push(&mut self, pointer: impl Into<String>, invalid: Invalid) {
        let violation = Violation {
            pointer: pointer.into(),
            invalid,
        };
        let count = match violation.invalid {
            Invalid::More(count) => count,
            _ => 1,
        };
        if let Some(Violation {
            invalid: Invalid::More(more),
            ..
        }) = self.0.last_mut()
        {
            *more = more.saturating_add(count);
        } else if self.0.contains(&violation) {
            // Said already.
        } else if self.0.len() < LISTED {
            self.0.push(violation);
        } else {
            self.0.push(Violation {
                pointer: String::new(),
                invalid: Invalid::More(count),
            });
        }
    }

    /// Adds every fault of `other`.
    pub fn extend(&mut self, other: Self) {
        for violation in other.0 {
            self.push(violation.pointer, violation.invalid);
        }
    }

    /// The faults with every pointer in a dialect's own words.
    #[must_use]
    pub fn renamed(self, rename: impl Fn(&str) -> String) -> Self {
        let mut renamed = Self::default();
        for fault in self.0 {
            let pointer = match fault.invalid {
                Invalid::More(_) => fault.pointer,
                _ => rename(&fault.pointer),
            };
            renamed.push(pointer, fault.invalid);
        }
        renamed
    }

    /// The faults.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// Whether a fault stands at `pointer` or below it.
    pub fn at(&self, pointer: &str) -> bool {
        self.0.iter().any(|v| {
            v.pointer
                .strip_prefix(pointer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// Whether a fault stands at `pointer`, below it or above it: then nothing more can be said of the
    /// value there.
    pub fn touch(&self, pointer: &str) -> bool {
        self.at(pointer)
            || self
                .0
                .iter()
                .any(|v| Self::one(pointer, Invalid::Empty).at(&v.pointer))
    }

    /// Adds the faults of `found` at places that have none yet. A member that could not be read says so
    /// already; what follows from its absence is noise.
    pub fn extend_elsewhere(&mut self, found: Self) {
        let elsewhere = found.0.into_iter().filter(|v| !self.touch(&v.pointer));
        for violation in elsewhere.collect::<Vec<_>>() {
            self.push(violation.pointer, violation.invalid);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `Ok(value)` when nothing is wrong, else the faults.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consequences_are_added_only_where_nothing_is_wrong_yet() {
        let mut faults = Violations::one("/a/1", Invalid::Empty);
        faults.push("/b", Invalid::Empty);
        faults.push("/c/x", Invalid::Empty);
        let mut found = Violations::default();
        for pointer in ["/a", "/b/y", "/c/x", "/c/y", "/c/z", "/bb", ""] {
            found.push(pointer, Invalid::Required);
        }
        faults.extend_elsewhere(found);
        let at: Vec<_> = faults.iter().map(|v| v.pointer.as_str()).collect();
        assert_eq!(at, ["/a/1", "/b", "/c/x", "/c/y", "/c/z", "/bb"]);
    }

    #[test]
    fn of_many_faults_fifty_are_listed_and_the_others_counted() {
        let of = |range: std::ops::Range<usize>| {
            let mut all = Violations::default();
            range.for_each(|n| all.push(format!("/{n}"), Invalid::Unknown));
            all
        };
        assert_eq!(of(0..50).iter().count(), 50);
        let mut faults = of(0..10);
        faults.extend(of(5..1000));
        let all: Vec<_> = faults.iter().collect();
        assert_eq!(all.len(), 51);
        assert_eq!(all[49].pointer, "/49");
        let last = (all[50].pointer.as_str(), all[50].to_string());
        // What stands twice is not listed twice; beyond the list it is not looked for.
        let said = "the body has 950 more faults, which are not listed";
        assert_eq!(last, ("", said.into()));
    }

    #[test]
    fn at_looks_at_whole_members() {
        let faults = Violations::one("/redirect_uris/0", Invalid::Empty);
        assert!(faults.at("/redirect_uris"));
        assert!(!faults.at("/redirect"));
    }
}
