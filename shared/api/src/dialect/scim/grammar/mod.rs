//! The grammar of SCIM filters (RFC 7644 §3.4.2.2) and of the paths of a PATCH (§3.5.2).
//!
//! Written by hand: start-up is dominated by size, and a generated lexer brings 0.8 MB of regexes. It
//! follows the ABNF, and is liberal in white space only: any amount of any kind is taken where the ABNF
//! has one space, and beside brackets, where it has none.

use serde_json::Value;

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

/// Brackets that may be open at once. The RFC sets no bound, but whatever walks a tree is recursive; a
/// tree has at most three levels to a bracket.
const MAX_DEPTH: usize = 64;
/// Attribute expressions that one filter or path may have.
const MAX_TERMS: usize = 1024;

/// `FILTER`, and `valFilter`, which is a `FILTER` with no `valuePath` in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// `attrPath SP "pr"`
    Present(AttrPath),
    /// `attrPath SP compareOp SP compValue`: the value is neither an array nor an object.
    Comparison(AttrPath, CompareOp, Value),
    /// `attrPath "[" valFilter "]"`
    ValuePath(AttrPath, Box<Filter>),
    /// `"not" "(" FILTER ")"`
    Not(Box<Filter>),
    /// Two or more, none of which is an `And`: brackets about the same operator change nothing.
    And(Vec<Filter>),
    /// Two or more, none of which is an `Or`.
    Or(Vec<Filter>),
}

/// `attrPath = [URI ":"] ATTRNAME *1subAttr`, spelled as it was written.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AttrPath {
    pub(super) uri: Option<String>,
    pub(super) name: String,
    pub(super) sub_attr: Option<String>,
}

/// `compareOp`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompareOp {
    Eq,
    Ne,
    Co,
    Sw,
    Ew,
    Gt,
    Lt,
    Ge,
    Le,
}

const COMPARE_OPS: [(&str, CompareOp); 9] = [
    ("eq", CompareOp::Eq),
    ("ne", CompareOp::Ne),
    ("co", CompareOp::Co),
    ("sw", CompareOp::Sw),
    ("ew", CompareOp::Ew),
    ("gt", CompareOp::Gt),
    ("lt", CompareOp::Lt),
    ("ge", CompareOp::Ge),
    ("le", CompareOp::Le),
];

/// `PATH = attrPath / valuePath [subAttr]`
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Path {
    Attr(AttrPath),
    Value(AttrPath, Filter, Option<String>),
}

impl Filter {
    /// The filter that a text is, if it is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parser = Parser::of(text);
        let filter = parser.filter()?;
        parser.rest.trim_start().is_empty().then_some(filter)
    }

    /// How many attribute expressions it has.
    pub(super) fn terms(&self) -> usize {
        match self {
            Self::Present(_) | Self::Comparison(..) => 1,
            Self::ValuePath(_, inner) | Self::Not(inner) => inner.terms(),
            Self::And(all) | Self::Or(all) => all.iter().map(Self::terms).sum(),
        }
    }

    /// The operands of an `And`; any other filter is one by itself.
    pub(super) fn conjuncts(self) -> Vec<Self> {
        match self {
            Self::And(all) => all,
            one => vec![one],
        }
    }

    fn disjuncts(self) -> Vec<Self> {
        match self {
            Self::Or(any) => any,
            one => vec![one],
        }
    }
}

impl Path {
    /// The path that a text is, if it is one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (path, rest) = run(text.trim(), in_attr_path);
        let path = AttrPath::parse(path)?;
        if rest.is_empty() {
            return Some(Self::Attr(path));
        }
        let mut parser = Parser::of(rest);
        let filter = parser.val_filter()?;
        let sub_attr = match parser.rest.trim_start() {
            "" => None,
            rest => Some(attr_name(rest.strip_prefix('.')?.trim_start())?),
        };
        Some(Self::Value(path, filter, sub_attr))
    }
}

impl AttrPath {
    fn parse(text: &str) -> Option<Self> {
        let (uri, names) = match text.rsplit_once(':') {
            Some((uri, names)) => (Some(uri), names),
            None => (None, text),
        };
        // Of the characters that get here, a scheme may not have all (RFC 3986 §3.1), what follows may.
        let is_uri = |uri: &str| {
            let scheme = uri.split_once(':').map(|(scheme, _)| scheme);
            scheme.is_some_and(|scheme| starts_with_alpha(scheme) && !scheme.contains('_'))
        };
        let (name, sub_attr) = match names.split_once('.') {
            Some((name, sub_attr)) => (name, Some(attr_name(sub_attr)?)),
            None => (names, None),
        };
        uri.is_none_or(is_uri).then_some(Self {
            uri: uri.map(ToOwned::to_owned),
            name: attr_name(name)?,
            sub_attr,
        })
    }
}

/// `ATTRNAME = ALPHA *(nameChar)`
fn attr_name(text: &str) -> Option<String> {
    let named = starts_with_alpha(text) && text.chars().all(name_char);
    named.then(|| text.to_owned())
}

fn starts_with_alpha(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
}

fn name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

/// A URI may have other characters too, but no schema's has.
fn in_attr_path(c: char) -> bool {
    name_char(c) || matches!(c, ':' | '.')
}

/// A text as far as its characters are of a kind, and what follows.
fn run(text: &str, kind: fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !kind(c)).unwrap_or(text.len()))
}

/// What follows `SP`, where there is one.
fn spaced(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    (rest.len() < text.len()).then_some(rest)
}

/// Each function takes what it is named after from the front of `rest`. Where that isn't there, the
/// whole text is refused, so that nothing is ever taken back.
struct Parser<'a> {
    rest: &'a str,
    /// What is left of [`MAX_DEPTH`].
    depth: usize,
    /// What is left of [`MAX_TERMS`].
    terms: usize,
    /// Whether a `valFilter` is being read.
    in_value_path: bool,
}

impl<'a> Parser<'a> {
    fn of(rest: &'a str) -> Self {
        Self {
            rest,
            depth: MAX_DEPTH,
            terms: MAX_TERMS,
            in_value_path: false,
        }
    }

    /// `FILTER`: "and" takes precedence over "or".
    fn filter(&mut self) -> Option<Filter> {
        let mut any = self.conjunction()?.disjuncts();
        while self.logical("or") {
            any.extend(self.conjunction()?.disjuncts());
        }
        if any.len() == 1 {
            any.pop()
        } else {
            Some(Filter::Or(any))
        }
    }

    fn conjunction(&mut self) -> Option<Filter> {
        let mut all = self.operand()?.conjuncts();
        while self.logical("and") {
            all.extend(self.operand()?.conjuncts());
        }
        if all.len() == 1 {
            all.pop()
        } else {
            Some(Filter::And(all))
        }
    }

    /// Whether `SP word SP` was there to be taken.
    fn logical(&mut self, word: &str) -> bool {
        let found = spaced(self.rest).map(|rest| run(rest, name_char));
        let rest = found
            .filter(|(found, _)| found.eq_ignore_ascii_case(word))
            .and_then(|(_, rest)| spaced(rest));
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// `attrExp / valuePath / *1"not" "(" FILTER ")"`
    fn operand(&mut self) -> Option<Filter> {
        let text = self.rest.trim_start();
        if text.starts_with('(') {
            return self.enclosed('(', ')');
        }
        let (word, rest) = run(text, in_attr_path);
        self.rest = rest.trim_start();
        // No ATTRNAME is reserved: elsewhere it is an attribute.
        if word.eq_ignore_ascii_case("not") && self.rest.starts_with('(') {
            return Some(Filter::Not(Box::new(self.enclosed('(', ')')?)));
        }
        let path = AttrPath::parse(word)?;
        if self.rest.starts_with('[') {
            return Some(Filter::ValuePath(path, Box::new(self.val_filter()?)));
        }
        self.terms = self.terms.checked_sub(1)?;
        let (op, rest) = run(spaced(rest)?, name_char);
        self.rest = rest;
        if op.eq_ignore_ascii_case("pr") {
            return Some(Filter::Present(path));
        }
        let mut known = COMPARE_OPS.iter();
        let (_, op) = known.find(|(name, _)| op.eq_ignore_ascii_case(name))?;
        Some(Filter::Comparison(path, *op, self.comp_value()?))
    }

    /// `"[" valFilter "]"`
    fn val_filter(&mut self) -> Option<Filter> {
        if std::mem::replace(&mut self.in_value_path, true) {
            return None;
        }
        let filter = self.enclosed('[', ']');
        self.in_value_path = false;
        filter
    }

    fn enclosed(&mut self, open: char, close: char) -> Option<Filter> {
        self.depth = self.depth.checked_sub(1)?;
        self.rest = self.rest.trim_start().strip_prefix(open)?;
        let filter = self.filter()?;
        self.rest = self.rest.trim_start().strip_prefix(close)?;
        self.depth += 1;
        Some(filter)
    }

    /// `SP compValue`: what JSON has but arrays and objects.
    fn comp_value(&mut self) -> Option<Value> {
        let text = spaced(self.rest)?;
        if text.starts_with('"') {
            let mut values = serde_json::Deserializer::from_str(text).into_iter();
            let value = values.next()?.ok();
            self.rest = text.get(values.byte_offset()..)?;
            return value;
        }
        let (word, rest) = run(text, |c| {
            c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.')
        });
        self.rest = rest;
        serde_json::from_str(word).ok()
    }
}
