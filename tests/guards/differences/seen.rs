//! What differs between a document and what Roster answers to its requests.

use std::collections::{BTreeMap, BTreeSet};

use api::Response;
use serde_json::{Value, json};

use super::{
    samples::{Document, Member, Operation, body},
    world::{World, sample},
};

/// One difference. What the document says and what Roster does are words of their own for each kind of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub(super) operation: String,
    /// A pointer; `status`; `path`; or a header with its colon.
    pub(super) place: String,
    pub(super) document: String,
    pub(super) roster: String,
}

/// The kind of a value that other operations of the same document look into.
const ANYTHING: &str = "anything";

type Seen = BTreeSet<Difference>;

/// Every difference of an operation.
pub(super) async fn differences(document: &Document, operation: &Operation) -> Seen {
    let mut found = Found(&operation.name, Seen::new());
    let sent = sample(document, operation);
    let world = World::before(document, operation).await;
    let Some(answer) = world.send(operation, sent.as_ref()).await else {
        let asked = format!("{} {}", operation.method, operation.path);
        found.at("path", &asked, "leads nowhere");
        return found.1;
    };
    if answer.status != operation.status {
        let (wanted, got) = (operation.status.to_string(), answer.status.to_string());
        found.at("status", &wanted, &got);
        return found.1;
    }
    if operation.is_only_about_status() {
        return found.1;
    }
    found.headers(&answer);
    let shown = document.shown(operation);
    found.members(&shown, operation.root(), &testkit::body(&answer));
    if let Some(members) = document.members(operation) {
        for (place, member) in members {
            Probe {
                document,
                operation,
                members,
                place,
                member,
            }
            .differences(&mut found)
            .await;
        }
    }
    found.1
}

pub(super) struct Found<'a>(pub(super) &'a str, pub(super) Seen);

impl Found<'_> {
    fn at(&mut self, place: &str, document: &str, roster: &str) {
        self.1.insert(Difference {
            operation: self.0.to_owned(),
            place: place.to_owned(),
            document: document.to_owned(),
            roster: roster.to_owned(),
        });
    }

    /// The documents show JSON, and no header of an answer.
    pub(super) fn headers(&mut self, answer: &Response) {
        for (name, value) in &answer.headers {
            if *name != "content-type" {
                self.at(&format!("{name}:"), "absent", "sent");
            } else if value != "application/json" {
                self.at("content-type:", "application/json", value);
            }
        }
    }

    /// Compares what is shown with an answer. What is absent or extra stands for all that is inside it.
    pub(super) fn members(&mut self, shown: &BTreeMap<String, String>, root: &str, answer: &Value) {
        let mut actual = BTreeMap::new();
        flatten(answer, "", &mut actual);
        let inside = format!("{root}/");
        let actual: BTreeMap<_, _> = actual
            .into_iter()
            .map(|(place, values)| match place.strip_prefix(&inside) {
                Some(rest) if !root.is_empty() => (format!("/{rest}"), values),
                _ => (place, values),
            })
            .collect();
        let known = |places: &dyn Fn(&str) -> bool, place: &str| {
            let parent = place.rfind('/').map_or("", |at| &place[..at]);
            parent.is_empty() || places(parent)
        };
        for (place, kind) in shown {
            match actual.get(place) {
                None if known(&|parent| actual.contains_key(parent), place) => {
                    self.at(place, kind, "absent");
                }
                None => {}
                Some(values) => {
                    for value in values.iter().filter(|value| !fits(kind, value)) {
                        self.at(place, kind, kind_of(value));
                    }
                }
            }
        }
        for (place, values) in &actual {
            let extra = !shown.contains_key(place);
            let looked_into = |parent: &str| shown.get(parent).is_some_and(|kind| kind != ANYTHING);
            if extra && known(&looked_into, place) {
                for value in values {
                    self.at(place, "absent", kind_of(value));
                }
            }
        }
    }
}

/// Every value of a document by its pointer; the items of a list share one.
fn flatten<'a>(value: &'a Value, place: &str, into: &mut BTreeMap<String, Vec<&'a Value>>) {
    if !place.is_empty() {
        into.entry(place.to_owned()).or_default().push(value);
    }
    match value {
        Value::Object(members) => {
            for (name, inner) in members {
                let name = name.replace('~', "~0").replace('/', "~1");
                flatten(inner, &format!("{place}/{name}"), into);
            }
        }
        Value::Array(items) => {
            for inner in items {
                flatten(inner, &format!("{place}/*"), into);
            }
        }
        _ => {}
    }
}

/// What a value is, as narrowly as differences are told.
fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
        Value::String(text) if is_date_time(text) => "date-time",
        Value::String(text) if is_uuid(text) => "UUID",
        Value::String(_) => "string",
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    let text = value.as_str();
    let all = |has: fn(&char) -> bool| text.is_some_and(|t| t.chars().all(|c| has(&c)));
    match kind {
        ANYTHING => true,
        "string" => text.is_some(),
        "date-time" => text.is_some_and(is_date_time),
        "letters and digits" => all(char::is_ascii_alphanumeric),
        "hexadecimal" => all(char::is_ascii_hexdigit),
        "object" | "array" | "boolean" | "number" => kind_of(value) == kind,
        other => panic!("{other} is no kind of value"),
    }
}

/// RFC 3339 in UTC with whole seconds, as the documents write it.
fn is_date_time(text: &str) -> bool {
    let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
    text.chars().map(digit).eq("0000-00-00T00:00:00Z".chars())
}

fn is_uuid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    text.chars().all(|c| c == '-' || c.is_ascii_hexdigit()) && lengths.eq([8, 4, 4, 4, 12])
}

/// A member of a request, to be left out, sent wrong and sent otherwise, each in a registry of its own.
struct Probe<'a> {
    document: &'a Document,
    operation: &'a Operation,
    members: &'a BTreeMap<String, Member>,
    place: &'a str,
    member: &'a Member,
}

impl Probe<'_> {
    async fn differences(&self, found: &mut Found<'_>) {
        if let Some(required) = &self.operation.required {
            let answer = self.send(None).await;
            match (required.contains(self.place), self.taken(&answer)) {
                (true, true) => found.at(self.place, "required", "optional"),
                (false, false) => found.at(self.place, "optional", "required"),
                (false, true) => self.default(&answer, found),
                (true, false) => {}
            }
        }
        // Nothing is a list in a list: who takes it does not look.
        if self.taken(&self.send(Some(&json!([[0]]))).await) {
            found.at(self.place, "read", "ignored");
        }
        for value in &self.member.also {
            if !self.taken(&self.send(Some(value)).await) {
                found.at(self.place, &format!("takes `{value}`"), "refuses it");
            }
        }
    }

    /// What an answer shows of a member that was left out. (At an update it stays as it was.)
    fn default(&self, answer: &Response, found: &mut Found<'_>) {
        let Some(default) = &self.member.default else {
            return;
        };
        if self.operation.status == 201 {
            let place = format!("{}{}", self.operation.root(), self.place);
            let answer = testkit::body(answer);
            let shown = answer.pointer(&place).unwrap_or(&Value::Null);
            if shown != default {
                let words = |value: &Value| format!("default `{value}`");
                found.at(self.place, &words(default), &words(shown));
            }
        }
    }

    fn taken(&self, answer: &Response) -> bool {
        let refused = (400..500).contains(&answer.status);
        assert!(
            refused || answer.status == self.operation.status,
            "{}, {}: {} {}",
            self.operation.name,
            self.place,
            answer.status,
            answer.body
        );
        !refused
    }

    /// The sample with another value of the member, or without it.
    async fn send(&self, value: Option<&Value>) -> Response {
        let members = self.members.iter().filter_map(|(place, member)| {
            let sent = if place == self.place {
                value?
            } else {
                &member.value
            };
            Some((place.as_str(), sent))
        });
        let sent = body(members);
        let world = World::before(self.document, self.operation).await;
        world.send(self.operation, Some(&sent)).await.unwrap()
    }
}
