//! The openid-apps dialect, `/platform/v1`: `{"data": …, "status": "OK"}`, errors 422 with codes,
//! unknown members ignored, no client id or secret on reads.

use domain::{
    AccessTokenFormat, App, AppProfile, ClientSettings, CodeName, CodeNameChoice, CreateApp,
    DefaultRights, GrantType, Invalid, Name, RedirectUri, Scope, TokenEndpointAuthMethod, app,
    client::{DEFAULT_RESPONSE_TYPES, MAX_GRANTED, MAX_URIS},
};
use serde_json::{Value, json};

use super::{
    AppCreated, AppList, CursorKey, Extent, ListApps, TokenIssued, TokenRequest, Words,
    phrases::{Phrases, advised},
};
use crate::{
    ApiError, Call, Response,
    change::AppChange,
    fields::{Fields, Nulls},
    oauth::Presented,
    precondition::etag,
    walk::too_long,
};

/// A tenant with more apps than this is told to use the native list.
const LIST_CEILING: u32 = 1000;
const NAME_LENGTHS: std::ops::RangeInclusive<usize> = 3..=25;

const IN_UPDATE: Nulls = Nulls {
    optional: "leave it out to keep what is stored",
    required: "leave it out to keep what is stored",
};

pub(super) struct OpenIdApps;

impl Phrases for OpenIdApps {
    fn advice(&self, code: &str) -> Option<&'static str> {
        Some(match code {
            "code-name-taken" => "choose another, or leave app_code_name out to have one made",
            "idempotency-key-reused" => "use a new Idempotency-Key",
            "idempotent-result-gone" => "use a new Idempotency-Key to do it again",
            _ => return None,
        })
    }

    fn detail(&self, error: &ApiError) -> String {
        let own = match error {
            ApiError::NoToken => {
                "This takes an access token, not a service's own credentials: POST those to /oauth/service/token as service_id and service_secret, and send a Bearer token here, Authorization: Bearer <access_token>."
            }
            ApiError::Unauthorized(None) => {
                "Send an access token from /oauth/service/token in the Authorization header: Bearer <token>."
            }
            ApiError::Unauthorized(Some(why)) => {
                return format!("{why} Get a new access token from /oauth/service/token.");
            }
            ApiError::OAuth(e) if e.error == "invalid_client" => {
                "The service is unknown or switched off, or service_secret is wrong."
            }
            _ => return advised(self, error),
        };
        own.to_owned()
    }
}

impl Words for OpenIdApps {
    fn error(&self, error: &ApiError, _request_id: &str) -> Response {
        let entry = |code: &str, message: String| json!({"code": code, "message": message});
        let errors: Vec<_> = match error {
            ApiError::Invalid(faults) => faults
                .iter()
                .map(|v| match v.invalid {
                    Invalid::Required => entry("missing", self.fault(v)),
                    _ => entry("invalid", self.fault(v)),
                })
                .collect(),
            ApiError::Conflict { .. } => vec![entry("already_exists", self.detail(error))],
            ApiError::Malformed(_) | ApiError::Query { .. } => {
                vec![entry("invalid", self.detail(error))]
            }
            ApiError::OAuth(_) if error.status() == 400 => {
                vec![entry("invalid", self.detail(error))]
            }
            _ => vec![entry(error.code(), self.detail(error))],
        };
        let status = match error {
            ApiError::Invalid(_)
            | ApiError::Malformed(_)
            | ApiError::Query { .. }
            | ApiError::Conflict { .. } => 422,
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
        let first = f.required("redirect_uri", RedirectUri::parse);
        let more = f.list("oauth_redirect_uris", MAX_URIS - 1, RedirectUri::parse);
        let (redirect_uris, places) = merged(first, more.unwrap_or_default());
        let method = TokenEndpointAuthMethod::default();
        let names_rights = f.has("scopes");
        let scopes = f
            .list("scopes", MAX_GRANTED, Scope::parse)
            .unwrap_or_else(|| DefaultRights::of_default_client(method).scopes);
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
        let found = app::check(&profile, &client, false);
        let faults = fields.into_faults_with(found.renamed(|domain| pointer(domain, &places)));
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

    fn update_app(&self, call: &Call, now: &App) -> Result<AppChange, ApiError> {
        let fields = Fields::of_body(&call.request, "application/json")?;
        let mut fields = fields.with_nulls(IN_UPDATE);
        let f = &mut fields;
        let mut profile = now.profile.clone();
        let mut client = now.default_client.settings.clone();
        // A name that stays may be longer than this dialect gives, and the client's own beside it stays too.
        let known = profile.app_name.clone();
        let new_name = |text: &str| {
            if text == known.as_str() {
                Ok(None)
            } else {
                name(text).map(Some)
            }
        };
        if let Some(Some(name)) = f.text("name", new_name) {
            profile.app_name = name.clone();
            client.name = name;
        }
        if let Some(trusted) = f.loose_boolean("trusted") {
            profile.trusted = trusted;
        }
        if let Some(scopes) = f.list("scopes", MAX_GRANTED, Scope::parse) {
            client.scopes = scopes;
        }
        if let Some(format) = f.text("access_token_format", AccessTokenFormat::parse) {
            client.access_token_format = format;
        }
        if client.redirect_uris.is_empty() && f.is_null("redirect_uri") {
            // As a read shows that there is none.
            f.take("redirect_uri");
        }
        let first = f.text("redirect_uri", RedirectUri::parse);
        let more = f.list("oauth_redirect_uris", MAX_URIS, RedirectUri::parse);
        let more = more.unwrap_or_else(|| client.redirect_uris.clone());
        let (redirect_uris, places) = merged(first, more);
        client.redirect_uris = redirect_uris;
        f.ignore_others();
        let found = app::check(&profile, &client, now.management);
        let faults = fields.into_faults_with(found.renamed(|domain| pointer(domain, &places)));
        Ok(faults.or(AppChange { profile, client })?)
    }

    fn app_changed(
        &self,
        call: &Call,
        app: &App,
        _secret: Option<&domain::Secret>,
    ) -> Result<Response, ApiError> {
        self.app(call, app)
    }

    fn list_apps(&self, call: &Call, _key: &CursorKey) -> Result<ListApps, ApiError> {
        call.request.no_parameters()?;
        Ok(ListApps {
            only: None,
            filter: table::AppFilter::default(),
            predicate: None,
            after: None,
            extent: Extent::All(LIST_CEILING),
        })
    }

    fn apps(&self, _call: &Call, list: &AppList, _key: &CursorKey) -> Result<Response, ApiError> {
        let apps: Vec<_> = list.apps.iter().map(application).collect();
        let response = Response::json(200, &json!({"apps": apps, "status": "OK"}));
        if response.fits() {
            return Ok(response);
        }
        // There is no way here to ask for the rest, so a part is no answer.
        Err(too_long())
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
        // There is one thing here to be on or off: what an app is called and its client as well.
        "active": app.lets_work(&app.default_client),
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

/// One list of both members' redirect URIs and, of each, its place in the body: a URI may stand in both.
fn merged(first: Option<RedirectUri>, more: Vec<RedirectUri>) -> (Vec<RedirectUri>, Vec<String>) {
    let more = more.into_iter().enumerate();
    let others: Vec<_> = more
        .filter(|(_, uri)| first.as_ref() != Some(uri))
        .map(|(at, uri)| (uri, format!("/oauth_redirect_uris/{at}")))
        .collect();
    let first = first.map(|uri| (uri, "/redirect_uri".to_owned()));
    first.into_iter().chain(others).unzip()
}

/// Where this dialect's body has the domain's members; `places` are those of the redirect URIs.
fn pointer(domain: &str, places: &[String]) -> String {
    let Some(uri) = domain.strip_prefix("/client/redirect_uris") else {
        return domain.replacen("/client", "", 1);
    };
    let index = uri
        .strip_prefix('/')
        .and_then(|at| at.parse::<usize>().ok());
    let place = index.and_then(|at| places.get(at)).map(String::as_str);
    place.unwrap_or("/redirect_uri").to_owned()
}
