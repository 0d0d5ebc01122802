//! What is wrong with a request: every fault of it at once, each with its place.

use std::fmt;

use crate::Invalid;

/// Where in a request a fault stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the body, at this JSON pointer (RFC 6901): `/redirect_uris/0`; the whole body when it is empty.
    Body(String),
    /// In the query parameter of this name.
    Parameter(String),
    /// In the query as a whole.
    Query,
    /// In the header of this name.
    Header(&'static str),
}

impl Place {
    /// The query parameter `name`.
    pub fn parameter(name: impl Into<String>) -> Self {
        Self::Parameter(name.into())
    }

    /// The pointer of a place in the body.
    pub const fn pointer(&self) -> Option<&str> {
        match self {
            Self::Body(pointer) => Some(pointer.as_str()),
            _ => None,
        }
    }
}

impl From<&str> for Place {
    fn from(pointer: &str) -> Self {
        Self::Body(pointer.to_owned())
    }
}

impl From<String> for Place {
    fn from(pointer: String) -> Self {
        Self::Body(pointer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Body(pointer) if pointer.is_empty() => "the body",
            Self::Body(pointer) => pointer.strip_prefix('/').unwrap_or(pointer),
            Self::Parameter(name) => name,
            Self::Query => "the query",
            Self::Header(name) => name,
        })
    }
}

/// One fault and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where.
    pub place: Place,
    /// Why the value is refused.
    pub invalid: Invalid,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.invalid) {
            (Place::Parameter(name), Invalid::Unknown) => write!(
                f,
                "{name} is not a parameter of this request; remove it or check its spelling"
            ),
            (Place::Parameter(name), Invalid::Duplicate) => {
                write!(f, "{name} is there twice; send it once")
            }
            (place, invalid) => write!(f, "{place} {invalid}"),
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
    pub fn one(place: impl Into<Place>, invalid: Invalid) -> Self {
        let mut all = Self::default();
        all.push(place, invalid);
        all
    }

    /// Adds a fault, unless the same one is there already. A text is a pointer into the body.
    pub fn push(&mut self, place: impl Into<Place>, invalid: Invalid) {
        let violation = Violation {
            place: place.into(),
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
                place: Place::Body(String::new()),
                invalid: Invalid::More(count),
            });
        }
    }

    /// Adds every fault of `other`.
    pub fn extend(&mut self, other: Self) {
        for violation in other.0 {
            self.push(violation.place, violation.invalid);
        }
    }

    /// The faults with every pointer in a dialect's own words.
    #[must_use]
    pub fn renamed(self, rename: impl Fn(&str) -> String) -> Self {
        let mut renamed = Self::default();
        for fault in self.0 {
            let place = match (fault.place, &fault.invalid) {
                (Place::Body(pointer), Invalid::More(_)) => Place::Body(pointer),
                (Place::Body(pointer), _) => Place::Body(rename(&pointer)),
                (elsewhere, _) => elsewhere,
            };
            renamed.push(place, fault.invalid);
        }
        renamed
    }

    /// The faults with `old` said as `new`, which names a dialect's own members.
    #[must_use]
    pub fn reworded(mut self, old: &Invalid, new: &Invalid) -> Self {
        for fault in self.0.iter_mut().filter(|fault| fault.invalid == *old) {
            fault.invalid = new.clone();
        }
        self
    }

    /// The faults.
    pub fn iter(&self) -> impl Iterator<Item = &Violation> {
        self.0.iter()
    }

    /// Whether a fault stands at `pointer` or below it.
    pub fn at(&self, pointer: &str) -> bool {
        self.pointers().any(|place| is_within(place, pointer))
    }

    /// Whether a fault stands at `pointer`, below it or above it: then nothing more can be said of the
    /// value there.
    fn touch(&self, pointer: &str) -> bool {
        let mut places = self.pointers();
        places.any(|place| is_within(place, pointer) || is_within(pointer, place))
    }

    fn pointers(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|fault| fault.place.pointer())
    }

    /// Adds those faults of `found` that stand where nothing is wrong yet. What could not be read says so
    /// already; what follows from its absence is noise.
    pub fn extend_elsewhere(&mut self, found: Self) {
        let said = |v: &Violation| v.place.pointer().is_some_and(|at| self.touch(at));
        let elsewhere: Vec<_> = found.0.into_iter().filter(|v| !said(v)).collect();
        for violation in elsewhere {
            self.push(violation.place, violation.invalid);
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

/// Whether the place `inner` is `outer` or a part of it.
fn is_within(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
        let at: Vec<_> = faults.iter().map(|v| v.place.pointer().unwrap()).collect();
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
        assert_eq!(all[49].place, Place::from("/49"));
        let last = (all[50].place.pointer().unwrap(), all[50].to_string());
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
