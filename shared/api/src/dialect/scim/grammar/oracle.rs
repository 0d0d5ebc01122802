//! The grammar against another parser of it, `scim_v2`.

use std::str::FromStr;

use proptest::{collection::vec, option, prelude::*, sample::Index, sample::select};
use scim_v2::filter as theirs;

use super::*;

/// The attributes that a filter names.
fn names(filter: &Filter) -> Vec<&AttrPath> {
    match filter {
        Filter::Present(path) | Filter::Comparison(path, ..) => vec![path],
        Filter::ValuePath(path, inner) => [vec![path], names(inner)].concat(),
        Filter::Not(inner) => names(inner),
        Filter::And(all) | Filter::Or(all) => all.iter().flat_map(names).collect(),
    }
}

/// What `scim_v2` takes for a keyword wherever it stands, though the ABNF has it be an ATTRNAME too.
fn is_keyword(name: &str) -> bool {
    ["true", "false", "null"].contains(&name) || name.eq_ignore_ascii_case("not")
}

fn is_keyword_path(path: &AttrPath) -> bool {
    path.uri.is_none() && path.sub_attr.is_none() && is_keyword(&path.name)
}

/// A text as `scim_v2` needs it for what only we read: with a space behind `not`, and none behind an
/// opening bracket or before a path's last name, where it takes some names for operators.
fn respelled(text: &str) -> String {
    let mut out = String::new();
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        let path_end = out.strip_suffix('.').map(str::trim_end);
        let opened = out.ends_with(['(', '[']) || path_end.is_some_and(|out| out.ends_with(']'));
        if !quoted && opened && c.is_whitespace() {
            continue;
        }
        let word = out.rsplit(|c| !in_attr_path(c)).next();
        if !quoted && c == '(' && word.is_some_and(|word| word.eq_ignore_ascii_case("not")) {
            out.push(' ');
        }
        out.push(c);
        quoted ^= c == '"' && !escaped;
        escaped = quoted && c == '\\' && !escaped;
    }
    out
}

/// Holds both of our parsers against theirs.
pub(super) fn agree(text: &str) {
    let filter = Filter::parse(text);
    let keyword = filter.iter().flat_map(names).any(is_keyword_path);
    same::<theirs::Filter>(text, filter, keyword);

    let path = Path::parse(text);
    let keyword = match &path {
        Some(Path::Attr(path)) => is_keyword_path(path),
        Some(Path::Value(path, filter, sub_attr)) => {
            names(filter).into_iter().chain([path]).any(is_keyword_path)
                || sub_attr.as_deref().is_some_and(is_keyword)
        }
        None => false,
    };
    same::<theirs::PatchPath>(text, path, keyword);
}

fn same<T: FromStr + ToString>(text: &str, ours: Option<impl ToString>, keyword: bool) {
    let ours = ours.map(|ours| ours.to_string());
    let theirs = |text: &str| text.parse().ok().map(|theirs: T| theirs.to_string());
    assert!(ours.is_some() || theirs(text).is_none(), "{text:?}");
    assert!(keyword || ours == theirs(&respelled(text)), "{text:?}");
}

fn space() -> impl Strategy<Value = &'static str> {
    select(vec![" ", " ", " ", "  ", "\t", "\u{a0}\n"])
}

fn gap() -> impl Strategy<Value = &'static str> {
    select(vec!["", "", "", " ", "\t "])
}

/// One of some words, in any letter case.
fn word(words: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    (select(words.to_vec()), any::<u8>()).prop_map(|(word, upper)| {
        let cased = |(at, c): (usize, char)| match upper >> at & 1 {
            0 => c,
            _ => c.to_ascii_uppercase(),
        };
        word.chars().enumerate().map(cased).collect()
    })
}

fn name() -> impl Strategy<Value = String> {
    let reserved = vec!["and", "or", "not", "pr", "eq", "true", "primary", "notes"];
    prop_oneof![9 => "[a-zA-Z][a-zA-Z0-9_-]{0,5}", 1 => select(reserved).prop_map(String::from)]
}

fn attr_path() -> impl Strategy<Value = String> {
    let uri = option::weighted(0.2, "urn:([a-zA-Z0-9._-]{0,4}:){1,3}");
    let sub_attr = option::weighted(0.3, name().prop_map(|name| format!(".{name}")));
    (uri, name(), sub_attr).prop_map(|(uri, name, sub_attr)| {
        [uri.as_deref(), Some(&name), sub_attr.as_deref()]
            .into_iter()
            .flatten()
            .collect()
    })
}

/// Numbers are short enough to be printed and read without loss.
fn comp_value() -> impl Strategy<Value = String> {
    let words = "true false null -0 -1.5e3 1E+2 18446744073709551615";
    let words: Vec<_> = words.split(' ').collect();
    prop_oneof![
        select(words).prop_map(String::from),
        "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,3})?([eE][+-]?[0-9])?",
        r#""([a-z é/()\[\]]|\\["\\/bfnrt]|\\u00[0-9a-fA-F]{2}|\\ud83d\\ude00){0,6}""#,
    ]
}

fn attr_exp() -> impl Strategy<Value = String> {
    let op = word(&["eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le"]);
    prop_oneof![
        (attr_path(), space(), word(&["pr"])).prop_map(|(path, s, pr)| [&path, s, &pr].concat()),
        (attr_path(), space(), op, space(), comp_value())
            .prop_map(|(path, s, op, t, value)| [&path, s, &op, t, &value].concat()),
    ]
}

fn logical(leaf: impl Strategy<Value = String> + 'static) -> impl Strategy<Value = String> {
    leaf.prop_recursive(5, 24, 3, |inner| {
        let brackets = (gap(), inner.clone(), gap())
            .prop_map(|(s, f, t)| format!("({s}{f}{t})"))
            .boxed();
        let and_or = word(&["and", "or"]);
        prop_oneof![
            brackets.clone(),
            (word(&["not"]), gap(), brackets).prop_map(|(not, s, f)| [&not, s, &f].concat()),
            (inner.clone(), space(), and_or, space(), inner)
                .prop_map(|(f, s, word, t, g)| [&f, s, &word, t, &g].concat()),
        ]
    })
}

fn value_path(inner: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (attr_path(), gap(), gap(), inner, gap())
        .prop_map(|(path, s, t, filter, u)| format!("{path}{s}[{t}{filter}{u}]"))
}

fn filter() -> impl Strategy<Value = String> {
    let whole = logical(prop_oneof![4 => attr_exp(), 1 => value_path(logical(attr_exp()))]);
    (gap(), whole, gap()).prop_map(|(s, filter, t)| [s, &filter, t].concat())
}

fn path() -> impl Strategy<Value = String> {
    let dot = (gap(), gap()).prop_map(|(s, t)| format!("{s}.{t}"));
    let sub_attr = option::of((dot, name()).prop_map(|(dot, name)| dot + &name));
    prop_oneof![
        1 => attr_path(),
        3 => (value_path(logical(attr_exp())), sub_attr)
            .prop_map(|(path, sub_attr)| path + &sub_attr.unwrap_or_default()),
    ]
}

/// What texts are made of, and what breaks them.
fn piece() -> impl Strategy<Value = &'static str> {
    let pieces = concat!(
        " | | |\t|\n|(|)|[|]|.|:|\"|\\|-|+|_|0|1|5e|é|a|b.c|a:b|urn:a:b|u_n:a:b|1a:b:c|",
        "and|or|not|Not| and | or |pr| pr| eq |EQ|true|True|null|-1.5e3|01|",
        r#""x"|"\u00e9"|"\x""#,
    );
    select(pieces.split('|').collect::<Vec<_>>())
}

/// A text with pieces taken out and put in.
fn mutated(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let edits = vec((any::<Index>(), option::of(piece())), 1..4);
    (text, edits).prop_map(|(text, edits)| {
        let mut chars: Vec<_> = text.chars().collect();
        for (at, piece) in edits {
            let at = at.index(chars.len().max(1));
            let end = chars.len().min(at + usize::from(piece.is_none()));
            chars.splice(at..end, piece.unwrap_or_default().chars());
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn filters_are_read_as_by_another(text in filter()) {
        agree(&text);
        let read = Filter::parse(&text).unwrap();
        prop_assert_eq!(Filter::parse(&read.to_string()), Some(read));
    }

    #[test]
    fn paths_are_read_as_by_another(text in path()) {
        agree(&text);
        let read = Path::parse(&text).unwrap();
        prop_assert_eq!(Path::parse(&read.to_string()), Some(read));
    }

    #[test]
    fn what_is_almost_right_is_taken_or_refused_as_by_another(
        text in mutated(prop_oneof![filter(), path(), value_path(filter())]),
    ) {
        agree(&text);
    }

    #[test]
    fn what_is_not_right_is_taken_or_refused_as_by_another(
        text in prop_oneof![vec(piece(), 0..12).prop_map(|p| p.concat()), ".{0,40}"],
    ) {
        agree(&text);
    }
}

/// Each is right by the ABNF, and `scim_v2` refuses it.
#[test]
fn the_abnf_is_followed_where_another_parser_does_not() {
    for (text, printed) in [
        // RFC 7644 §3.4.2.2: `*1"not" "(" FILTER ")"` has no space.
        ("not(a pr)", "not (a pr)"),
        ("a pr and NOT(b pr)", "a pr and not (b pr)"),
        // `ATTRNAME = ALPHA *(nameChar)` reserves no word.
        ("not pr", "not pr"),
        ("true eq true", "true eq true"),
        ("a[null eq null]", "a[null eq null]"),
    ] {
        assert!(text.parse::<theirs::Filter>().is_err(), "{text}");
        assert_eq!(Filter::parse(text).unwrap().to_string(), printed);
    }
    assert!("true".parse::<theirs::PatchPath>().is_err());
    assert_eq!(Path::parse("true").unwrap().to_string(), "true");
}

/// Behind an opening bracket, where the ABNF has no space, `scim_v2` lets white space pass too, but not
/// before names that begin as an operator.
#[test]
fn white_space_is_let_pass_before_any_name() {
    for text in ["( primary pr)", "a[ pr pr ]", "a [\teq eq 1]"] {
        assert!(text.parse::<theirs::Filter>().is_err(), "{text}");
        assert!(Filter::parse(text).is_some(), "{text}");
    }
    assert!("a[b pr] . primary".parse::<theirs::PatchPath>().is_err());
    assert!(Path::parse("a[b pr] . primary").is_some());
}

/// Strings of the ABNF are ASCII in any letter case (RFC 5234 §2.3); `scim_v2` folds all of Unicode.
#[test]
fn operators_are_ascii() {
    let text = "a \u{17f}w \"x\"";
    assert!(text.parse::<theirs::Filter>().is_ok());
    assert_eq!(Filter::parse(text), None);
}
