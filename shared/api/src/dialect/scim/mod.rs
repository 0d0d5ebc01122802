//! The SCIM dialect, `/admin/v1` (RFC 7643, RFC 7644, with the vendor's App schema): bare resources,
//! SCIM errors, unknown attributes ignored, with a warning.

mod bounds;
mod filter;
mod follow;
mod grammar;
mod grants;
mod ignored;
mod patch;
mod provider;
mod query;
mod read;
mod write;

use domain::{
    App, AppId, CreateApp, Invalid, Place, Secret, Violations, client::CREDENTIALS_NEED_A_METHOD,
    uri::PRIVATE_SCHEME,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    AppCreated, AppList, CursorKey, Grant, IssueSecret, ListApps, ListGrants, SecretIssued,
    SetStatus, Words, phrases::Phrases,
};
use crate::{
    ApiError, Call, Response, change::AppChange, fields::Fields, json::Names, precondition::etag,
    response::room_for,
};

const SCIM: &str = "application/scim+json";
const MEDIA_TYPES: &str = "application/scim+json or application/json";
const APP_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:App";
const STATUS_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppStatusChanger";
const SECRET_SCHEMA: &str = "urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator";
const ERROR_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const LIST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const CONFIDENTIAL_TEMPLATE: &str = "CustomWebAppTemplateId";
const PUBLIC_TEMPLATE: &str = "CustomBrowserMobileTemplateId";

pub(super) struct Scim;

impl Phrases for Scim {
    fn advice(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "application-active" => {
                "deactivate it through AppStatusChanger first, or repeat with ?forceDelete=true"
            }
            "client-id-taken" => "choose another name, or leave name out to have one made",
            "client-without-secrets" => {
                "if its clientType is public, change that to confidential first"
            }
            "idempotency-key-reused" => "use a new opc-retry-token",
            "idempotent-result-gone" => "use a new opc-retry-token to do it again",
            _ => return None,
        })
    }

    fn rule(&self, broken: &Invalid) -> Option<&'static str> {
        match *broken {
            CREDENTIALS_NEED_A_METHOD => Some(
                "has client_credentials, which is not for public clients; send the list without it, or set clientType to confidential or trusted",
            ),
            PRIVATE_SCHEME => Some(
                "must use https; private-use schemes need allUrlSchemesAllowed, or the clientType public",
            ),
            _ => None,
        }
    }
}

impl Words for Scim {
    fn error(&self, error: &ApiError, _request_id: &str) -> Response {
        let mut body = json!({
            "schemas": [ERROR_SCHEMA],
            "detail": self.detail(error),
            // A string, and not a number (RFC 7644 §3.12).
            "status": error.status().to_string(),
        });
        let kind = match error {
            ApiError::Invalid(_) => Some("invalidValue"),
            ApiError::Malformed(_) => Some("invalidSyntax"),
            ApiError::Query { code, .. } => Some(*code),
            ApiError::Conflict { code, .. } if code.ends_with("-taken") => Some("uniqueness"),
            _ => None,
        };
        if let (Some(kind), Some(members)) = (kind, body.as_object_mut()) {
            members.insert("scimType".into(), kind.into());
        }
        Response::typed(error.status(), SCIM, &body)
    }

    fn idempotency_header(&self) -> &'static str {
        "opc-retry-token"
    }

    fn takes_weak_etags(&self) -> bool {
        true
    }

    fn create_app(&self, call: &Call) -> Result<CreateApp, ApiError> {
        read::create_app(body(call)?)
    }

    fn app_created(&self, call: &Call, created: &AppCreated) -> Result<Response, ApiError> {
        let app = &created.app;
        let shown = write::warned(write::shown(app, &call.base), ignored::of(call)?);
        let shown = with_secret(shown, created.secret.as_ref());
        Ok(Response::typed(201, SCIM, &shown)
            .with("location", location(call, &app.app_id))
            .with("etag", etag(app.version))
            .with("cache-control", "no-store"))
    }

    fn app(&self, call: &Call, app: &App) -> Result<Response, ApiError> {
        let wanted = query::attributes(call)?;
        let shown = wanted.of(write::shown(app, &call.base));
        Ok(Response::typed(200, SCIM, &shown).with("etag", etag(app.version)))
    }

    fn list_apps(&self, call: &Call, _key: &CursorKey) -> Result<ListApps, ApiError> {
        query::list_apps(call)
    }

    fn apps(&self, call: &Call, list: &AppList, _key: &CursorKey) -> Result<Response, ApiError> {
        query::apps(call, list)
    }

    fn update_app(&self, call: &Call, now: &App) -> Result<AppChange, ApiError> {
        let body = members(call)?;
        let document = if call.request.route.method == "PATCH" {
            let before = write::document(now);
            let mut after = patch::apply(before.clone(), body)?;
            follow::client_type(&before, &mut after, now);
            after
        } else {
            read::assigned(read::canonical_members(body))
        };
        read::update_app(Fields::new(document), now)
    }

    fn app_changed(
        &self,
        call: &Call,
        app: &App,
        secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        let shown = if call.request.route.operation == "change-status" {
            write::object(json!({
                "schemas": [STATUS_SCHEMA],
                "id": app.app_id,
                "active": app.status.active,
                // No location: this can be put and not read; what it changed is the app of this id.
                "meta": { "resourceType": "AppStatusChanger" },
            }))
        } else {
            let shown = write::warned(write::shown(app, &call.base), ignored::of(call)?);
            with_secret(shown, secret)
        };
        let response = Response::typed(200, SCIM, &shown).with("etag", etag(app.version));
        Ok(match secret {
            Some(_) => response.with("cache-control", "no-store"),
            None => response,
        })
    }

    fn delete_app(&self, call: &Call) -> Result<bool, ApiError> {
        match call.request.only_parameter("forceDelete")?.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => {
                let place = Place::parameter("forceDelete");
                Err(Violations::one(place, Invalid::Choice("true, false")).into())
            }
        }
    }

    fn status(&self, call: &Call) -> Result<SetStatus, ApiError> {
        let mut f = body(call)?;
        schema(&mut f, STATUS_SCHEMA);
        let active = f.required_boolean("active");
        f.ignore_others();
        let reason = None;
        Ok(f.into_faults().or(SetStatus { active, reason })?)
    }

    fn issue_secret(&self, call: &Call) -> Result<IssueSecret, ApiError> {
        let mut faults = Violations::default();
        let query = call.request.query_parameters(&["tokens"], &mut faults)?;
        let tokens = query.get("tokens").map(String::as_str);
        if tokens.is_some_and(|tokens| tokens != "end") {
            let why = "must be end; without it, tokens obtained with the old secret go on";
            faults.push(Place::parameter("tokens"), Invalid::Conflict(why));
        }
        let mut f = body(call)?.with_faults(faults);
        schema(&mut f, SECRET_SCHEMA);
        let app = f.required("appId", |text| Ok(text.to_owned()));
        f.ignore_others();
        Ok(f.into_faults().or(IssueSecret {
            app,
            expires_in: None,
            replaces: true,
            ends_tokens: tokens.is_some(),
        })?)
    }

    fn secret_issued(&self, _call: &Call, issued: &SecretIssued) -> Result<Response, ApiError> {
        let shown = json!({
            "schemas": [SECRET_SCHEMA],
            "id": issued.stored.id,
            "appId": issued.app_id,
            "clientSecret": issued.secret.expose(),
            "meta": {
                "resourceType": "AppClientSecretRegenerator",
                // No location: nobody can read a secret again.
                "created": issued.stored.created_at.to_string(),
            },
        });
        Ok(Response::typed(201, SCIM, &shown).with("cache-control", "no-store"))
    }

    fn app_roles(&self, call: &Call) -> Result<Response, ApiError> {
        grants::roles(call)
    }

    fn create_grant(&self, call: &Call) -> Result<AppId, ApiError> {
        grants::create(call)
    }

    fn list_grants(&self, call: &Call) -> Result<ListGrants, ApiError> {
        grants::list(call)
    }

    fn grant_in_path(&self, call: &Call) -> Result<AppId, ApiError> {
        grants::in_path(call)
    }

    fn grant(&self, call: &Call, grant: &Grant, status: u16) -> Result<Response, ApiError> {
        let shown = grants::shown(call, grant);
        let location = format!(
            "{}/admin/v1/Grants/{}",
            call.base,
            grants::id(&grant.app_id)
        );
        let response = Response::typed(status, SCIM, &shown);
        Ok(if status == 201 {
            response.with("location", location)
        } else {
            response
        })
    }

    fn grants(&self, call: &Call, found: &[Grant]) -> Result<Response, ApiError> {
        let shown = found
            .iter()
            .map(|grant| grants::shown(call, grant))
            .collect();
        Ok(list_response(shown, found.len(), 1))
    }

    fn provider(&self, call: &Call) -> Result<Response, ApiError> {
        provider::document(call)
    }
}

/// The body's members as they are spelled; no two differ in letter case alone.
fn members(call: &Call) -> Result<Map<String, Value>, ApiError> {
    let fields = Fields::of(&call.request, MEDIA_TYPES, Names::AnyCase)?;
    Ok(fields.into_members())
}

fn body(call: &Call) -> Result<Fields, ApiError> {
    let members = read::canonical_members(members(call)?);
    Ok(Fields::new(read::assigned(members)))
}

/// Takes `schemas`, which must name the one that the route is for.
fn schema(f: &mut Fields, wanted: &'static str) {
    let Some(named) = f.take("schemas") else {
        return f.fault("schemas", Invalid::Required);
    };
    let named = named.as_array().is_some_and(|all| {
        let mut all = all.iter().filter_map(Value::as_str);
        all.any(|s| s.eq_ignore_ascii_case(wanted))
    });
    if !named {
        f.fault("schemas", Invalid::Lacks(wanted));
    }
}

fn location(call: &Call, app_id: &AppId) -> String {
    format!("{}/admin/v1/Apps/{app_id}", call.base)
}

fn with_secret(mut shown: Map<String, Value>, secret: Option<&Secret>) -> Map<String, Value> {
    if let Some(secret) = secret {
        shown.insert("clientSecret".into(), secret.expose().into());
    }
    shown
}

/// RFC 7644 §3.4.2. What an answer has no room for is left to the next page: "the service provider may
/// return fewer" (§3.4.2.4), and `itemsPerPage` says how many there are here.
fn list_response(mut resources: Vec<Value>, total: usize, start: usize) -> Response {
    let response = list_body(&resources, total, start);
    if response.fits() {
        return response;
    }
    resources.truncate(room_for(&resources));
    list_body(&resources, total, start)
}

/// The message of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ListBody<'a> {
    schemas: [&'static str; 1],
    total_results: usize,
    start_index: usize,
    items_per_page: usize,
    #[serde(rename = "Resources")]
    resources: &'a [Value],
}

fn list_body(resources: &[Value], total: usize, start: usize) -> Response {
    let body = ListBody {
        schemas: [LIST_SCHEMA],
        total_results: total,
        start_index: start,
        items_per_page: resources.len(),
        resources,
    };
    Response::typed(200, SCIM, &body)
}
