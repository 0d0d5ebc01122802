//! SCIM queries (RFC 7644 §3.4.2 and §3.4.3): filter, sort, slice, and which attributes to show.

use std::{collections::HashMap, sync::Arc};

use domain::{AppId, ClientId, Invalid, Place, Violations};
use serde_json::{Map, Value};

use super::{
    super::{AppList, AppSelector, Extent, ListApps, Order, Predicate, Slice},
    filter, list_response, write,
};
use crate::{ApiError, Call, Response, json::pointer};

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
    let mut faults = Violations::default();
    let wanted = parameters(call, &mut faults)?.attributes(&mut faults);
    Ok(faults.or(wanted)?)
}

/// The parameters of a query, from the query string or the body of a search; names in lower case.
struct Parameters {
    found: HashMap<String, Value>,
    in_body: bool,
}

/// A repeated one is a fault, and so is the body of another message.
fn parameters(call: &Call, faults: &mut Violations) -> Result<Parameters, ApiError> {
    if call.request.route.path.ends_with("/.search") {
        let members = super::members(call)?
            .into_iter()
            .map(|(k, v)| (k.to_ascii_lowercase(), v));
        let found: HashMap<_, _> = members.collect();
        let named = found.get("schemas").and_then(Value::as_array);
        let search = |s: &Value| {
            s.as_str()
                .is_some_and(|s| s.eq_ignore_ascii_case(SEARCH_SCHEMA))
        };
        if !named.is_some_and(|all| all.iter().any(search)) {
            faults.push("/schemas", Invalid::Lacks(SEARCH_SCHEMA));
        }
        return Ok(Parameters {
            found,
            in_body: true,
        });
    }
    let mut found = HashMap::new();
    for (name, value) in call.request.parameters()? {
        let value = Value::String(value.into_owned());
        if found.insert(name.to_ascii_lowercase(), value).is_some() {
            faults.push(Place::parameter(name), Invalid::Duplicate);
        }
    }
    Ok(Parameters {
        found,
        in_body: false,
    })
}

impl Parameters {
    fn get(&self, name: &str) -> Option<&Value> {
        let value = self.found.get(&name.to_ascii_lowercase());
        value.filter(|value| !value.is_null())
    }

    /// Notes a fault of the parameter `name`.
    fn fault(&self, name: &str, invalid: Invalid, faults: &mut Violations) {
        let place = if self.in_body {
            Place::Body(pointer("", name))
        } else {
            Place::parameter(name)
        };
        faults.push(place, invalid);
    }

    fn text(&self, name: &str, faults: &mut Violations) -> Option<&str> {
        let value = self.get(name)?;
        if !value.is_string() {
            self.fault(name, Invalid::Type("a string"), faults);
        }
        value.as_str()
    }

    fn number(&self, name: &str, faults: &mut Violations) -> Option<i64> {
        let number = match self.get(name)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_i64(),
        };
        if number.is_none() {
            self.fault(name, Invalid::Type("a whole number"), faults);
        }
        number
    }

    fn names(&self, name: &str, faults: &mut Violations) -> Vec<String> {
        let split = |text: &str| -> Vec<String> {
            let names = text.split(',').map(|n| n.trim().to_owned());
            names.filter(|n| !n.is_empty()).collect()
        };
        let names: Vec<_> = match self.get(name) {
            Some(Value::String(text)) => split(text),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .flat_map(split)
                .collect(),
            _ => Vec::new(),
        };
        if names.len() > MAX_NAMES {
            self.fault(name, Invalid::TooMany(MAX_NAMES), faults);
        }
        names
    }

    fn attributes(&self, faults: &mut Violations) -> Attributes {
        Attributes {
            only: self.names("attributes", faults),
            without: self.names("excludedAttributes", faults),
        }
    }

    /// RFC 7644 §3.4.2.4: a start below 1 is 1, a count below 0 is 0.
    fn start(&self, faults: &mut Violations) -> usize {
        let start = self.number("startIndex", faults).unwrap_or(1).max(1);
        usize::try_from(start).unwrap_or(usize::MAX)
    }

    fn slice(&self, faults: &mut Violations) -> Slice {
        let count = self.number("count", faults).unwrap_or(DEFAULT_COUNT);
        let count = usize::try_from(count.clamp(0, MAX_COUNT)).unwrap_or_default();
        let order = match self.text("sortBy", faults) {
            Some(by) if names_exactly(by, "displayName") => Order::Name,
            Some(by) if !names_exactly(by, "meta.created") => {
                let why = Invalid::Conflict("must be displayName or meta.created");
                self.fault("sortBy", why, faults);
                Order::Created
            }
            _ => Order::Created,
        };
        let descending = match self.text("sortOrder", faults) {
            Some(order) if order.eq_ignore_ascii_case("descending") => true,
            Some(order) if !order.eq_ignore_ascii_case("ascending") => {
                let why = Invalid::Conflict("must be ascending or descending");
                self.fault("sortOrder", why, faults);
                false
            }
            _ => false,
        };
        Slice {
            skip: self.start(faults) - 1,
            count,
            order,
            descending,
        }
    }
}

fn names_exactly(path: &str, attribute: &str) -> bool {
    path.rsplit(':')
        .next()
        .is_some_and(|last| last.eq_ignore_ascii_case(attribute))
}

pub(super) fn list_apps(call: &Call) -> Result<ListApps, ApiError> {
    let mut faults = Violations::default();
    let parameters = parameters(call, &mut faults)?;
    // Whatever is wrong is said before anything is read.
    parameters.attributes(&mut faults);
    let slice = parameters.slice(&mut faults);
    let filter = parameters.text("filter", &mut faults).map(filter::parse);
    let parsed = match (faults.or(()), filter.transpose()) {
        (Ok(()), parsed) => parsed?,
        (Err(faults), Ok(_)) => return Err(faults.into()),
        (Err(faults), Err(e)) => {
            let others = ApiError::from(faults).detail();
            return Err(ApiError::query(
                e.code(),
                format!("{others}; {}", e.detail()),
            ));
        }
    };
    let mut list = ListApps {
        only: None,
        filter: table::AppFilter::default(),
        predicate: None,
        after: None,
        extent: Extent::Slice(slice),
    };
    let Some(parsed) = parsed else {
        return Ok(list);
    };
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
    let mut faults = Violations::default();
    let parameters = parameters(call, &mut faults)?;
    let (wanted, start) = (
        parameters.attributes(&mut faults),
        parameters.start(&mut faults),
    );
    faults.or(())?;
    let shown = list
        .apps
        .iter()
        .map(|app| wanted.of(write::shown(app, &call.base)).into());
    let total = list.total.unwrap_or(list.apps.len());
    Ok(list_response(shown.collect(), total, start))
}
