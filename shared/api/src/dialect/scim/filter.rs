//! SCIM filters (RFC 7644 §3.4.2.2), applied to a resource as it is shown.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    APP_SCHEMA,
    grammar::{AttrPath, CompareOp, Filter},
};
use crate::ApiError;

/// A longer filter is not looked at.
const MAX_LENGTH: usize = 4096;
/// A filter may have so many comparisons: each is made with every value of every app.
const MAX_TERMS: usize = 64;
/// Attributes that are compared letter by letter (RFC 7643 §2.2 `caseExact`).
const CASE_EXACT: [&str; 12] = [
    "id",
    "name",
    "redirectUris",
    "logoutUri",
    "postLogoutRedirectUris",
    "fqs",
    "location",
    "version",
    "schemas",
    "audience",
    "certAlias",
    "resourceType",
];

/// A filter from its text.
pub(super) fn parse(text: &str) -> Result<Filter, ApiError> {
    if text.len() > MAX_LENGTH {
        return Err(ApiError::query("invalidFilter", "The filter is too long."));
    }
    let filter = Filter::parse(text).ok_or_else(|| {
        ApiError::query(
            "invalidFilter",
            "The filter does not follow RFC 7644 §3.4.2.2; an example: displayName eq \"demoapp\" and active eq true",
        )
    })?;
    if filter.terms() > MAX_TERMS {
        let detail =
            format!("The filter has more than {MAX_TERMS} comparisons; ask in several requests.");
        return Err(ApiError::query("invalidFilter", detail));
    }
    Ok(filter)
}

/// The value of the only comparison of a filter of the form `attribute eq "value"`.
pub(super) fn equality<'a>(filter: &'a Filter, attribute: &str) -> Option<&'a str> {
    match filter {
        Filter::Comparison(path, CompareOp::Eq, Value::String(value))
            if path.sub_attr.is_none() && path.name.eq_ignore_ascii_case(attribute) =>
        {
            Some(value)
        }
        _ => None,
    }
}

/// Whether a resource passes a filter, or one value of a multi-valued attribute the filter in the
/// brackets behind it.
pub(super) fn matches(filter: &Filter, resource: &Value) -> bool {
    match filter {
        Filter::Present(path) => select(resource, path).into_iter().any(is_present),
        Filter::Comparison(path, op, wanted) => comparison(resource, path, *op, wanted),
        Filter::ValuePath(path, inner) => {
            let values = select(resource, path);
            values.into_iter().any(|value| matches(inner, value))
        }
        Filter::Not(inner) => !matches(inner, resource),
        Filter::And(all) => all.iter().all(|f| matches(f, resource)),
        Filter::Or(any) => any.iter().any(|f| matches(f, resource)),
    }
}

fn comparison(resource: &Value, path: &AttrPath, op: CompareOp, wanted: &Value) -> bool {
    // The strings of simple lists are URIs and registered words.
    let exact = resource.is_string() || is_case_exact(path);
    let values = select(resource, path);
    let any = |op| values.iter().any(|v| compare(v, op, wanted, exact));
    match op {
        // An unassigned attribute equals null, and differs from everything else.
        CompareOp::Eq if values.is_empty() => wanted.is_null(),
        CompareOp::Ne if values.is_empty() => !wanted.is_null(),
        CompareOp::Ne => !any(CompareOp::Eq),
        _ => any(op),
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn is_case_exact(path: &AttrPath) -> bool {
    let last = path.sub_attr.as_deref().unwrap_or(&path.name);
    CASE_EXACT
        .iter()
        .any(|name| name.eq_ignore_ascii_case(last))
}

/// The values at a path; a multi-valued attribute gives each of its own. A complex value without a
/// sub-attribute stands for its `value`.
fn select<'a>(resource: &'a Value, path: &AttrPath) -> Vec<&'a Value> {
    let known = path
        .uri
        .as_deref()
        .is_none_or(|uri| uri.eq_ignore_ascii_case(APP_SCHEMA));
    if !known {
        return Vec::new();
    }
    let found: Vec<_> = each(member(resource, &path.name)).collect();
    match &path.sub_attr {
        None => found,
        Some(sub) => found
            .into_iter()
            .flat_map(|value| each(member(value, sub)))
            .collect(),
    }
}

fn each(value: Option<&Value>) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Some(Value::Array(items)) => Box::new(items.iter()),
        other => Box::new(other.into_iter()),
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let Value::Object(members) = value else {
        // A simple value in a list is its own `value` (RFC 7643 §2.4).
        return name.eq_ignore_ascii_case("value").then_some(value);
    };
    let found = members
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value)
}

fn compare(value: &Value, op: CompareOp, wanted: &Value, exact: bool) -> bool {
    match (value, wanted) {
        (Value::Object(_), _) => {
            let inner = member(value, "value").or_else(|| member(value, "fqs"));
            inner.is_some_and(|inner| !inner.is_object() && compare(inner, op, wanted, exact))
        }
        (Value::String(have), Value::String(want)) => {
            if exact {
                text(have, op, want)
            } else {
                text(&have.to_lowercase(), op, &want.to_lowercase())
            }
        }
        (Value::Bool(have), Value::Bool(want)) => op == CompareOp::Eq && have == want,
        (Value::Number(have), Value::Number(want)) => {
            let (Some(have), Some(want)) = (have.as_f64(), want.as_f64()) else {
                return false;
            };
            have.partial_cmp(&want)
                .is_some_and(|order| ordered(order, op))
        }
        _ => false,
    }
}

fn text(have: &str, op: CompareOp, want: &str) -> bool {
    match op {
        CompareOp::Co => have.contains(want),
        CompareOp::Sw => have.starts_with(want),
        CompareOp::Ew => have.ends_with(want),
        // Our date-times are all of one form and zone, so their text sorts as they do.
        _ => ordered(have.cmp(want), op),
    }
}

fn ordered(order: Ordering, op: CompareOp) -> bool {
    match op {
        CompareOp::Eq => order.is_eq(),
        CompareOp::Ne => order.is_ne(),
        CompareOp::Gt => order.is_gt(),
        CompareOp::Ge => order.is_ge(),
        CompareOp::Lt => order.is_lt(),
        CompareOp::Le => order.is_le(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn resource() -> Value {
        json!({
            "id": "1", "displayName": "Demo App", "active": true,
            "allowedScopes": [{"fqs": "http://e/photos"}, {"fqs": "http://e/Docs"}],
            "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
            "accessTokenExpiry": 600,
            "tags": [{"key": "env", "value": "prod"}, {"key": "team", "value": "a"}],
            "meta": {"created": "2026-01-02T03:04:05Z"},
        })
    }

    #[test]
    fn operators_follow_the_rfc() {
        for (text, expected) in [
            ("displayName eq \"demo app\"", true),
            ("DISPLAYNAME EQ \"Demo App\"", true),
            ("id eq \"1\"", true),
            ("displayName ne \"x\"", true),
            ("displayName ne \"demo app\"", false),
            ("displayName co \"MO A\"", true),
            ("displayName sw \"demo\"", true),
            ("displayName ew \"app\"", true),
            ("displayName ew \"demo\"", false),
            ("description pr", false),
            ("displayName pr", true),
            ("description eq null", true),
            ("displayName eq null", false),
            ("active eq true", true),
            ("active eq false", false),
            ("active eq \"true\"", false),
            ("accessTokenExpiry gt 599", true),
            (
                "accessTokenExpiry ge 600 and accessTokenExpiry le 600",
                true,
            ),
            ("accessTokenExpiry lt 600", false),
            ("meta.created gt \"2026-01-01T00:00:00Z\"", true),
            ("allowedScopes.fqs eq \"http://e/photos\"", true),
            ("allowedScopes.fqs eq \"http://e/docs\"", false),
            ("allowedScopes[fqs ew \"photos\"]", true),
            ("tags[key eq \"env\" and value eq \"prod\"]", true),
            ("tags[key eq \"env\" and value eq \"a\"]", false),
            ("basedOnTemplate.value sw \"Custom\"", true),
            ("not (active eq true)", false),
            (
                "active eq false or displayName sw \"d\" and id eq \"1\"",
                true,
            ),
            (
                "(active eq false or displayName sw \"d\") and id eq \"2\"",
                false,
            ),
            (
                "urn:ietf:params:scim:schemas:oracle:idcs:App:displayName eq \"demo app\"",
                true,
            ),
            ("urn:other:App:displayName eq \"demo app\"", false),
        ] {
            let filter = parse(text).unwrap();
            assert_eq!(matches(&filter, &resource()), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for text in [
            "",
            " ",
            "displayName",
            "displayName eq",
            "eq \"x\"",
            "displayName xx \"y\"",
            "displayName eq \"x",
            "(displayName pr",
            "displayName pr)",
            "a[b",
            "and",
            "not",
            "displayName eq 'x'",
            "displayName eq x",
            "a.b.c eq 1",
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        assert!(parse(&format!("displayName eq \"{}\"", "x".repeat(5000))).is_err());
        assert!(parse(&"not (".repeat(500)).is_err());
        let terms = |count: usize| vec!["a pr"; count].join(" or ");
        assert!(parse(&terms(MAX_TERMS)).is_ok());
        assert!(parse(&terms(MAX_TERMS + 1)).is_err());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,200}") {
            if let Ok(filter) = parse(&text) {
                matches(&filter, &resource());
            }
        }
    }
}
