//! SCIM PATCH (RFC 7644 §3.5.2): operations applied, in order, to the document of the current state.

use serde_json::{Map, Value};

use super::{
    APP_SCHEMA, PATCH_SCHEMA,
    bounds::{self, Bounds},
    filter,
    grammar::{AttrPath, Filter, Path},
    read,
};
use crate::ApiError;

/// More operations than this are not carried out.
const MAX_OPERATIONS: usize = 100;

enum Op {
    Add,
    Replace,
    Remove,
}

/// The document after the operations of a `PatchOp` request.
pub(super) fn apply(
    mut document: Map<String, Value>,
    request: Map<String, Value>,
) -> Result<Map<String, Value>, ApiError> {
    let request = lower_keys(request);
    let named = request.get("schemas").and_then(Value::as_array);
    let is_patch = |s: &Value| {
        s.as_str()
            .is_some_and(|s| s.eq_ignore_ascii_case(PATCH_SCHEMA))
    };
    if !named.is_some_and(|all| all.iter().any(is_patch)) {
        return Err(syntax(
            "schemas must name urn:ietf:params:scim:api:messages:2.0:PatchOp",
        ));
    }
    let Some(Value::Array(operations)) = request.get("operations") else {
        return Err(syntax("Operations must be an array"));
    };
    if operations.is_empty() || operations.len() > MAX_OPERATIONS {
        return Err(syntax("Operations must have 1 to 100 items"));
    }
    let mut bounds = Bounds::new();
    for operation in operations {
        let Value::Object(operation) = operation else {
            return Err(syntax("an operation must be an object"));
        };
        one(&mut document, &lower_keys(operation.clone()), &mut bounds)?;
        bounds::check(&document)?;
    }
    Ok(document)
}

fn one(
    document: &mut Map<String, Value>,
    operation: &Map<String, Value>,
    bounds: &mut Bounds,
) -> Result<(), ApiError> {
    let op = match operation.get("op").and_then(Value::as_str) {
        Some(op) if op.eq_ignore_ascii_case("add") => Op::Add,
        Some(op) if op.eq_ignore_ascii_case("replace") => Op::Replace,
        Some(op) if op.eq_ignore_ascii_case("remove") => Op::Remove,
        _ => return Err(syntax("op must be add, replace or remove")),
    };
    let value = operation.get("value").cloned().map(read::canonical);
    let value = match (&op, value) {
        (Op::Remove, _) => Value::Null,
        (_, Some(value)) => value,
        (_, None) => return Err(value_error("add and replace need a value")),
    };
    match operation.get("path") {
        None | Some(Value::Null) => {
            let Value::Object(members) = value else {
                return match op {
                    Op::Remove => Err(ApiError::query("noTarget", "remove needs a path")),
                    _ => Err(value_error("without a path, the value must be an object")),
                };
            };
            for (name, value) in members {
                let target = name
                    .strip_prefix(&format!("{APP_SCHEMA}:"))
                    .unwrap_or(&name);
                set(document, read::spelled(target), &op, value, bounds)?;
            }
            Ok(())
        }
        Some(Value::String(path)) => {
            let invalid =
                || ApiError::query("invalidPath", "The path does not follow RFC 7644 §3.5.2.");
            match Path::parse(path).ok_or_else(invalid)? {
                Path::Attr(path) => at_attribute(document, &path, &op, value, bounds),
                Path::Value(path, wanted, sub_attr) => {
                    let name = own(&path)?;
                    let sub = sub_attr.as_deref().map(read::spelled);
                    let change = Change {
                        sub,
                        op: &op,
                        value: &value,
                    };
                    at_values(document, name, &wanted, &change, bounds)
                }
            }
        }
        Some(_) => Err(ApiError::query("invalidPath", "The path must be a string.")),
    }
}

/// The attribute of a path, which must be one of ours.
fn own(path: &AttrPath) -> Result<&str, ApiError> {
    match &path.uri {
        Some(uri) if !uri.eq_ignore_ascii_case(APP_SCHEMA) => Err(ApiError::query(
            "invalidPath",
            "The path names another schema than that of applications.",
        )),
        _ => Ok(read::spelled(&path.name)),
    }
}

fn at_attribute(
    document: &mut Map<String, Value>,
    path: &AttrPath,
    op: &Op,
    value: Value,
    bounds: &mut Bounds,
) -> Result<(), ApiError> {
    let name = own(path)?;
    let Some(sub) = &path.sub_attr else {
        return set(document, name, op, value, bounds);
    };
    let sub = read::spelled(sub);
    let slot = document
        .entry(name.to_owned())
        .or_insert_with(|| Value::Object(Map::new()));
    match slot {
        Value::Object(members) => set(members, sub, op, value, bounds)?,
        Value::Array(items) => {
            bounds::multiply(&value, items.len())?;
            for item in items {
                if let Value::Object(members) = item {
                    set(members, sub, op, value.clone(), bounds)?;
                }
            }
        }
        _ => {
            return Err(ApiError::query(
                "invalidPath",
                "The attribute has no sub-attributes.",
            ));
        }
    }
    Ok(())
}

/// What becomes of a value, or of its sub-attribute `sub`.
struct Change<'a> {
    sub: Option<&'a str>,
    op: &'a Op,
    value: &'a Value,
}

/// The values of a multi-valued attribute that a filter selects.
fn at_values(
    document: &mut Map<String, Value>,
    name: &str,
    wanted: &Filter,
    change: &Change<'_>,
    bounds: &mut Bounds,
) -> Result<(), ApiError> {
    let no_target = || ApiError::query("noTarget", "The path's filter selects nothing.");
    let Some(Value::Array(items)) = document.get_mut(name) else {
        return Err(no_target());
    };
    bounds.filter(items, wanted)?;
    if let (Op::Remove, None) = (change.op, change.sub) {
        let before = items.len();
        items.retain(|item| !filter::matches(wanted, item));
        let removed = items.len() < before;
        return if removed { Ok(()) } else { Err(no_target()) };
    }
    let selected: Vec<_> = items
        .iter_mut()
        .filter(|item| filter::matches(wanted, item))
        .collect();
    if selected.is_empty() {
        return Err(no_target());
    }
    bounds::multiply(change.value, selected.len())?;
    for item in selected {
        match (change.sub, &mut *item, change.value) {
            (Some(sub), Value::Object(members), value) => {
                set(members, sub, change.op, value.clone(), bounds)?;
            }
            (None, Value::Object(members), Value::Object(new)) => {
                members.extend(new.clone());
            }
            (None, item, value) => *item = value.clone(),
            (Some(_), _, _) => {
                return Err(ApiError::query(
                    "invalidPath",
                    "The value has no sub-attributes.",
                ));
            }
        }
    }
    Ok(())
}

/// RFC 7644 §3.5.2.1 to §3.5.2.3 for one attribute.
fn set(
    members: &mut Map<String, Value>,
    name: &str,
    op: &Op,
    value: Value,
    bounds: &mut Bounds,
) -> Result<(), ApiError> {
    match (op, members.get_mut(name), value) {
        // An attribute set to null is unassigned (RFC 7643 §2.5).
        (Op::Remove, _, _) | (_, _, Value::Null) => {
            members.remove(name);
        }
        (Op::Add, Some(Value::Array(items)), value) => {
            let more = match value {
                Value::Array(more) => more,
                one => vec![one],
            };
            bounds.search(items, &more)?;
            for item in more {
                if !items.contains(&item) {
                    items.push(item);
                }
            }
        }
        (_, Some(Value::Object(known)), Value::Object(more)) => known.extend(more),
        (_, _, value) => {
            members.insert(name.to_owned(), value);
        }
    }
    Ok(())
}

/// Member names of messages are compared without regard to letter case.
fn lower_keys(members: Map<String, Value>) -> Map<String, Value> {
    let members = members.into_iter();
    members
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

fn syntax(what: &str) -> ApiError {
    ApiError::query("invalidSyntax", format!("The patch can't be read: {what}."))
}

fn value_error(what: &str) -> ApiError {
    ApiError::query(
        "invalidValue",
        format!("The patch can't be carried out: {what}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(operations: &Value) -> Result<Value, ApiError> {
        let document = json!({
            "displayName": "a", "redirectUris": ["https://a.example"],
            "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "x"}],
            "basedOnTemplate": {"value": "t"},
        });
        let request = json!({"schemas": [PATCH_SCHEMA], "Operations": operations});
        let (Value::Object(document), Value::Object(request)) = (document, request) else {
            panic!("objects")
        };
        apply(document, request).map(Value::Object)
    }

    #[test]
    fn operations_change_what_their_path_names() {
        for (operation, member, expected) in [
            (
                json!({"op": "replace", "path": "displayName", "value": "b"}),
                "displayName",
                json!("b"),
            ),
            (
                json!({"op": "Replace", "path": "DisplayName", "value": "b"}),
                "displayName",
                json!("b"),
            ),
            (
                json!({"op": "replace", "value": {"displayname": "b"}}),
                "displayName",
                json!("b"),
            ),
            (
                json!({"op": "add", "path": "redirectUris", "value": "https://b.example"}),
                "redirectUris",
                json!(["https://a.example", "https://b.example"]),
            ),
            (
                json!({"op": "add", "path": "redirectUris", "value": ["https://a.example"]}),
                "redirectUris",
                json!(["https://a.example"]),
            ),
            (
                json!({"op": "replace", "path": "redirectUris", "value": ["https://b.example"]}),
                "redirectUris",
                json!(["https://b.example"]),
            ),
            (
                json!({"op": "remove", "path": "redirectUris"}),
                "redirectUris",
                json!(null),
            ),
            (
                json!({"op": "remove", "path": "tags[key eq \"env\"]"}),
                "tags",
                json!([{"key": "team", "value": "x"}]),
            ),
            (
                json!({"op": "replace", "path": "tags[key eq \"env\"].value", "value": "test"}),
                "tags",
                json!([{"key": "env", "value": "test"}, {"key": "team", "value": "x"}]),
            ),
            (
                json!({"op": "replace", "path": "basedOnTemplate.value", "value": "u"}),
                "basedOnTemplate",
                json!({"value": "u"}),
            ),
            (
                json!({"op": "replace", "path": format!("{APP_SCHEMA}:displayName"), "value": "c"}),
                "displayName",
                json!("c"),
            ),
        ] {
            let result = patched(&json!([operation])).unwrap();
            assert_eq!(
                result.get(member).cloned().unwrap_or_default(),
                expected,
                "{operation}"
            );
        }
    }

    #[test]
    fn what_can_not_be_carried_out_says_why() {
        for (operation, code) in [
            (
                json!({"op": "move", "path": "displayName"}),
                "invalidSyntax",
            ),
            (
                json!({"op": "replace", "path": "displayName"}),
                "invalidValue",
            ),
            (json!({"op": "remove"}), "noTarget"),
            (
                json!({"op": "remove", "path": "tags[key eq \"none\"]"}),
                "noTarget",
            ),
            (json!({"op": "remove", "path": "tags[key"}), "invalidPath"),
            (json!({"op": "add", "path": 1, "value": 1}), "invalidPath"),
            (
                json!({"op": "add", "path": "urn:x:Y:z", "value": 1}),
                "invalidPath",
            ),
            (json!(7), "invalidSyntax"),
        ] {
            assert_eq!(
                patched(&json!([operation])).unwrap_err().code(),
                code,
                "{operation}"
            );
        }
        assert_eq!(patched(&json!([])).unwrap_err().code(), "invalidSyntax");
    }
}
