//! Code names: the human handle of an app, unique within its tenant.

use crate::Invalid;
use crate::ids::ascii;
use crate::newtype::text_newtype;

/// The name part at most, in characters.
const NAME: usize = 100;
/// The postfix, in characters.
const POSTFIX: usize = 8;
const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// An app's code name: `^[a-z0-9]{1,100}(_[a-z0-9]{1,8})?$`.
///
/// It never contains a `-`, so it can't be taken for an [`AppId`](crate::AppId) where a path takes
/// either. Only ASCII is lower-cased and kept: Unicode's lower case of `K` (Kelvin) is an ASCII `k`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CodeName(String);

const fn in_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

impl CodeName {
    /// One that a caller asked for: `^[a-zA-Z0-9]{1,100}$`, kept in lower case.
    pub fn explicit(text: &str) -> Result<Self, Invalid> {
        ascii(
            text,
            NAME,
            |b| b.is_ascii_alphanumeric(),
            "ASCII letters and digits",
        )
        .map(|text| Self(text.to_ascii_lowercase()))
    }

    /// The stored form of one as a caller names it, whose letter case makes no difference.
    pub fn named(text: &str) -> Result<Self, Invalid> {
        Self::parse(&text.to_ascii_lowercase())
    }

    /// One made from an app's name: its ASCII letters and digits in lower case, the first 100.
    /// `None` when the name has none.
    pub fn from_name(name: &str) -> Option<Self> {
        let kept: String = name
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
            .take(NAME)
            .collect();
        (!kept.is_empty()).then_some(Self(kept))
    }

    /// `base` (`app` if there is none) with 8 random characters: `myapp_k3x09qzt`. A postfix that
    /// `base` has already is replaced.
    ///
    /// One of 36^8 ≈ 2.8 × 10^12: of 200 concurrent creates of one name, some two collide once in
    /// 140 million times; a name needs 60 000 apps before one more create collides at 1 in 47 million.
    #[must_use]
    pub fn with_postfix(base: Option<&Self>, random: u64) -> Self {
        let base = base.map_or("app", |base| base.0.split('_').next().unwrap_or_default());
        let mut text = String::with_capacity(base.len() + 1 + POSTFIX);
        text.push_str(base);
        text.push('_');
        let mut rest = random;
        for _ in 0..POSTFIX {
            let digit = usize::try_from(rest % 36).unwrap_or_default();
            text.extend(DIGITS.get(digit).copied().map(char::from));
            rest /= 36;
        }
        Self(text)
    }

    /// A code name in its stored form.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const FORM: Invalid = Invalid::Characters(
            "lower-case ASCII letters and digits, with one underscore before a postfix",
        );
        if text.is_empty() {
            return Err(Invalid::Empty);
        }
        let (name, postfix) = match text.split_once('_') {
            Some((name, postfix)) => (name, Some(postfix)),
            None => (text, None),
        };
        let well_formed = |part: &str| !part.is_empty() && part.bytes().all(in_name);
        if !well_formed(name) || !postfix.is_none_or(well_formed) {
            return Err(FORM);
        }
        if name.len() > NAME || postfix.is_some_and(|postfix| postfix.len() > POSTFIX) {
            return Err(Invalid::TooLong(NAME));
        }
        Ok(Self(text.to_owned()))
    }
}

text_newtype!(CodeName);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::AppId;

    fn made(name: &str) -> Option<String> {
        CodeName::from_name(name).map(|code_name| code_name.to_string())
    }

    #[test]
    fn made_from_names() {
        assert_eq!(made("My app").as_deref(), Some("myapp"));
        assert_eq!(made("  A-1_b! ").as_deref(), Some("a1b"));
        assert_eq!(made("Café").as_deref(), Some("caf"));
        assert_eq!(made("日本語"), None);
        assert_eq!(made(""), None);
        assert_eq!(made(&"Z".repeat(300)).unwrap(), "z".repeat(100));
    }

    #[test]
    fn look_alikes_do_not_become_ascii() {
        // Kelvin sign, long s, dotted capital I, full-width A.
        assert_eq!(made("\u{212A}"), None);
        assert_eq!(made("\u{17F}\u{130}\u{FF21}"), None);
        assert_eq!(made("a\u{212A}b").as_deref(), Some("ab"));
        assert!(CodeName::explicit("\u{212A}").is_err());
    }

    #[test]
    fn explicit_ones_are_lower_cased() {
        assert_eq!(CodeName::explicit("MyApp1").unwrap().as_str(), "myapp1");
        assert_eq!(CodeName::explicit("").unwrap_err(), Invalid::Empty);
        assert_eq!(
            CodeName::explicit(&"a".repeat(101)).unwrap_err(),
            Invalid::TooLong(100)
        );
        for text in ["my app", "my_app", "my-app", "äpp", "a\n", "a/b"] {
            assert!(CodeName::explicit(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_stored_form() {
        for text in [
            "a",
            "0",
            "myapp",
            "mywikipages_72",
            "app_k3x09qzt",
            &"a".repeat(100),
        ] {
            assert_eq!(CodeName::parse(text).unwrap().as_str(), text);
        }
        for text in [
            "", "_", "a_", "_a", "a__b", "a_b_c", "A", "a-b", "a b", "a\n", "a_B",
        ] {
            assert!(CodeName::parse(text).is_err(), "{text:?}");
        }
        assert!(CodeName::parse(&"a".repeat(101)).is_err());
        assert!(CodeName::parse("a_123456789").is_err());
    }

    #[test]
    fn postfixes() {
        let base = CodeName::explicit("myapp").unwrap();
        let first = CodeName::with_postfix(Some(&base), 0);
        assert_eq!(first.as_str(), "myapp_aaaaaaaa");
        assert_eq!(CodeName::with_postfix(None, 35).as_str(), "app_9aaaaaaa");
        assert_eq!(
            CodeName::with_postfix(Some(&first), 1).as_str(),
            "myapp_baaaaaaa"
        );
        let distinct: HashSet<_> = (0..10_000)
            .map(|random| CodeName::with_postfix(None, random))
            .collect();
        assert_eq!(distinct.len(), 10_000);
    }

    proptest! {
        #[test]
        fn whatever_is_made_is_in_stored_form(name in any::<String>(), random: u64) {
            let base = CodeName::from_name(&name);
            let postfixed = CodeName::with_postfix(base.as_ref(), random);
            for code_name in base.into_iter().chain([postfixed]) {
                prop_assert_eq!(CodeName::parse(code_name.as_str()), Ok(code_name));
            }
        }

        #[test]
        fn what_parses_is_no_app_id(text in any::<String>(), ms in 0..1_u64 << 48, random: [u8; 10]) {
            if let Ok(code_name) = CodeName::parse(&text) {
                prop_assert_eq!(code_name.as_str(), text.as_str());
                prop_assert!(AppId::parse(&text).is_err());
            }
            prop_assert!(CodeName::parse(&AppId::generate(ms, random).to_string()).is_err());
        }

        #[test]
        fn explicit_ones_are_in_stored_form(text in "[a-zA-Z0-9]{1,100}") {
            let code_name = CodeName::explicit(&text).unwrap();
            prop_assert_eq!(CodeName::parse(code_name.as_str()), Ok(code_name.clone()));
            prop_assert_eq!(CodeName::from_name(&text), Some(code_name));
        }
    }
}
