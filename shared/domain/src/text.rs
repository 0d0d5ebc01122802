//! Texts and numbers that callers give: names, descriptions, scopes, resources and the like.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::ascii;
use crate::newtype::text_newtype;
use crate::{Invalid, invalid::NUMBER, unseen};

const fn is_visible(byte: u8) -> bool {
    byte.is_ascii_graphic()
}

/// A name that people read: 1 to 100 characters, not white space alone, no control characters. Kept
/// as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    /// Stands for a name that could not be read, while the rest of a request is checked.
    pub fn placeholder() -> Self {
        Self("?".into())
    }

    const MAX: usize = 100;

    /// A name from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.trim().is_empty() {
            return Err(Invalid::Empty);
        }
        if text.chars().count() > Self::MAX {
            return Err(Invalid::TooLong(Self::MAX));
        }
        if text.chars().any(char::is_control) || !unseen::is_clean(text) {
            return Err(Invalid::Characters(unseen::ALLOWED));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(Name);

/// A longer text for people: up to 1 000 characters, none of them a control character but tab, line
/// feed and carriage return.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Description(String);

impl Description {
    const MAX: usize = 1000;

    /// A description from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        if text.chars().count() > Self::MAX {
            return Err(Invalid::TooLong(Self::MAX));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
            || !unseen::is_clean(text)
        {
            return Err(Invalid::Characters(
                "line breaks, tabs and visible characters: no control, formatting, bidirectional, zero-width or private-use ones",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(Description);

/// One scope: 1 to 256 characters of an RFC 6749 §3.3 `scope-token`, `%x21 / %x23-5B / %x5D-7E`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Scope(String);

impl Scope {
    /// A scope from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let allowed = |b| is_visible(b) && b != b'"' && b != b'\\';
        ascii(
            text,
            256,
            allowed,
            "visible ASCII characters other than \" and \\",
        )
        .map(|text| Self(text.to_owned()))
    }
}

text_newtype!(Scope);

/// A resource that a client may use: 1 to 256 visible ASCII characters. It need not be a URI.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceId(String);

impl ResourceId {
    /// A resource id from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        ascii(text, 256, is_visible, "visible ASCII characters").map(|text| Self(text.to_owned()))
    }
}

text_newtype!(ResourceId);

/// A service provider of an app: 1 to 256 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ServiceProviderId(String);

impl ServiceProviderId {
    /// A service provider's id from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        ascii(text, 256, is_visible, "visible ASCII characters").map(|text| Self(text.to_owned()))
    }
}

text_newtype!(ServiceProviderId);

/// One DNS label (RFC 1035 §2.3.1, digits first allowed by RFC 1123 §2.1): 1 to 63 of `[a-z0-9-]`,
/// no hyphen at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subdomain(String);

impl Subdomain {
    /// A subdomain from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const FORM: &str = "lower-case ASCII letters, digits and hyphens between them";
        let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        let text = ascii(text, 63, allowed, FORM)?;
        if text.starts_with('-') || text.ends_with('-') {
            return Err(Invalid::Characters(FORM));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(Subdomain);

/// A caller's key for one attempt at a write: 1 to 255 visible ASCII characters without a comma. The header
/// draft (draft-ietf-httpapi-idempotency-key-header §2.1) quotes it; quotes count as part of the key.
///
/// Two headers of one name arrive as one, joined by a comma (RFC 9110 §5.3): a key that held one could be
/// two keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// An idempotency key from its text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const TWO: &str = "must not hold a comma: two such headers arrive as one with a comma between, so one key can't be told from two; send the header once, with a key without commas";
        let text = ascii(text, 255, is_visible, "visible ASCII characters")?;
        if text.contains(',') {
            return Err(Invalid::Conflict(TWO));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(IdempotencyKey);

/// How often a thing was written: 1 for a new one, one more with each write. Its only text is the
/// decimal number without sign or leading zeros, so that an entity tag has one spelling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Version(u64);

impl Version {
    /// Half of what a `u64` holds, so that the stored number fits everybody's integers.
    const MAX: u64 = i64::MAX.unsigned_abs();

    /// Of a thing just made.
    pub const fn first() -> Self {
        Self(1)
    }

    /// After one more write.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 < Self::MAX {
            Self(self.0 + 1)
        } else {
            self
        }
    }

    /// A version by its number, 1 or more.
    pub const fn new(number: u64) -> Result<Self, Invalid> {
        if number >= 1 && number <= Self::MAX {
            Ok(Self(number))
        } else {
            Err(Invalid::Range(NUMBER, 1, i64::MAX))
        }
    }

    /// The number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// A version by its decimal text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text.parse()
            .ok()
            .filter(|number: &u64| number.to_string() == text)
            .ok_or(Invalid::Range(NUMBER, 1, i64::MAX))
            .and_then(Self::new)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(u64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_kept_as_written() {
        for text in [
            "a",
            " My app ",
            "日本語",
            "O'Neil & \"Co\" <x>",
            &"é".repeat(100),
        ] {
            assert_eq!(Name::parse(text).unwrap().as_str(), text);
        }
        for text in ["", " ", "\t", "\u{3000}"] {
            assert_eq!(Name::parse(text).unwrap_err(), Invalid::Empty, "{text:?}");
        }
        for text in ["a\nb", "a\0", "a\u{7f}", "a\u{85}b", "\u{1b}[31m"] {
            assert_eq!(
                Name::parse(text).unwrap_err().code(),
                "invalid_characters",
                "{text:?}"
            );
        }
        assert_eq!(
            Name::parse(&"é".repeat(101)).unwrap_err(),
            Invalid::TooLong(100)
        );
    }

    #[test]
    fn descriptions_may_be_empty_and_have_lines() {
        for text in ["", "a\r\n\tb", &"é".repeat(1000)] {
            assert_eq!(Description::parse(text).unwrap().as_str(), text);
        }
        for text in ["a\0b", "\u{8}", "\u{7f}", "\u{85}", &"é".repeat(1001)] {
            assert!(Description::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn scopes_are_scope_tokens() {
        for text in [
            "apps:read",
            "!",
            "~",
            "http://example.com/photos",
            &"x".repeat(256),
        ] {
            assert_eq!(Scope::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "a b",
            "a\"b",
            "a\\b",
            "a\t",
            "\u{7f}",
            "é",
            &"x".repeat(257),
        ] {
            assert!(Scope::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn visible_ascii_ids() {
        for text in ["a", "urn:x:y", "\"\\", "{}", &"x".repeat(255)] {
            assert_eq!(ResourceId::parse(text).unwrap().as_str(), text);
            assert_eq!(ServiceProviderId::parse(text).unwrap().as_str(), text);
            assert_eq!(IdempotencyKey::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "a b", "a\n", "é", "\u{7f}", &"x".repeat(257)] {
            assert!(ResourceId::parse(text).is_err(), "{text:?}");
            assert!(ServiceProviderId::parse(text).is_err(), "{text:?}");
            assert!(IdempotencyKey::parse(text).is_err(), "{text:?}");
        }
        assert!(ResourceId::parse(&"x".repeat(256)).is_ok());
        assert!(IdempotencyKey::parse(&"x".repeat(256)).is_err());
        // Two headers, joined.
        for two in ["one,two", ",", "one,"] {
            assert!(IdempotencyKey::parse(two).is_err(), "{two:?}");
        }
    }

    #[test]
    fn subdomains_are_one_label() {
        for text in ["a", "0", "a-b", "a--b", "1password", &"x".repeat(63)] {
            assert_eq!(Subdomain::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "",
            "-",
            "-a",
            "a-",
            "A",
            "a.b",
            "a_b",
            "é",
            "a b",
            &"x".repeat(64),
        ] {
            assert!(Subdomain::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn versions_count_from_one() {
        assert_eq!(Version::first().get(), 1);
        assert_eq!(Version::first().next().get(), 2);
        assert_eq!(Version::parse("7").unwrap(), Version::new(7).unwrap());
        for text in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            " 1",
            "1.0",
            "9223372036854775808",
            "x",
        ] {
            assert_eq!(
                Version::parse(text).unwrap_err().code(),
                "out_of_range",
                "{text:?}"
            );
        }
        let last = Version::new(Version::MAX).unwrap();
        assert_eq!(last.next(), last);
    }

    #[test]
    fn versions_are_json_numbers() {
        assert_eq!(serde_json::to_value(Version::first()).unwrap(), 1);
        assert_eq!(serde_json::from_str::<Version>("3").unwrap().get(), 3);
        for json in ["0", "-1", "1.5", "\"1\"", "null", "18446744073709551615"] {
            assert!(serde_json::from_str::<Version>(json).is_err(), "{json}");
        }
    }

    proptest! {
        #[test]
        fn versions_come_back_and_grow(number in 1..i64::MAX.unsigned_abs()) {
            let version = Version::new(number).unwrap();
            prop_assert_eq!(Version::parse(&version.to_string()), Ok(version));
            prop_assert!(version.next() > version);
        }

        #[test]
        fn what_parses_is_kept_as_written(text in any::<String>()) {
            for kept in [
                Name::parse(&text).map(|t| t.to_string()),
                Description::parse(&text).map(|t| t.to_string()),
                Scope::parse(&text).map(|t| t.to_string()),
                ResourceId::parse(&text).map(|t| t.to_string()),
                Subdomain::parse(&text).map(|t| t.to_string()),
            ].into_iter().flatten() {
                prop_assert_eq!(&kept, &text);
            }
        }

        #[test]
        fn scopes_hold_exactly_the_characters_of_the_rfc(c: char) {
            let allowed = matches!(u32::from(c), 0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            prop_assert_eq!(Scope::parse(&c.to_string()).is_ok(), allowed);
        }
    }
}
