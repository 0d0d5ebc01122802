//! Native queries and pages: opaque cursors, `next_cursor`, RFC 8288 links.

use std::collections::HashMap;

use domain::{
    AppId, ClientId, CodeName, Invalid, Place, Violations, app::folded_text, invalid::ITEMS,
};
use serde_json::{Map, Value, json};
use table::{AppFilter, ClientPage};

use super::{
    super::{AppList, AppSelector, CursorKey, Extent, ListApps, ListClients},
    write,
};
use crate::{ApiError, Call, Response, cursor, find::named_app, response::room_for};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

/// What to do where the caller's token does not say which app is meant.
const APP_OF_CLIENTS: &str = "with a token of the management application: the id or the code name of the application whose clients are wanted";

type Query = HashMap<String, String>;

pub(super) fn list_apps(call: &Call, key: &CursorKey) -> Result<ListApps, ApiError> {
    let known = [
        "limit",
        "cursor",
        "app_code_name",
        "client_id",
        "app_name",
        "contains",
        "active",
    ];
    let mut faults = Violations::default();
    let query = call.request.query_parameters(&known, &mut faults)?;
    let limit = limit(&query, &mut faults);
    let active = boolean(&query, "active", &mut faults);
    let by_code = query
        .get("app_code_name")
        .map(|text| CodeName::named(text).map_or(AppSelector::Nothing, AppSelector::CodeName));
    let by_client = query
        .get("client_id")
        .map(|text| ClientId::parse(text).map_or(AppSelector::Nothing, AppSelector::Client));
    if by_code.is_some() && by_client.is_some() {
        let clash = Invalid::Conflict("can't be combined with app_code_name");
        faults.push(Place::parameter("client_id"), clash);
    }
    let mut list = ListApps {
        only: by_code.or(by_client),
        filter: AppFilter {
            name_prefix: query.get("app_name").cloned(),
            name_contains: query.get("contains").map(|text| folded_text(text)),
            active,
        },
        predicate: None,
        after: None,
        extent: Extent::Page(limit),
    };
    let after = after(call, key, &apps_context(&list), &query, &mut faults)?;
    list.after = after.and_then(|id| AppId::parse(&id).ok());
    Ok(faults.or(list)?)
}

pub(super) fn apps(call: &Call, list: &AppList, key: &CursorKey) -> Result<Response, ApiError> {
    let result: Vec<_> = list
        .apps
        .iter()
        .map(|app| {
            let mut shown = write::app(app);
            shown.remove("logo");
            shown
        })
        .collect();
    let context = apps_context(&list_apps(call, key)?);
    let next = list.next.map(|id| id.to_string());
    page(call, key, &context, &result, next.as_deref(), |last| {
        list.apps.get(last).map(|app| app.app_id.to_string())
    })
}

pub(super) fn list_clients(call: &Call, key: &CursorKey) -> Result<ListClients, ApiError> {
    let in_path = named_app(call);
    let known: &[_] = match in_path {
        Some(_) => &["limit", "cursor"],
        None => &["limit", "cursor", "app_id"],
    };
    let mut faults = Violations::default();
    let query = call.request.query_parameters(known, &mut faults)?;
    let app = in_path.or(query.get("app_id").map(String::as_str));
    if app.is_none() && call.caller()?.management {
        faults.push(
            Place::parameter("app_id"),
            Invalid::RequiredHere(APP_OF_CLIENTS),
        );
    }
    let limit = limit(&query, &mut faults);
    let after = after(call, key, &clients_context(app), &query, &mut faults)?;
    Ok(faults.or(ListClients {
        app: app.map(str::to_owned),
        after: after.and_then(|id| ClientId::parse(&id).ok()),
        limit,
    })?)
}

pub(super) fn clients(
    call: &Call,
    found: &ClientPage,
    key: &CursorKey,
) -> Result<Response, ApiError> {
    let clients = found.clients.iter();
    let result: Vec<_> = clients
        .map(|client| write::client(&found.app, client))
        .collect();
    let next = found.next.as_ref().map(ClientId::as_str);
    let context = clients_context(list_clients(call, key)?.app.as_deref());
    page(call, key, &context, &result, next, |last| {
        found
            .clients
            .get(last)
            .map(|client| client.client_id.to_string())
    })
}

/// Whether an active app or client is to be deleted all the same.
pub(super) fn force(call: &Call) -> Result<bool, ApiError> {
    let mut faults = Violations::default();
    let query = call.request.query_parameters(&["force"], &mut faults)?;
    let force = boolean(&query, "force", &mut faults);
    Ok(faults.or(force.unwrap_or_default())?)
}

/// Whether `?tokens=end` is there, the one value that the parameter has.
pub(super) fn ends_tokens(call: &Call) -> Result<bool, ApiError> {
    let mut faults = Violations::default();
    let query = call.request.query_parameters(&["tokens"], &mut faults)?;
    let tokens = query.get("tokens").map(String::as_str);
    if tokens.is_some_and(|tokens| tokens != "end") {
        faults.push(Place::parameter("tokens"), Invalid::Choice("end"));
    }
    Ok(faults.or(tokens.is_some())?)
}

fn limit(query: &Query, faults: &mut Violations) -> u32 {
    match query.get("limit").map(|text| text.parse()) {
        None => DEFAULT_LIMIT,
        Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
        Some(_) => {
            let range = Invalid::Range(ITEMS, 1, MAX_LIMIT.into());
            faults.push(Place::parameter("limit"), range);
            DEFAULT_LIMIT
        }
    }
}

fn boolean(query: &Query, name: &str, faults: &mut Violations) -> Option<bool> {
    match query.get(name)?.as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => {
            faults.push(Place::parameter(name), Invalid::Choice("true, false"));
            None
        }
    }
}

/// What a cursor of a list of apps is bound to: everything that narrows it, but not the page length.
fn apps_context(list: &ListApps) -> String {
    format!("apps {:?} {:?}", list.only, list.filter)
}

/// What a cursor of a list of clients is bound to: the app as the request names it.
fn clients_context(app: Option<&str>) -> String {
    format!("clients {}", app.unwrap_or_default().to_ascii_lowercase())
}

fn after(
    call: &Call,
    key: &CursorKey,
    context: &str,
    query: &Query,
    faults: &mut Violations,
) -> Result<Option<String>, ApiError> {
    let Some(text) = query.get("cursor") else {
        return Ok(None);
    };
    let found = cursor::decode(&key.0, call.tenant()?, context, text);
    if found.is_none() {
        let why = "is not one of this list; start without a cursor and follow next_cursor";
        faults.push(Place::parameter("cursor"), Invalid::Conflict(why));
    }
    Ok(found)
}

/// A page of `result`; where an answer has no room for all of it, a shorter one, whose `next_cursor`
/// goes on behind its last item, which `id_of` names.
fn page(
    call: &Call,
    key: &CursorKey,
    context: &str,
    result: &[Map<String, Value>],
    next: Option<&str>,
    id_of: impl Fn(usize) -> Option<String>,
) -> Result<Response, ApiError> {
    let whole = page_of(call, key, context, result, next)?;
    if whole.fits() {
        return Ok(whole);
    }
    let (shorter, _) = result.split_at(room_for(result).max(1).min(result.len()));
    let next = id_of(shorter.len().saturating_sub(1));
    page_of(call, key, context, shorter, next.as_deref())
}

fn page_of(
    call: &Call,
    key: &CursorKey,
    context: &str,
    result: &[Map<String, Value>],
    next: Option<&str>,
) -> Result<Response, ApiError> {
    let Some(next) = next else {
        return Ok(Response::json(200, &json!({ "result": result })));
    };
    let next = cursor::encode(&key.0, call.tenant()?, context, next);
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.request.parameters()? {
        if name != "cursor" {
            query.append_pair(&name, &value);
        }
    }
    let query = query.append_pair("cursor", &next).finish();
    let path = path_of(call);
    let body = json!({ "result": result, "next_cursor": next });
    Ok(Response::json(200, &body).with("link", format!("<{path}?{query}>; rel=\"next\"")))
}

/// The path that was asked. Path parameters are ids and code names, which need no escaping.
pub(super) fn path_of(call: &Call) -> String {
    let request = &call.request;
    let filled = |path: String, (name, value): &(String, String)| {
        path.replace(&format!("{{{name}}}"), value)
    };
    let pattern = request.route.path.to_owned();
    request.path.iter().fold(pattern, filled)
}
