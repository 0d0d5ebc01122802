//! The grammar printed and read again, what it refuses, and its bounds.

use std::fmt::{Display, Formatter, Result};

use super::{oracle::agree, *};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let join = |all: &[Self], word: &str| {
            let print = |filter: &Self| match filter {
                Self::Or(_) if word == " and " => format!("({filter})"),
                _ => filter.to_string(),
            };
            all.iter().map(print).collect::<Vec<_>>().join(word)
        };
        match self {
            Self::Present(path) => write!(f, "{path} pr"),
            Self::Comparison(path, op, value) => {
                let (name, _) = COMPARE_OPS.iter().find(|(_, known)| known == op).unwrap();
                write!(f, "{path} {name} {value}")
            }
            Self::ValuePath(path, inner) => write!(f, "{path}[{inner}]"),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::And(all) => f.write_str(&join(all, " and ")),
            Self::Or(any) => f.write_str(&join(any, " or ")),
        }
    }
}

impl Display for AttrPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(uri) = &self.uri {
            write!(f, "{uri}:")?;
        }
        f.write_str(&self.name)?;
        self.sub_attr.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Attr(path) => write!(f, "{path}"),
            Self::Value(path, filter, sub_attr) => {
                write!(f, "{path}[{filter}]")?;
                sub_attr.iter().try_for_each(|sub| write!(f, ".{sub}"))
            }
        }
    }
}

/// Most of RFC 7644, Figures 2 and 8.
#[test]
fn what_the_rfc_shows_is_read() {
    for text in [
        "userName eq \"bjensen\"",
        "name.familyName co \"O'Malley\"",
        "urn:ietf:params:scim:schemas:core:2.0:User:userName sw \"J\"",
        "title pr or userType eq \"Intern\"",
        "schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"",
        "userType eq \"Employee\" and (emails co \"example.com\" or emails.value co \"example.org\")",
        "userType ne \"Employee\" and not (emails co \"example.com\" or emails.value co \"example.org\")",
        "emails[type eq \"work\" and value co \"@example.com\"] or ims[type eq \"xmpp\"]",
    ] {
        assert_eq!(Filter::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "members",
        "name.familyName",
        "addresses[type eq \"work\"]",
        "members[value eq \"2\"].displayName",
    ] {
        assert_eq!(Path::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn what_is_neither_is_refused() {
    for text in [
        "",
        "a eq",
        "a pr b",
        "a  and b pr",
        // Each SP of the ABNF.
        "a[bpr]",
        "a eq\"x\"",
        "a eq 1and b pr",
        "(a pr)and (b pr)",
        "a pr or(b pr)",
        // compValue
        "a eq True",
        "a eq 01",
        "a eq 1.",
        "a eq 1e999",
        "a eq +1",
        "a eq []",
        "a eq {}",
        "a eq 'x'",
        "a eq \"\n\"",
        r#"a eq "\x""#,
        r#"a eq "\ud800""#,
        // attrPath
        "1a pr",
        "-a pr",
        "a. pr",
        "a.1b pr",
        "a.b.c pr",
        "a:b pr",
        "u_n:a:b pr",
        "1rn:a:b pr",
        "urn:a: pr",
        // valuePath, which has no other in it.
        "a[]",
        "a[b]",
        "a[b pr",
        "a[b pr)",
        "a[b[c pr]]",
        "a[b pr and not (c[d pr])]",
        "a[b pr]c",
        "a[b pr].",
        "a[b pr].1",
        "a[b pr].c.d",
        "a[b pr].c pr",
    ] {
        agree(text);
        assert_eq!(Filter::parse(text), None, "{text}");
        assert_eq!(Path::parse(text), None, "{text}");
    }
}

#[test]
fn brackets_and_terms_have_their_bounds() {
    let nested = |open: &str, depth, close: &str| {
        let text = [&open.repeat(depth), "a pr", &close.repeat(depth)].concat();
        (Filter::parse(&text), Path::parse(&format!("b[{text}]")))
    };
    // `scim_v2` counts the levels of the tree too, so it takes fewer brackets where there are operators.
    for open in ["(", "not ("] {
        assert!(nested(open, MAX_DEPTH, ")").0.is_some());
        assert_eq!(nested(open, MAX_DEPTH + 1, ")").0, None);
        assert!(nested(open, MAX_DEPTH - 1, ")").1.is_some());
        assert_eq!(nested(open, MAX_DEPTH, ")").1, None);
        assert_eq!(nested(open, 100_000, ""), (None, None));
    }
    let terms = |count| vec!["a pr"; count].join(" or ");
    for text in [terms(MAX_TERMS), format!("a[{}]", terms(MAX_TERMS))] {
        assert!(Filter::parse(&text).is_some());
        assert_eq!(Filter::parse(&format!("{text} or b[c pr]")), None);
    }
    // A bracket that is closed again is not counted.
    agree(&vec!["(a[b pr])"; MAX_DEPTH + 1].join(" and "));
}
