//! Characters that show nothing, or that change how the text around them shows: with them two names look
//! alike, or one looks like nothing.

/// What is refused, for the error: what a text may contain instead.
pub(crate) const ALLOWED: &str =
    "visible characters: no control, formatting, bidirectional, zero-width or private-use ones";

/// Zero-width joiner and non-joiner, which Persian, the Indic scripts and emoji are written with.
const JOINERS: [char; 2] = ['\u{200C}', '\u{200D}'];
/// They choose the text form or the emoji form of the character before them.
const FORMS: [char; 2] = ['\u{FE0E}', '\u{FE0F}'];

/// Whether every character of `text` shows, or stands where it belongs: a joiner between two characters of
/// the scripts that use joiners (U+0600 and above), a text or emoji form behind a character that is no
/// letter. Code points that Unicode has not assigned yet pass.
pub(crate) fn is_clean(text: &str) -> bool {
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let joined = |c: Option<char>| {
            c.is_some_and(|c| c >= '\u{0600}' && !c.is_whitespace() && !JOINERS.contains(&c))
        };
        let fine = if JOINERS.contains(&c) {
            joined(before) && joined(rest.peek().copied())
        } else if FORMS.contains(&c) {
            before.is_some_and(|b| !b.is_alphabetic() && !b.is_whitespace() && !is_ignored(b))
        } else {
            !is_unseen(c)
        };
        if !fine {
            return false;
        }
        before = Some(c);
    }
    true
}

/// Whether a character makes no difference to what a name looks like.
pub(crate) fn is_ignored(c: char) -> bool {
    JOINERS.contains(&c) || FORMS.contains(&c)
}

/// Unicode's default-ignorable code points, line and paragraph separators, private use, noncharacters,
/// annotation and object replacement, and the empty braille cell.
fn is_unseen(c: char) -> bool {
    matches!(
        u32::from(c),
        0x00AD | 0x034F | 0x061C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
            | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
            | 0xE000..=0xF8FF | 0xFDD0..=0xFDEF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFC | 0xFFFE | 0xFFFF | 0x1_BCA0..=0x1_BCA3 | 0x1_D173..=0x1_D17A
            | 0xE_0000..=0x10_FFFF
    ) || u32::from(c) & 0xFFFE == 0xFFFE
}

#[cfg(test)]
mod tests {
    use crate::{Description, Name, app::folded};

    // Lesson 57.
    #[test]
    fn names_that_look_alike_or_like_nothing_are_refused() {
        for code in [
            0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x180B, 0x180E, 0x200B, 0x200C, 0x200D,
            0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2060, 0x2064, 0x2066, 0x2069, 0x206F,
            0x2800, 0x3164, 0xE000, 0xF8FF, 0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF9, 0xFFFC, 0xFFFE,
            0x1_FFFF, 0xE_0001, 0xE_0041, 0xE_0100, 0xF_0000, 0x10_FFFD,
        ] {
            let c = char::from_u32(code).unwrap();
            for text in [
                format!("Ad{c}min"),
                format!("{c}Admin"),
                format!("Admin{c}"),
                c.into(),
            ] {
                assert!(Name::parse(&text).is_err(), "{code:x} in a name");
                assert!(
                    Description::parse(&text).is_err(),
                    "{code:x} in a description"
                );
            }
        }
    }

    #[test]
    fn scripts_and_emoji_that_need_joiners_keep_them() {
        for text in [
            "می\u{200C}خواهم",
            "क्\u{200D}ष",
            "❤\u{FE0F}\u{200D}🔥",
            "1\u{FE0F}\u{20E3}",
            "👩\u{200D}💻 tools",
            "日本語 שלום Ünïcödé",
        ] {
            assert!(Name::parse(text).is_ok(), "{text}");
            assert!(Description::parse(text).is_ok(), "{text}");
        }
        for text in ["می\u{200C}", "می\u{200C}\u{200C}خ", "1\u{FE0F}\u{FE0F}"] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn unique_names_are_compared_without_case_joiners_and_spare_white_space() {
        let folded = |text: &str| folded(&Name::parse(text).unwrap());
        for (one, other) in [
            ("My app", " my  APP "),
            ("My app", "my\u{A0}app"),
            ("My app", "my\u{3000}app"),
            ("Straße", "STRASSE"),
            ("ΟΔΟΣ", "οδος"),
            ("می\u{200C}خواهم", "میخواهم"),
            ("❤\u{FE0F}", "❤"),
            ("Ａdmin", "admin"),
            ("ﬁle", "FILE"),
            ("Cafe\u{301}", "Café"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        assert_ne!(folded("My app"), folded("Myapp"));
    }
}
