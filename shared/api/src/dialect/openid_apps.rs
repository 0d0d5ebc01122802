//! The openid-apps dialect, `/platform/v1`: `{"data": …, "status": "OK"}`, errors 422 with codes,
//! unknown members ignored, no client id or secret on reads.

use domain::{
    AccessTokenFormat, App, AppProfile, ClientSettings, CodeName, CodeNameChoice, CreateApp,
    GrantType, Invalid, Name, RedirectUri, Scope, TokenEndpointAuthMethod, app,
    client::{DEFAULT_RESPONSE_TYPES, MAX_GRANTED, MAX_URIS},
};
use serde_json::{Value, json};

use super::{
    AppCreated, AppList, CursorKey, Dialect, Extent, ListApps, TokenIssued, TokenRequest, native,
};
use crate::{ApiError, Call, Response, fields::Fields, oauth::Presented, precondition::etag};

/// A tenant with more apps than this is told to use the native list.
const LIST_CEILING: u32 = 1000;
const NAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=25;

pub(super) struct OpenIdApps;

impl Dialect for OpenIdApps {
    fn name(&self) -> &'static str {
        "openid-apps"
    }

    fn error(&self, error: &ApiError, _request_id: &str) -> Response {
        let entry = |code: &str, message: String| json!({"code": code, "message": message});
        let errors: Vec<_> = match error {
            ApiError::Invalid(faults) => faults
                .iter()
                .map(|v| match v.invalid {
                    Invalid::Required => entry("missing", v.to_string()),
                    _ => entry("invalid", v.to_string()),
                })
                .collect(),
            ApiError::Conflict { .. } => vec![entry("already_exists", error.detail())],
            ApiError::Malformed(_) => vec![entry("invalid", error.detail())],
            ApiError::OAuth(_) if error.status() == 400 => vec![entry("invalid", error.detail())],
            _ => vec![entry(error.code(), error.detail())],
        };
        let status = match error {
            ApiError::Invalid(_) | ApiError::Malformed(_) | ApiError::Conflict { .. } => 422,
            ApiError::OAuth(_) if error.status() == 400 => 422,
            _ => error.status(),
        };
        Response::json(status, &json!({"errors": errors, "success": false}))
    }

    fn create_app(&self, call: &Call) -> Result<CreateApp, ApiError> {
        let mut fields = Fields::of_body(&call.request, "application/json")?;
        let f = &mut fields;
        let code_name = f
            .text("app_code_name", CodeName::explicit)
            .map_or(CodeNameChoice::FromName, CodeNameChoice::Explicit);
        let name = f.required("name", name).unwrap_or_else(Name::placeholder);
        let mut redirect_uris: Vec<_> = f
            .required("redirect_uri", RedirectUri::parse)
            .into_iter()
            .collect();
        for more in f
            .list("oauth_redirect_uris", MAX_URIS - 1, RedirectUri::parse)
            .unwrap_or_default()
        {
            if !redirect_uris.contains(&more) {
                redirect_uris.push(more);
            }
        }
        let method = TokenEndpointAuthMethod::default();
        let names_rights = f.has("scopes");
        let scopes = f
            .list("scopes", MAX_GRANTED, Scope::parse)
            .unwrap_or_else(|| native::default_rights(method).1);
        let format = f
            .text("access_token_format", AccessTokenFormat::parse)
            .unwrap_or_default();
        let trusted = f.loose_boolean("trusted").unwrap_or_default();
        f.ignore_others();

        let mut profile = AppProfile::named(name.clone());
        profile.trusted = trusted;
        let client = ClientSettings {
            redirect_uris,
            response_types: DEFAULT_RESPONSE_TYPES.into(),
            grant_types: vec![
                GrantType::AuthorizationCode,
                GrantType::RefreshToken,
                GrantType::ClientCredentials,
            ],
            scopes,
            access_token_format: format,
            ..ClientSettings::named(name, method)
        };
        let mut faults = fields.into_faults();
        let missing = faults.at("/redirect_uri") || faults.at("/oauth_redirect_uris");
        for fault in app::check(&profile, &client, false).iter() {
            let pointer = pointer(&fault.pointer);
            if !(missing && pointer.contains("redirect_uri")) {
                faults.push(pointer, fault.invalid.clone());
            }
        }
        Ok(faults.or(CreateApp {
            code_name,
            profile,
            client,
            active: true,
            names_rights,
            client_id: None,
            unique_name: false,
        })?)
    }

    fn app_created(&self, _call: &Call, created: &AppCreated) -> Result<Response, ApiError> {
        let app = &created.app;
        let data = json!({
            "app_code_name": app.code_name,
            "app_id": app.app_id,
            "client_id": app.default_client.client_id,
            "client_secret": created.secret.as_ref().map(domain::Secret::expose),
            "name": app.profile.app_name,
        });
        Ok(Response::json(201, &json!({"data": data, "status": "OK"}))
            .with("location", format!("/platform/v1/apps/{}", app.code_name))
            .with("etag", etag(app.version))
            .with("cache-control", "no-store"))
    }

    fn app(&self, _call: &Call, app: &App) -> Result<Response, ApiError> {
        let data = json!({"application": application(app), "success": true});
        Ok(Response::json(200, &json!({"data": data, "success": true}))
            .with("etag", etag(app.version)))
    }

    fn list_apps(&self, call: &Call, _key: &CursorKey) -> Result<ListApps, ApiError> {
        call.request.query_parameters(&[])?;
        Ok(ListApps {
            only: None,
            filter: table::AppFilter::default(),
            after: None,
            extent: Extent::All(LIST_CEILING),
        })
    }

    fn apps(&self, _call: &Call, list: &AppList, _key: &CursorKey) -> Result<Response, ApiError> {
        let apps: Vec<_> = list.apps.iter().map(application).collect();
        Ok(Response::json(200, &json!({"apps": apps, "status": "OK"})))
    }

    /// `POST /oauth/service/token`: client credentials under another name; the one route that does not
    /// ask in which of the two ways the client is registered to send its secret.
    fn token_request(&self, call: &Call) -> Result<TokenRequest, ApiError> {
        let mut fields = Fields::of_body(&call.request, "application/json")?;
        let text = |text: &str| Ok::<_, Invalid>(text.to_owned());
        let client_id = fields.required("service_id", text).unwrap_or_default();
        let secret = fields.required("service_secret", text);
        fields.ignore_others();
        Ok(fields.into_faults().or(TokenRequest {
            presented: Presented::Secret {
                client_id,
                secret,
                method: None,
            },
            grant_type: GrantType::ClientCredentials.as_str().into(),
            scope: None,
            resources: Vec::new(),
        })?)
    }

    fn token_issued(&self, issued: &TokenIssued) -> Result<Response, ApiError> {
        let body = json!({
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "created_at": issued.issued_at,
        });
        Ok(Response::json(200, &body).with("cache-control", "no-store"))
    }
}

/// An app as reads show it: neither the id nor the secret of its client.
fn application(app: &App) -> Value {
    let settings = &app.default_client.settings;
    json!({
        "app_code_name": app.code_name,
        "app_id": app.app_id,
        "name": app.profile.app_name,
        "redirect_uri": settings.redirect_uris.first(),
        "oauth_redirect_uris": settings.redirect_uris,
        "scopes": settings.scopes,
        "trusted": app.profile.trusted,
        "access_token_format": settings.access_token_format,
        "active": app.status.active,
        "created_at": app.created_at.to_string(),
        "updated_at": app.updated_at.to_string(),
    })
}

fn name(text: &str) -> Result<Name, Invalid> {
    let length = text.chars().count();
    if length > *NAME_LENGTHS.end() {
        return Err(Invalid::TooLong(*NAME_LENGTHS.end()));
    }
    if length < *NAME_LENGTHS.start() {
        return Err(Invalid::TooShort(*NAME_LENGTHS.start()));
    }
    Name::parse(text)
}

/// Where this dialect's body has the domain's members.
fn pointer(domain: &str) -> String {
    match domain.strip_prefix("/client/redirect_uris") {
        Some("" | "/0") => "/redirect_uri".into(),
        Some(_) => "/oauth_redirect_uris".into(),
        None => domain.replacen("/client", "", 1),
    }
}
