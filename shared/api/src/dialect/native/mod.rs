//! The native dialect, `/v1`: results in `{"result": …}`, errors as RFC 9457 problems that also carry
//! `message` and `error_code`, unknown members refused by name.

pub(super) use read::default_rights;

mod read;
mod write;

use domain::{AppId, CreateApp, Invalid, Violations};
use serde_json::json;

use super::{AppCreated, AppList, AppSelector, CursorKey, Dialect, Extent, ListApps};
use crate::{ApiError, Call, Response, cursor, fields::Fields};

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 100;

pub(super) struct Native;

impl Dialect for Native {
    fn name(&self) -> &'static str {
        "native"
    }

    fn error(&self, error: &ApiError, request_id: &str) -> Response {
        let faults: Vec<_> = match error {
            ApiError::Invalid(faults) => faults
                .iter()
                .map(|v| {
                    json!({
                        "pointer": v.pointer, "code": v.invalid.code(), "message": v.to_string(),
                    })
                })
                .collect(),
            _ => Vec::new(),
        };
        let messages: Vec<_> = match error {
            ApiError::Invalid(faults) => faults.iter().map(ToString::to_string).collect(),
            _ => vec![error.detail()],
        };
        let mut body = json!({
            "type": format!("urn:roster:problem:{}", error.code()),
            "title": error.title(),
            "status": error.status(),
            "detail": error.detail(),
            "message": messages,
            "error_code": error.status(),
            "request_id": request_id,
        });
        if !faults.is_empty()
            && let Some(members) = body.as_object_mut()
        {
            members.insert("errors".into(), faults.into());
        }
        Response::typed(error.status(), "application/problem+json", &body)
    }

    fn create_app(&self, call: &Call) -> Result<CreateApp, ApiError> {
        read::create_app(Fields::of_body(&call.request, "application/json")?)
    }

    fn app_created(&self, _call: &Call, created: &AppCreated) -> Result<Response, ApiError> {
        let app = &created.app;
        let mut result = write::app(app);
        if let Some(secret) = &created.secret {
            result.insert("client_secret".into(), secret.expose().into());
        }
        Ok(Response::json(201, &json!({ "result": result }))
            .with("location", format!("/v1/applications/{}", app.app_id))
            .with("etag", super::etag(app.version))
            .with("cache-control", "no-store"))
    }

    fn app(&self, _call: &Call, app: &domain::App) -> Result<Response, ApiError> {
        Ok(Response::json(200, &json!({ "result": write::app(app) }))
            .with("etag", super::etag(app.version)))
    }

    fn list_apps(&self, call: &Call, key: &CursorKey) -> Result<ListApps, ApiError> {
        let query = call.request.query_parameters(&[
            "limit",
            "cursor",
            "app_code_name",
            "client_id",
            "app_name",
            "active",
        ])?;
        let mut faults = Violations::default();
        let limit = match query.get("limit").map(|text| text.parse()) {
            None => DEFAULT_LIMIT,
            Some(Ok(limit)) if (1..=MAX_LIMIT).contains(&limit) => limit,
            Some(_) => {
                faults.push("limit", Invalid::Range(1, MAX_LIMIT.into()));
                DEFAULT_LIMIT
            }
        };
        let active = match query.get("active").map(String::as_str) {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => {
                faults.push("active", Invalid::Choice("true, false"));
                None
            }
        };
        let by_code = query.get("app_code_name").map(|text| {
            domain::CodeName::parse(text).map_or(AppSelector::Nothing, AppSelector::CodeName)
        });
        let by_client = query.get("client_id").map(|text| {
            domain::ClientId::parse(text).map_or(AppSelector::Nothing, AppSelector::Client)
        });
        if by_code.is_some() && by_client.is_some() {
            faults.push(
                "client_id",
                Invalid::Conflict("can't be combined with app_code_name"),
            );
        }
        let mut list = ListApps {
            only: by_code.or(by_client),
            filter: table::AppFilter {
                name_prefix: query.get("app_name").cloned(),
                active,
            },
            after: None,
            extent: Extent::Page(limit),
        };
        if let Some(text) = query.get("cursor") {
            list.after = cursor::decode(&key.0, call.tenant()?, &query_text(&list), text);
            if list.after.is_none() {
                faults.push(
                    "cursor",
                    Invalid::Conflict(
                        "is not one of this list; start without a cursor and follow next_cursor",
                    ),
                );
            }
        }
        Ok(faults.or(list)?)
    }

    fn apps(&self, call: &Call, list: &AppList, key: &CursorKey) -> Result<Response, ApiError> {
        let result: Vec<_> = list
            .apps
            .iter()
            .map(|app| {
                let mut shown = write::app(app);
                shown.remove("logo");
                shown
            })
            .collect();
        let Some(next) = &list.next else {
            return Ok(Response::json(200, &json!({ "result": result })));
        };
        let asked = self.list_apps(call, key)?;
        let next = next_cursor(call, key, &asked, next)?;
        let body = json!({ "result": result, "next_cursor": next });
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(call.request.query.as_bytes()) {
            if name != "cursor" {
                query.append_pair(&name, &value);
            }
        }
        let link = format!(
            "<{}?{}>; rel=\"next\"",
            call.request.route.path,
            query.append_pair("cursor", &next).finish()
        );
        Ok(Response::json(200, &body).with("link", link))
    }
}

/// What a cursor is bound to: everything that narrows the list, but not the page length.
fn query_text(list: &ListApps) -> String {
    format!("{:?} {:?}", list.only, list.filter)
}

fn next_cursor(
    call: &Call,
    key: &CursorKey,
    asked: &ListApps,
    next: &AppId,
) -> Result<String, ApiError> {
    Ok(cursor::encode(
        &key.0,
        call.tenant()?,
        &query_text(asked),
        next,
    ))
}
