//! What an attacker writes: bodies and queries of a given length, made of parts that can be varied.

use std::fmt::Write;

use testkit::{Value, json};

/// As long as a body may be, and half of what a gateway takes as a query with its headers.
pub(crate) const BODY: usize = 64 * 1024;
const QUERY: usize = 5 * 1024;

/// How a request says what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Nothing but its path.
    Bare,
    /// A query.
    Query,
    /// A JSON object.
    Json,
    /// A SCIM `PatchOp`.
    Patch,
    /// A form.
    Form,
}

/// What fills a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fill {
    Text,
    Escapes,
    Percent,
    Dots,
    Words,
    Commas,
    Filter,
    Numbers,
    Same,
    Distinct,
    Uris,
    Objects,
    Arrays,
    Members,
    Nulls,
    Twice,
}

pub(crate) const FILLS: [Fill; 16] = [
    Fill::Text,
    Fill::Escapes,
    Fill::Percent,
    Fill::Dots,
    Fill::Words,
    Fill::Commas,
    Fill::Filter,
    Fill::Numbers,
    Fill::Same,
    Fill::Distinct,
    Fill::Uris,
    Fill::Objects,
    Fill::Arrays,
    Fill::Members,
    Fill::Nulls,
    Fill::Twice,
];

/// A part of a body: a member, an operation or a parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Part {
    /// Which of the names that a row knows.
    pub(crate) name: usize,
    pub(crate) fill: Fill,
    /// How long an item is, in bytes.
    pub(crate) unit: usize,
    /// How many items there are at most.
    pub(crate) items: usize,
    /// Its share of the length, beside those of the other parts.
    pub(crate) share: usize,
}

/// The text of a request of this shape, no longer than may be sent.
pub(crate) fn text(shape: Shape, base: &Value, names: &[&str], parts: &[Part]) -> String {
    let most = if shape == Shape::Query { QUERY } else { BODY };
    let base = match shape {
        Shape::Json => base.to_string(),
        Shape::Form => base.as_str().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let shares: usize = parts.iter().map(|part| part.share).sum();
    let room = most.saturating_sub(base.len() + 200);
    let each = parts.iter().map(|part| {
        let name = names[part.name % names.len()];
        (name, *part, room * part.share / shares.max(1))
    });
    match shape {
        Shape::Bare => String::new(),
        Shape::Query | Shape::Form => {
            let written = each.map(|(name, part, room)| parameters(name, part, room));
            let mut all: Vec<_> = written.collect();
            all.insert(0, base);
            all.retain(|text| !text.is_empty());
            all.join("&")
        }
        Shape::Json => {
            // Members that the base has already give way to the parts' own.
            let mut members = String::new();
            let known = serde_json::from_str::<Value>(&base).unwrap_or_default();
            let mut kept = known.as_object().cloned().unwrap_or_default();
            for (name, part, room) in each {
                kept.remove(name);
                let _ = write!(members, ",{}", member(name, part, room));
            }
            let open = Value::Object(kept).to_string();
            let open = open.trim_end_matches('}');
            let comma = usize::from(open.len() < 2);
            format!("{open}{}}}", members.get(comma..).unwrap_or_default())
        }
        Shape::Patch => {
            let mut operations = Vec::new();
            for (path, part, room) in each {
                // Few long operations or many short ones.
                let many = if part.fill == Fill::Filter {
                    part.items.min(100)
                } else {
                    1
                };
                for _ in 0..many.max(1) {
                    let room = (room / many.max(1)).saturating_sub(100);
                    operations.push(operation(path, part, room));
                }
            }
            format!(
                "{{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:PatchOp\"],\"Operations\":[{}]}}",
                operations.join(",")
            )
        }
    }
}

fn operation(path: &str, part: Part, room: usize) -> String {
    let op = if part.unit.is_multiple_of(2) {
        "add"
    } else {
        "replace"
    };
    if part.fill == Fill::Filter {
        let filter = filter(part, room * 3 / 4).replace('"', "\\\"");
        let list = path.split(['.', '[']).next().unwrap_or_default();
        return format!("{{\"op\":\"{op}\",\"path\":\"{list}[{filter}].value\",\"value\":\"v\"}}");
    }
    format!(
        "{{\"op\":\"{op}\",\"path\":\"{path}\",\"value\":{}}}",
        value(part, room)
    )
}

/// A member, or as many as there is room for where the part is made of members.
fn member(name: &str, part: Part, room: usize) -> String {
    match part.fill {
        Fill::Twice => repeat(room, part.items, |_| format!("\"{name}\":1")),
        Fill::Members => repeat(room, part.items, |n| {
            format!("\"{}{n}\":1", "m".repeat(part.unit))
        }),
        Fill::Nulls => {
            let inner = repeat(room, part.items, |n| format!("\"{n}\":null"));
            format!(
                "\"{name}\":{{\"{}\":{{{inner}}}}}",
                "n".repeat(part.unit.min(128))
            )
        }
        _ => format!("\"{name}\":{}", value(part, room)),
    }
}

fn value(part: Part, room: usize) -> String {
    let unit = "u".repeat(part.unit);
    let list = |item: &dyn Fn(usize) -> String| format!("[{}]", repeat(room, part.items, item));
    match part.fill {
        Fill::Text => format!("\"{}\"", "t".repeat(room)),
        Fill::Escapes => format!("\"{}\"", "\\u00e9".repeat(room / 6)),
        Fill::Percent => format!("\"{}\"", "%41".repeat(room / 3)),
        Fill::Dots => format!("\"{}\"", dots(part, room)),
        Fill::Words => format!(
            "\"{}\"",
            repeat(room, part.items, |_| unit.clone()).replace(',', " ")
        ),
        Fill::Commas => format!("\"{}\"", repeat(room, part.items, |_| unit.clone())),
        Fill::Filter => format!("\"{}\"", filter(part, room / 2).replace('"', "\\\"")),
        Fill::Numbers => list(&|_| "0".into()),
        Fill::Same | Fill::Twice => list(&|_| format!("\"{unit}\"")),
        Fill::Distinct => list(&|n| format!("\"{unit}{n}\"")),
        Fill::Uris => list(&|n| format!("\"https://a.example/{unit}{n}\"")),
        Fill::Objects => list(&|n| {
            format!(
                "{{\"key\":\"{unit}{n}\",\"value\":\"{n}\",\"fqs\":\"{unit}{n}\",\"certAlias\":\"{n}\"}}"
            )
        }),
        Fill::Arrays => {
            let deep = part.unit.min(room / 2);
            format!("{}{}", "[".repeat(deep), "]".repeat(deep))
        }
        Fill::Members | Fill::Nulls => {
            let null = if part.fill == Fill::Nulls {
                "null"
            } else {
                "1"
            };
            format!(
                "{{{}}}",
                repeat(room, part.items, |n| format!("\"{unit}{n}\":{null}"))
            )
        }
    }
}

fn parameters(name: &str, part: Part, room: usize) -> String {
    let unit = "u".repeat(part.unit);
    let many = |item: &dyn Fn(usize) -> String| repeat(room, part.items, item).replace(',', "&");
    match part.fill {
        Fill::Distinct | Fill::Members => many(&|n| format!("{unit}{n}=")),
        Fill::Same | Fill::Twice => many(&|_| format!("{name}={unit}")),
        Fill::Numbers => "&".repeat(room),
        Fill::Percent => format!("{name}={}", "%41".repeat(room / 3)),
        Fill::Escapes => format!("{name}={}", "%C3%A9".repeat(room / 6)),
        Fill::Dots => format!("{name}={}", dots(part, room)),
        Fill::Words => format!(
            "{name}={}",
            repeat(room, part.items, |_| unit.clone()).replace(',', "+")
        ),
        Fill::Filter => format!(
            "{name}={}",
            filter(part, room / 2).replace(' ', "+").replace('"', "%22")
        ),
        _ => format!("{name}={}", "t".repeat(room)),
    }
}

/// Something like a JWT: a header that is one, and as many dots as there is room for.
fn dots(part: Part, room: usize) -> String {
    let unit = "A".repeat(part.unit);
    format!(
        "eyJhbGciOiJFUzI1NiJ9.{}",
        repeat(room, part.items, |_| unit.clone()).replace(',', ".")
    )
}

fn filter(part: Part, room: usize) -> String {
    let wide = "w".repeat(part.unit);
    let term = format!("displayName co \"{wide}\" or ");
    let terms = (room / term.len()).min(part.items);
    let open = if part.share.is_multiple_of(2) {
        "not (".repeat(60.min(room / 12))
    } else {
        String::new()
    };
    let close = ")".repeat(open.len() / 5);
    format!("{open}{}key pr{close}", term.repeat(terms))
}

/// Items with commas between them, up to a length or a number.
fn repeat(room: usize, items: usize, item: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(room);
    for n in 0..items {
        let next = item(n);
        if text.len() + next.len() + 1 > room {
            break;
        }
        if n > 0 {
            text.push(',');
        }
        text.push_str(&next);
    }
    text
}

/// A body that a create request of SCIM is right with, its name being this.
pub(crate) fn scim(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:App"], "displayName": name,
        "isOAuthClient": true, "active": true, "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
    })
}
