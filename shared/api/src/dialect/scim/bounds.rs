//! What the operations of one PATCH may cost together, looked at before each does anything.

use domain::{Invalid, Violations, app::MAX_BYTES, client::MAX_GRANTED};
use serde_json::{Map, Value};

use super::grammar::Filter;
use crate::ApiError;

/// Values that may be compared with one another: a hundred operations that each look for one tag in a
/// list of the longest take 30 000.
const MAX_COMPARISONS: usize = 50_000;
/// A list may have so many items between two operations; no attribute may have half of them in the end.
const MAX_ITEMS: usize = 2 * MAX_GRANTED;

/// The longest document between two operations, in bytes: what is stored may have [`MAX_BYTES`] in words
/// that are shorter than SCIM's.
const MAX_DOCUMENT: usize = 2 * MAX_BYTES;

/// What is left of the bounds of one request.
pub(super) struct Bounds {
    comparisons: usize,
}

impl Bounds {
    pub(super) const fn new() -> Self {
        Self {
            comparisons: MAX_COMPARISONS,
        }
    }

    /// Refuses to look for `more` values among `items`.
    pub(super) fn search(&mut self, items: &[Value], more: &[Value]) -> Result<(), ApiError> {
        self.spend(items.len().saturating_add(more.len()), more.len())
    }

    /// Refuses to try a filter on `items`.
    pub(super) fn filter(&mut self, items: &[Value], filter: &Filter) -> Result<(), ApiError> {
        self.spend(items.iter().map(count).sum(), filter.terms())
    }

    fn spend(&mut self, values: usize, times: usize) -> Result<(), ApiError> {
        let left = self.comparisons.checked_sub(values.saturating_mul(times));
        self.comparisons = left.ok_or_else(|| {
            ApiError::query(
                "tooMany",
                format!(
                    "The patch would compare more than {MAX_COMPARISONS} values; send its operations in several requests."
                ),
            )
        })?;
        Ok(())
    }
}

/// Refuses to put `value` into each of so many places of `document`, if that would be too long.
pub(super) fn multiply(value: &Value, places: usize) -> Result<(), ApiError> {
    if places > 1 && size(value).saturating_mul(places) > MAX_DOCUMENT {
        return Err(too_long());
    }
    Ok(())
}

/// Refuses a document that has become too long, or a list in it.
pub(super) fn check(document: &Map<String, Value>) -> Result<(), ApiError> {
    let lists = document.iter().filter_map(|(name, value)| {
        let items = value.as_array()?;
        (items.len() > MAX_ITEMS).then_some(name)
    });
    if let Some(name) = lists.into_iter().next() {
        let pointer = crate::json::pointer("", name);
        return Err(Violations::one(pointer, Invalid::TooMany(MAX_ITEMS)).into());
    }
    if members_size(document) > MAX_DOCUMENT {
        return Err(too_long());
    }
    Ok(())
}

fn too_long() -> ApiError {
    Violations::one("", Invalid::TooLong(MAX_BYTES)).into()
}

/// How many values a value has, itself included.
fn count(value: &Value) -> usize {
    let inner: usize = match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    };
    inner.saturating_add(1)
}

/// The least length of a value as JSON, in bytes: without escapes, every number one digit.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(_) => 1,
        Value::String(text) => text.len().saturating_add(2),
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 1,
        Value::Object(members) => members_size(members),
    }
}

fn members_size(members: &Map<String, Value>) -> usize {
    let members = members.iter();
    members
        .map(|(name, value)| name.len() + 4 + size(value))
        .sum::<usize>()
        + 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_size_is_never_more_than_the_text_of_it() {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!("a"),
            json!([1, 2, [3, "x\n"]]),
            json!({"a": 1, "b": {"c": [true, false, "é"]}}),
        ] {
            let text = value.to_string();
            assert!(size(&value) <= text.len(), "{text}: {}", size(&value));
            assert!(size(&value) + 8 >= text.len(), "{text}: {}", size(&value));
        }
        assert_eq!(count(&json!({"a": [1, {"b": 2}], "c": null})), 6);
    }
}
