//! The facts of the three documents, as the files beside this one hold them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::workspace::read;

/// One document: requests, and what it shows of their answers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// Names for several operations at once.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
    /// What answers show: pointers, from the resource on, to the kind of value there. `*` is each item.
    resources: BTreeMap<String, BTreeMap<String, String>>,
    /// What requests send.
    pub(super) bodies: BTreeMap<String, BTreeMap<String, Member>>,
    /// Requests that no document shows, and that make ready.
    #[serde(default)]
    preparations: Vec<Operation>,
    /// Every request of the document.
    pub(super) operations: Vec<Operation>,
}

/// What a document says of a member of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Member {
    /// What the sample sends.
    pub(super) value: Value,
    /// What counts when it is left out.
    pub(super) default: Option<Value>,
    /// Further values that the document takes.
    #[serde(default)]
    pub(super) also: Vec<Value>,
}

/// A request, and what the document shows of its answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    pub(super) name: String,
    /// Operations to send before, with `× 3` behind one to send three times.
    #[serde(default)]
    pub(super) after: Vec<String>,
    /// `app`: the token is one of the application's own; else it is the management application's.
    #[serde(default)]
    pub(super) caller: Caller,
    pub(super) method: String,
    /// With the names of what was kept in braces.
    pub(super) path: String,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
    /// The members without which the document takes no such request; absent where it does not tell.
    pub(super) required: Option<BTreeSet<String>>,
    pub(super) status: u16,
    /// What is around the resource.
    #[serde(default)]
    answer: BTreeMap<String, String>,
    resource: Option<Resource>,
    /// What to keep of the answer, by pointer, for operations behind this one.
    #[serde(default)]
    pub(super) keep: BTreeMap<String, String>,
}

#[derive(Deserialize, Default, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Caller {
    #[default]
    Management,
    App,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resource {
    at: String,
    is: String,
}

impl Document {
    pub(super) fn read(name: &str) -> Self {
        let text = read(format!("tests/guards/differences/{name}.yaml"));
        let mut value: serde_norway::Value = serde_norway::from_str(&text).unwrap();
        value.apply_merge().unwrap();
        let document: Self = serde_norway::from_value(value).unwrap();
        let mut names: Vec<_> = document.operations.iter().map(|o| &o.name).collect();
        for (group, members) in &document.groups {
            for member in members {
                assert!(names.contains(&member), "{group}: {member}");
            }
        }
        names.sort();
        names.dedup();
        assert_eq!(names.len(), document.operations.len(), "a name twice");
        document
    }

    /// An operation by its name.
    pub(super) fn operation(&self, name: &str) -> &Operation {
        let mut all = self.preparations.iter().chain(&self.operations);
        all.find(|operation| operation.name == name)
            .unwrap_or_else(|| panic!("there is no operation {name}"))
    }

    /// What an operation's sample sends.
    pub(super) fn members(&self, operation: &Operation) -> Option<&BTreeMap<String, Member>> {
        operation.body.as_ref().map(|body| &self.bodies[body])
    }

    /// What the document shows of an operation's answer: pointers to kinds, those of the resource from there on.
    pub(super) fn shown(&self, operation: &Operation) -> BTreeMap<String, String> {
        let mut shown = operation.answer.clone();
        if let Some(resource) = &operation.resource {
            shown.extend(self.resources[&resource.is].clone());
        }
        shown.retain(|_, kind| kind != "absent");
        shown
    }
}

impl Operation {
    /// Whether no more is said of its answer.
    pub(super) fn is_only_about_status(&self) -> bool {
        self.answer.is_empty() && self.resource.is_none()
    }

    /// Where the resource is in an answer.
    pub(super) fn root(&self) -> &str {
        self.resource.as_ref().map_or("", |resource| &resource.at)
    }
}

/// A body of these members.
pub(super) fn body<'a>(members: impl IntoIterator<Item = (&'a str, &'a Value)>) -> Value {
    let mut whole = json!({});
    for (pointer, value) in members {
        let path: Vec<_> = pointer.split('/').skip(1).collect();
        put(&mut whole, &path, value);
    }
    whole
}

/// Puts a value where a path leads. An item behind the end of a list becomes its last one.
fn put(target: &mut Value, path: &[&str], value: &Value) {
    let Some((first, rest)) = path.split_first() else {
        *target = value.clone();
        return;
    };
    let Ok(at) = first.parse::<usize>() else {
        return put(&mut target[*first], rest, value);
    };
    if !target.is_array() {
        *target = json!([]);
    }
    let items = target.as_array_mut().unwrap();
    if items.len() <= at {
        items.push(Value::Null);
    }
    let last = items.len() - 1;
    put(items.get_mut(at.min(last)).unwrap(), rest, value);
}

#[test]
fn pointers_make_a_body() {
    let (one, two) = (json!(1), json!([2]));
    let made = body([
        ("/a/b", &one),
        ("/a/c", &two),
        ("/d/1/e", &one),
        ("/d/2/e", &two),
    ]);
    assert_eq!(
        made,
        json!({"a": {"b": 1, "c": [2]}, "d": [{"e": 1}, {"e": [2]}]})
    );
}
