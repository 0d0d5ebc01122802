//! `If-Match` and `If-None-Match` (RFC 9110 §13.1): a version is the ETag, the same in every dialect.

use domain::{Invalid, Place, Version, Violations};

use crate::{ApiError, Call};

/// A version as a strong ETag (RFC 9110 §8.8.3).
pub fn etag(version: Version) -> String {
    format!("\"{version}\"")
}

/// A write's condition names no more versions than this.
const MOST: usize = 20;

/// What `If-Match` asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IfMatch {
    /// Nothing: any version will do, and a lost race is tried again.
    Absent,
    /// That the thing exists, which it must anyway.
    Any,
    /// One of these versions.
    Versions(Vec<Version>),
}

impl IfMatch {
    /// From a call's header. A quoted tag that is none of ours matches nothing; what is no tag is refused, as it
    /// says nothing of whether something has changed.
    pub fn of(call: &Call) -> Result<Self, ApiError> {
        let Some(text) = call.request.header("if-match").map(str::trim) else {
            return Ok(Self::Absent);
        };
        if text == "*" {
            return Ok(Self::Any);
        }
        let takes_weak = call.dialect().takes_weak_etags();
        let refuse = |why| Err(Violations::one(Place::Header("If-Match"), why).into());
        match tags(text) {
            Some(tags) if tags.is_empty() => refuse(Invalid::Conflict(NO_TAG)),
            Some(tags) if tags.iter().any(|tag| tag.weak) && !takes_weak => {
                refuse(Invalid::Conflict(WEAK))
            }
            Some(tags) if tags.len() > MOST => refuse(Invalid::Conflict(TOO_MANY)),
            Some(tags) => Ok(Self::Versions(versions(&tags))),
            None => refuse(Invalid::Conflict(NO_TAG)),
        }
    }

    /// Fails unless `current` is asked for.
    pub fn check(&self, current: Version) -> Result<(), ApiError> {
        match self {
            Self::Versions(wanted) if !wanted.contains(&current) => {
                Err(ApiError::PreconditionFailed)
            }
            _ => Ok(()),
        }
    }

    /// Whether a write that met another one may be tried again on the new state.
    pub const fn allows_retry(&self) -> bool {
        !matches!(self, Self::Versions(_))
    }

    /// The versions, one of which a write without a read must meet; none when any will do.
    pub fn versions(&self) -> Result<Option<&[Version]>, ApiError> {
        match self {
            Self::Absent | Self::Any => Ok(None),
            Self::Versions(wanted) if wanted.is_empty() => Err(ApiError::PreconditionFailed),
            Self::Versions(wanted) => Ok(Some(wanted)),
        }
    }
}

const NO_TAG: &str =
    "must be * or the quoted tag that the ETag header gave, quotes included: \"4\"";
const WEAK: &str =
    "must hold strong tags: send the tag as the ETag header gave it, without W/ before it";
const TOO_MANY: &str = "names more than 20 versions; name the one you read";

/// Whether the caller has `current` already (`If-None-Match`, compared weakly).
pub fn is_known(call: &Call, current: Version) -> bool {
    match call.request.header("if-none-match").map(str::trim) {
        None => false,
        Some("*") => true,
        Some(text) => versions(&tags(text).unwrap_or_default()).contains(&current),
    }
}

/// One entity tag (RFC 9110 §8.8.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Tag<'a> {
    weak: bool,
    /// What stands between the quotes.
    opaque: &'a str,
}

/// The tags of a list (RFC 9110 §8.8.3, §5.6.1); `None` when it is not well-formed.
fn tags(text: &str) -> Option<Vec<Tag<'_>>> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let strong = rest.strip_prefix("W/");
        let quoted = strong.unwrap_or(rest).strip_prefix('"')?;
        let (opaque, behind) = quoted.split_once('"')?;
        found.push(Tag {
            weak: strong.is_some(),
            opaque,
        });
        // Two headers are one list, joined by a comma; an empty element is none.
        let next = behind.trim_start();
        rest = next.trim_start_matches([',', ' ', '\t']);
        if rest.len() == next.len() && !rest.is_empty() {
            return None;
        }
    }
    Some(found)
}

/// The versions among tags; those of others are none.
fn versions(tags: &[Tag<'_>]) -> Vec<Version> {
    let tags = tags.iter();
    tags.filter_map(|tag| Version::parse(tag.opaque).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(n: u64) -> Version {
        Version::new(n).unwrap()
    }

    #[test]
    fn tags_are_versions_in_quotes() {
        let read = |text: &str| tags(text).map(|tags| versions(&tags));
        assert_eq!(read("\"3\", \"4\""), Some(vec![v(3), v(4)]));
        assert_eq!(read("W/\"3\""), Some(vec![v(3)]));
        assert_eq!(read("\"3\", \"x,y\" ,, \"5\""), Some(vec![v(3), v(5)]));
        for foreign in ["\"\"", "\"03\"", "\"x\"", "\"0\""] {
            assert_eq!(read(foreign), Some(vec![]), "{foreign}");
        }
        for broken in [
            "3",
            "w/\"3\"",
            "*,\"3\"",
            "\"3\",*",
            "\"3\"\"4\"",
            "\"3\" \"4\"",
            "\"3\",4",
            "\"3",
            "\"a,\"3\",b\"",
        ] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_stale_version_fails() {
        let asked = IfMatch::Versions(vec![v(3)]);
        assert_eq!(asked.check(v(3)), Ok(()));
        assert_eq!(asked.check(v(4)), Err(ApiError::PreconditionFailed));
        assert_eq!(IfMatch::Any.check(v(4)), Ok(()));
        assert_eq!(
            IfMatch::Versions(vec![]).versions(),
            Err(ApiError::PreconditionFailed)
        );
    }
}
