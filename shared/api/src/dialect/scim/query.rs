//! SCIM queries (RFC 7644 §3.4.2 and §3.4.3): filter, sort, slice, and which attributes to show.

use std::{collections::HashMap, sync::Arc};

use domain::{AppId, ClientId};
use serde_json::{Map, Value};

use super::{
    super::{AppList, AppSelector, Extent, ListApps, Order, Predicate, Slice},
    filter, list_response, write,
};
use crate::{ApiError, Call, Response};

const DEFAULT_COUNT: i64 = 50;
const MAX_COUNT: i64 = 1000;
/// A list of attributes to show, or not to show, may have so many: each is compared with each of every app.
const MAX_NAMES: usize = 100;
const SEARCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";

/// Which attributes are wanted (RFC 7644 §3.9).
pub(super) struct Attributes {
    only: Vec<String>,
    without: Vec<String>,
}

/// Attributes that are always shown (RFC 7643 §3.1 `returned: always`).
const ALWAYS: [&str; 2] = ["id", "schemas"];

impl Attributes {
    /// The resource, cut down.
    pub(super) fn of(&self, resource: Map<String, Value>) -> Map<String, Value> {
        let named = |list: &[String], name: &str| list.iter().any(|n| names(n, name));
        let shown = |name: &str| {
            ALWAYS.contains(&name)
                || (self.only.is_empty() || named(&self.only, name)) && !named(&self.without, name)
        };
        resource
            .into_iter()
            .filter(|(name, _)| shown(name))
            .collect()
    }
}

/// Whether a path such as `meta.location` or `urn:…:App:displayName` names an attribute or a part of it.
fn names(path: &str, attribute: &str) -> bool {
    if path.eq_ignore_ascii_case(attribute) {
        return true;
    }
    let last = path.rsplit(':').next().unwrap_or(path);
    let head = last.split('.').next().unwrap_or(last);
    head.eq_ignore_ascii_case(attribute)
}

/// The attributes wanted of a single resource.
pub(super) fn attributes(call: &Call) -> Result<Attributes, ApiError> {
    parameters(call)?.attributes()
}

/// The parameters of a query, from the query string or the body of a search.
struct Parameters(HashMap<String, Value>);

fn parameters(call: &Call) -> Result<Parameters, ApiError> {
    if call.request.route.path.ends_with("/.search") {
        let members = super::members(call)?
            .into_iter()
            .map(|(k, v)| (k.to_ascii_lowercase(), v));
        let found = Parameters(members.collect());
        let named = found.0.get("schemas").and_then(Value::as_array);
        let search = |s: &Value| {
            s.as_str()
                .is_some_and(|s| s.eq_ignore_ascii_case(SEARCH_SCHEMA))
        };
        if !named.is_some_and(|all| all.iter().any(search)) {
            let detail = format!("schemas must name {SEARCH_SCHEMA}.");
            return Err(ApiError::query("invalidValue", detail));
        }
        return Ok(found);
    }
    let mut found = HashMap::new();
    for (name, value) in call.request.parameters()? {
        let value = Value::String(value.into_owned());
        if found.insert(name.to_ascii_lowercase(), value).is_some() {
            return Err(ApiError::query(
                "invalidValue",
                "A query parameter is repeated.",
            ));
        }
    }
    Ok(Parameters(found))
}

impl Parameters {
    fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(ApiError::query(
                "invalidValue",
                format!("{name} must be a string."),
            )),
        }
    }

    fn number(&self, name: &str) -> Result<Option<i64>, ApiError> {
        let parsed = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.parse().ok(),
            Some(value) => value.as_i64(),
        };
        let wrong = || ApiError::query("invalidValue", format!("{name} must be a whole number."));
        parsed.map(Some).ok_or_else(wrong)
    }

    fn names(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let split = |text: &str| -> Vec<String> {
            let names = text.split(',').map(|n| n.trim().to_owned());
            names.filter(|n| !n.is_empty()).collect()
        };
        let names: Vec<_> = match self.0.get(name) {
            Some(Value::String(text)) => split(text),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .flat_map(split)
                .collect(),
            _ => Vec::new(),
        };
        if names.len() > MAX_NAMES {
            let detail = format!("{name} may name at most {MAX_NAMES} attributes.");
            return Err(ApiError::query("invalidValue", detail));
        }
        Ok(names)
    }

    fn attributes(&self) -> Result<Attributes, ApiError> {
        Ok(Attributes {
            only: self.names("attributes")?,
            without: self.names("excludedattributes")?,
        })
    }

    /// RFC 7644 §3.4.2.4: a start below 1 is 1, a count below 0 is 0.
    fn start(&self) -> Result<usize, ApiError> {
        let start = self.number("startindex")?.unwrap_or(1).max(1);
        Ok(usize::try_from(start).unwrap_or(usize::MAX))
    }

    fn slice(&self) -> Result<Slice, ApiError> {
        let count = self
            .number("count")?
            .unwrap_or(DEFAULT_COUNT)
            .clamp(0, MAX_COUNT);
        let order = match self.text("sortby")? {
            None => Order::Created,
            Some(by) if names_exactly(by, "meta.created") => Order::Created,
            Some(by) if names_exactly(by, "displayName") => Order::Name,
            Some(_) => {
                let detail = "sortBy must be displayName or meta.created.";
                return Err(ApiError::query("invalidValue", detail));
            }
        };
        let descending = match self.text("sortorder")? {
            None => false,
            Some(order) if order.eq_ignore_ascii_case("ascending") => false,
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(_) => {
                let detail = "sortOrder must be ascending or descending.";
                return Err(ApiError::query("invalidValue", detail));
            }
        };
        Ok(Slice {
            skip: self.start()? - 1,
            count: usize::try_from(count).unwrap_or_default(),
            order,
            descending,
        })
    }
}

fn names_exactly(path: &str, attribute: &str) -> bool {
    path.rsplit(':')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(attribute))
}

pub(super) fn list_apps(call: &Call) -> Result<ListApps, ApiError> {
    let parameters = parameters(call)?;
    // Whatever is wrong is said before anything is read.
    parameters.attributes()?;
    let mut list = ListApps {
        only: None,
        filter: table::AppFilter::default(),
        predicate: None,
        after: None,
        extent: Extent::Slice(parameters.slice()?),
    };
    let Some(text) = parameters.text("filter")? else {
        return Ok(list);
    };
    let parsed = filter::parse(text)?;
    if let Some(id) = filter::equality(&parsed, "id") {
        list.only = Some(AppId::parse(id).map_or(AppSelector::Nothing, AppSelector::App));
    } else if let Some(name) = filter::equality(&parsed, "name") {
        list.only = Some(ClientId::parse(name).map_or(AppSelector::Nothing, AppSelector::Client));
    }
    let base = call.base.clone();
    list.predicate = Some(Predicate(Arc::new(move |app| {
        filter::matches(&parsed, &Value::Object(write::app(app, &base)))
    })));
    Ok(list)
}

pub(super) fn apps(call: &Call, list: &AppList) -> Result<Response, ApiError> {
    let parameters = parameters(call)?;
    let wanted = parameters.attributes()?;
    let shown = list
        .apps
        .iter()
        .map(|app| wanted.of(write::shown(app, &call.base)).into());
    let total = list.total.unwrap_or(list.apps.len());
    Ok(list_response(shown.collect(), total, parameters.start()?))
}
