//! `If-Match` and `If-None-Match` (RFC 9110 §13.1): a version is the ETag, the same in every dialect.

use domain::{Invalid, Version, Violations};

use crate::{ApiError, Call};

/// A version as a strong ETag (RFC 9110 §8.8.3).
pub fn etag(version: Version) -> String {
    format!("\"{version}\"")
}

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
    /// From a call's header. A tag that is none of ours matches nothing.
    pub fn of(call: &Call) -> Self {
        match call.request.header("if-match").map(str::trim) {
            None => Self::Absent,
            Some("*") => Self::Any,
            Some(tags) => Self::Versions(versions(tags, call.dialect().takes_weak_etags())),
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

    /// The version that a write without a read must meet. An impossible one when no tag is ours.
    pub fn version(&self) -> Result<Option<Version>, ApiError> {
        match self {
            Self::Absent | Self::Any => Ok(None),
            Self::Versions(wanted) => match wanted.as_slice() {
                [] => Err(ApiError::PreconditionFailed),
                [only] => Ok(Some(*only)),
                _ => {
                    let why = Invalid::Conflict("names several versions; this write takes one");
                    Err(Violations::one("if-match", why).into())
                }
            },
        }
    }
}

/// Whether the caller has `current` already (`If-None-Match`, compared weakly).
pub fn is_known(call: &Call, current: Version) -> bool {
    match call.request.header("if-none-match").map(str::trim) {
        None => false,
        Some("*") => true,
        Some(tags) => versions(tags, true).contains(&current),
    }
}

fn versions(tags: &str, weak: bool) -> Vec<Version> {
    let parse = |tag: &str| {
        let tag = tag.trim();
        let tag = if weak {
            tag.strip_prefix("W/").unwrap_or(tag)
        } else {
            tag
        };
        let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
        Version::parse(inner).ok()
    };
    tags.split(',').filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v(n: u64) -> Version {
        Version::new(n).unwrap()
    }

    #[test]
    fn tags_are_versions_in_quotes() {
        assert_eq!(versions("\"3\", \"4\"", false), [v(3), v(4)]);
        assert_eq!(versions("W/\"3\"", true), [v(3)]);
        for none in ["3", "\"\"", "W/\"3\"", "\"03\"", "\"x\"", "\"0\"", ""] {
            assert_eq!(versions(none, false), [], "{none}");
        }
    }

    #[test]
    fn a_stale_version_fails() {
        let asked = IfMatch::Versions(vec![v(3)]);
        assert_eq!(asked.check(v(3)), Ok(()));
        assert_eq!(asked.check(v(4)), Err(ApiError::PreconditionFailed));
        assert_eq!(IfMatch::Any.check(v(4)), Ok(()));
        assert_eq!(
            IfMatch::Versions(vec![]).version(),
            Err(ApiError::PreconditionFailed)
        );
    }
}
