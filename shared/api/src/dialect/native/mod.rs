//! The native dialect, `/v1`: results in `{"result": …}`, errors as RFC 9457 problems that also carry
//! `message` and `error_code`, unknown members refused by name.

mod lists;
mod merge;
mod read;
mod read_only;
mod write;

use domain::{
    App, ClientSettings, CreateApp, Description, Invalid, Place, ResourceId, Secret, StoredSecret,
    Violation,
    client::{CREDENTIALS_NEED_A_METHOD, MAX_GRANTED, NONE_IS_NATIVE},
    invalid::SECONDS,
    uri::PRIVATE_SCHEME,
};
use serde_json::{Map, Value, json};
use table::{ClientPage, Principal};

use super::{
    AppCreated, AppList, CursorKey, IssueSecret, ListApps, ListClients, SecretIssued, SetStatus,
    Words, phrases::Phrases,
};
use crate::{
    ApiError, Call, Request, Response, change::AppChange, fields::Fields, find::named_app,
    precondition::etag,
};

use read_only::ReadOnly;

const JSON: &str = "application/json";
/// The longest life of a secret that can be asked for: ten years, in seconds.
const MAX_EXPIRES_IN: i64 = 315_360_000;

pub(super) struct Native;

impl Phrases for Native {
    fn advice(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "application-active" | "client-active" => {
                "deactivate it first, or repeat with ?force=true"
            }
            "client-without-secrets" => "change its token_endpoint_auth_method first",
            "code-name-taken" => "choose another, or leave app_code_name out to have one made",
            "idempotency-key-reused" => "use a new Idempotency-Key",
            "idempotent-result-gone" => "use a new Idempotency-Key to do it again",
            _ => return None,
        })
    }

    fn rule(&self, broken: &Invalid) -> Option<&'static str> {
        match *broken {
            NONE_IS_NATIVE => Some(
                "none is for native clients only; set client_type to native or choose another method",
            ),
            CREDENTIALS_NEED_A_METHOD => Some(
                "has client_credentials, which needs a client that authenticates; send the list without it, or choose another auth method",
            ),
            PRIVATE_SCHEME => Some(
                "must use https; private-use schemes are only for clients with the client_type native",
            ),
            _ => None,
        }
    }
}

impl Words for Native {
    fn error(&self, error: &ApiError, request_id: &str) -> Response {
        let faults: Vec<_> = match error {
            ApiError::Invalid(faults) => faults.iter().map(placed).collect(),
            _ => Vec::new(),
        };
        let messages: Vec<_> = match error {
            ApiError::Invalid(faults) => faults.iter().map(|v| self.fault(v)).collect(),
            _ => vec![self.detail(error)],
        };
        let mut body = json!({
            "type": format!("urn:roster:problem:{}", error.code()),
            "title": error.title(),
            "status": error.status(),
            "detail": self.detail(error),
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

    fn check_query(&self, request: &Request) -> Result<(), ApiError> {
        match request.route.operation {
            "list-apps" | "list-clients" | "delete-app" | "delete-client" | "revoke-secret" => {
                Ok(())
            }
            _ => request.no_parameters(),
        }
    }

    fn create_app(&self, call: &Call) -> Result<CreateApp, ApiError> {
        let fields = Fields::of_body(&call.request, JSON)?;
        read::create_app(read_only::refuse(fields, &read_only::OF_APP))
    }

    fn app_created(&self, _call: &Call, created: &AppCreated) -> Result<Response, ApiError> {
        let app = &created.app;
        let shown = with_secret(write::app(app), created.secret.as_ref());
        Ok(result(201, &shown)
            .with("location", format!("/v1/applications/{}", app.app_id))
            .with("etag", etag(app.version))
            .with("cache-control", "no-store"))
    }

    fn app(&self, _call: &Call, app: &App) -> Result<Response, ApiError> {
        Ok(result(200, &write::app(app)).with("etag", etag(app.version)))
    }

    fn list_apps(&self, call: &Call, key: &CursorKey) -> Result<ListApps, ApiError> {
        lists::list_apps(call, key)
    }

    fn apps(&self, call: &Call, list: &AppList, key: &CursorKey) -> Result<Response, ApiError> {
        lists::apps(call, list, key)
    }

    fn update_app(&self, call: &Call, now: &App) -> Result<AppChange, ApiError> {
        let shown = write::app(now);
        let read_only = ReadOnly::new(&read_only::OF_APP, &shown);
        read::update_app(merge::onto(call, read::base_of_app(now), &read_only)?, now)
    }

    fn app_changed(
        &self,
        _call: &Call,
        app: &App,
        secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        Ok(changed(write::app(app), secret).with("etag", etag(app.version)))
    }

    fn delete_app(&self, call: &Call) -> Result<bool, ApiError> {
        lists::force(call)
    }

    fn app_of_client(&self, call: &Call) -> Result<Option<String>, ApiError> {
        if let Some(named) = named_app(call) {
            return Ok(Some(named.to_owned()));
        }
        let fields = Fields::of_body(&call.request, JSON)?;
        read::app_of_client(fields, call.caller()?.management)
    }

    fn create_client(&self, call: &Call, app: &App) -> Result<ClientSettings, ApiError> {
        let mut fields = Fields::of_body(&call.request, JSON)?;
        if named_app(call).is_none() {
            // It led to the app.
            fields.take("app_id");
        }
        read::create_client(read_only::refuse(fields, &read_only::OF_CLIENT), app)
    }

    fn client_created(
        &self,
        _call: &Call,
        now: &Principal,
        secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        let (app_id, client) = (now.app.app_id, &now.client);
        let shown = with_secret(write::client(&now.app, client), secret);
        let location = format!("/v1/applications/{app_id}/clients/{}", client.client_id);
        Ok(result(201, &shown)
            .with("location", location)
            .with("etag", etag(client.version))
            .with("cache-control", "no-store"))
    }

    fn client(&self, call: &Call, now: &Principal) -> Result<Response, ApiError> {
        let mut shown = write::client(&now.app, &now.client);
        // From the client id alone, the app comes with it.
        if call.request.path_parameter("app").is_empty() {
            shown.insert("app".into(), write::app(&now.app).into());
        }
        Ok(result(200, &shown).with("etag", etag(now.client.version)))
    }

    fn list_clients(&self, call: &Call, key: &CursorKey) -> Result<ListClients, ApiError> {
        lists::list_clients(call, key)
    }

    fn clients(
        &self,
        call: &Call,
        page: &ClientPage,
        key: &CursorKey,
    ) -> Result<Response, ApiError> {
        lists::clients(call, page, key)
    }

    fn update_client(&self, call: &Call, now: &Principal) -> Result<ClientSettings, ApiError> {
        let mut shown = write::client(&now.app, &now.client);
        // A read by the client id alone shows the app too.
        shown.insert("app".into(), write::app(&now.app).into());
        let read_only = ReadOnly::new(&read_only::OF_CLIENT, &shown);
        let document = read::base_of_client(now);
        read::update_client(merge::onto(call, document, &read_only)?, now)
    }

    fn client_changed(
        &self,
        _call: &Call,
        now: &Principal,
        secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        let shown = write::client(&now.app, &now.client);
        Ok(changed(shown, secret).with("etag", etag(now.client.version)))
    }

    fn delete_client(&self, call: &Call) -> Result<bool, ApiError> {
        lists::force(call)
    }

    fn resources(&self, call: &Call) -> Result<Vec<ResourceId>, ApiError> {
        let mut f = Fields::of_body(&call.request, JSON)?;
        let ids = f.required_list("resource_ids", MAX_GRANTED, ResourceId::parse);
        Ok(f.into_faults().or(ids)?)
    }

    fn status(&self, call: &Call) -> Result<SetStatus, ApiError> {
        let mut f = Fields::of_body(&call.request, JSON)?;
        let active = f.required_boolean("active");
        let reason = f.text("reason", Description::parse);
        Ok(f.into_faults().or(SetStatus { active, reason })?)
    }

    fn issue_secret(&self, call: &Call) -> Result<IssueSecret, ApiError> {
        let mut asked = IssueSecret {
            app: None,
            expires_in: None,
            replaces: false,
            ends_tokens: false,
        };
        // The body is optional, and API Gateway may add a content type to an empty one.
        if !call.request.body.is_empty() {
            let mut f = Fields::of_body(&call.request, JSON)?;
            asked.expires_in = f.integer("expires_in", SECONDS, 1, MAX_EXPIRES_IN);
            f.into_faults().or(())?;
        }
        Ok(asked)
    }

    fn revoke_secret(&self, call: &Call) -> Result<bool, ApiError> {
        lists::ends_tokens(call)
    }

    fn secret_issued(&self, call: &Call, issued: &SecretIssued) -> Result<Response, ApiError> {
        let shown = with_secret(write::secret(&issued.stored), Some(&issued.secret));
        let location = format!("{}/{}", lists::path_of(call), issued.stored.id);
        Ok(result(201, &shown)
            .with("location", location)
            .with("cache-control", "no-store"))
    }

    fn secrets(&self, _call: &Call, secrets: &[StoredSecret]) -> Result<Response, ApiError> {
        let shown: Vec<_> = secrets.iter().map(write::secret).collect();
        Ok(Response::json(200, &json!({ "result": shown })))
    }

    fn secret(&self, _call: &Call, secret: &StoredSecret) -> Result<Response, ApiError> {
        Ok(result(200, &write::secret(secret)))
    }
}

/// One fault, at its place: a JSON pointer into the body (RFC 6901), or the name of a query parameter or a
/// header. A fault of the whole query has none.
fn placed(fault: &Violation) -> Value {
    let mut members = Map::new();
    let place = match &fault.place {
        Place::Body(pointer) => Some(("pointer", pointer.as_str())),
        Place::Parameter(name) => Some(("parameter", name.as_str())),
        Place::Header(name) => Some(("header", *name)),
        Place::Query => None,
    };
    if let Some((member, place)) = place {
        members.insert(member.into(), place.into());
    }
    members.insert("code".into(), fault.invalid.code().into());
    members.insert("message".into(), Native.fault(fault).into());
    members.into()
}

fn result(status: u16, shown: &Map<String, Value>) -> Response {
    Response::json(status, &json!({ "result": shown }))
}

fn with_secret(mut shown: Map<String, Value>, secret: Option<&Secret>) -> Map<String, Value> {
    if let Some(secret) = secret {
        shown.insert("client_secret".into(), secret.expose().into());
    }
    shown
}

fn changed(shown: Map<String, Value>, secret: Option<&Secret>) -> Response {
    let response = result(200, &with_secret(shown, secret));
    if secret.is_some() {
        response.with("cache-control", "no-store")
    } else {
        response
    }
}
