//! `If-Match` and `If-None-Match` (RFC 9110 §13.1): a version is the ETag, the same in every dialect.

use domain::{Invalid, Version, Violations};

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

    /// The versions, one of which a write without a read must meet; none when any will do.
    pub fn versions(&self) -> Result<Option<&[Version]>, ApiError> {
        match self {
            Self::Absent | Self::Any => Ok(None),
            Self::Versions(wanted) => match wanted.len() {
                0 => Err(ApiError::PreconditionFailed),
                1..=MOST => Ok(Some(wanted)),
                _ => {
                    let why =
                        Invalid::Conflict("names more than 20 versions; name the one you read");
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

/// The versions among the tags of a list (RFC 9110 §8.8.3, §5.6.1); none of a list that is not well-formed.
fn versions(tags: &str, weak: bool) -> Vec<Version> {
    let mut found = Vec::new();
    let mut rest = tags.trim();
    while !rest.is_empty() {
        let strong = rest.strip_prefix("W/");
        let opaque = strong.unwrap_or(rest).strip_prefix('"');
        let Some((tag, behind)) = opaque.and_then(|text| text.split_once('"')) else {
            return Vec::new();
        };
        if (strong.is_none() || weak)
            && let Ok(version) = Version::parse(tag)
        {
            found.push(version);
        }
        // Two headers are one list, joined by a comma; an empty element is none.
        let next = behind.trim_start();
        rest = next.trim_start_matches([',', ' ', '\t']);
        if rest.len() == next.len() && !rest.is_empty() {
            return Vec::new();
        }
    }
    found
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
        assert_eq!(
            versions("\"3\",W/\"4\", \"x,y\" ,, \"5\"", false),
            [v(3), v(5)]
        );
        for none in [
            "3",
            "\"\"",
            "W/\"3\"",
            "\"03\"",
            "\"x\"",
            "\"0\"",
            "",
            "*,\"3\"",
            "\"3\",*",
            "\"3\"\"4\"",
            "\"3\" \"4\"",
            "\"3\",4",
            "\"3",
            "\"a,\"3\",b\"",
        ] {
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
            IfMatch::Versions(vec![]).versions(),
            Err(ApiError::PreconditionFailed)
        );
        let several = IfMatch::Versions(vec![v(3); 20]);
        assert_eq!(several.versions().unwrap().unwrap().len(), 20);
        let many = IfMatch::Versions(vec![v(3); 21]);
        assert_eq!(many.versions().unwrap_err().status(), 400);
    }
}
