//! What an update asks for, laid over what is there, so that the whole new state is read and checked.
//!
//! `PUT` replaces the members it has, an object whole; `null` is no value. `PATCH` is an RFC 7396
//! merge patch: `null` takes a member away, which then gets its default.

use serde_json::{Map, Value};

use super::read_only::ReadOnly;
use crate::{
    ApiError, Call,
    fields::{Fields, Nulls},
    json::pointer,
};

const PATCH_TYPES: &str = "application/merge-patch+json or application/json";
const IN_PUT: Nulls = Nulls {
    optional: "leave it out to keep what is stored, or reset it with PATCH and application/merge-patch+json",
    required: "leave it out to keep what is stored",
};

pub(super) fn onto(
    call: &Call,
    mut document: Map<String, Value>,
    read_only: &ReadOnly<'_>,
) -> Result<Fields, ApiError> {
    read_only.add_to(&mut document);
    if call.request.route.method == "PATCH" {
        let patch = Fields::of_body(&call.request, PATCH_TYPES)?.into_members();
        let mut removed = merge(&mut document, patch, "");
        let found = read_only.judge(&mut document);
        // What was taken from them is judged with what is left.
        removed.retain(|pointer| !read_only.holds(pointer));
        return Ok(Fields::patched(document, removed).with_faults(found));
    }
    document.extend(Fields::of_body(&call.request, super::JSON)?.into_members());
    let found = read_only.judge(&mut document);
    Ok(Fields::new(document).with_nulls(IN_PUT).with_faults(found))
}

/// RFC 7396 §2. Tells what was taken away, there or not, so that a misspelt name is noticed.
fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>, at: &str) -> Vec<String> {
    let mut removed = Vec::new();
    for (name, value) in patch {
        match value {
            Value::Null => {
                target.remove(&name);
                removed.push(pointer(at, &name));
            }
            Value::Object(inner) => {
                let place = pointer(at, &name);
                let slot = target.entry(name).or_insert_with(|| Map::new().into());
                if !slot.is_object() {
                    *slot = Map::new().into();
                }
                if let Value::Object(members) = slot {
                    removed.extend(merge(members, inner, &place));
                }
            }
            other => {
                target.insert(name, other);
            }
        }
    }
    removed
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_examples_of_rfc_7396_whose_target_is_an_object() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b"}),
                json!({"b": "c"}),
                json!({"a": "b", "b": "c"}),
            ),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (
                json!({"a": [{"b": "c"}]}),
                json!({"a": [1]}),
                json!({"a": [1]}),
            ),
            (
                json!({"e": null}),
                json!({"a": 1}),
                json!({"e": null, "a": 1}),
            ),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let (Value::Object(mut target), Value::Object(patch)) = (target, patch) else {
                panic!("objects")
            };
            merge(&mut target, patch, "");
            assert_eq!(Value::Object(target), result);
        }
    }
}
