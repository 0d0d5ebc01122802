//! Native requests to domain commands: a whole document in, every fault of it out.

use domain::{
    App, AppProfile, AuthenticatorPreferences, CibaAuthorization, ClientSettings, ClientType,
    CodeName, CodeNameChoice, CreateApp, DefaultRights, Description, DeviceAuthorization,
    GrantType, Invalid, Jwks, LogoutUri, Name, RedirectUri, ResourceId, ResponseType, Scope,
    ServiceProviderId, Subdomain, TokenEndpointAuthMethod, Violations, WebUri,
    app::{self, DEFAULT_INVITE_MINUTES},
    client::{DEFAULT_RESPONSE_TYPES, MAX_GRANTED, MAX_URIS},
    invalid::{MINUTES, SECONDS},
    key_rotation::TOKEN_LIFETIME,
};
use serde_json::{Map, Value};
use table::Principal;

use super::write;
use crate::{ApiError, change::AppChange, fields::Fields};

/// The longest invitation that can be asked for: a year, in minutes.
const MAX_INVITE_MINUTES: u32 = 525_600;
/// As many grant types as there are.
const MAX_GRANTS: usize = 8;

/// What to do where the caller's token does not say which app is meant.
const APP_OF_CLIENT: &str = "with a token of the management application: the id or the code name of the application that the client is to be of";

/// What members of a client are called where it stands.
struct Names {
    name: &'static str,
    description: &'static str,
    auth_method: &'static str,
    grant_types: &'static str,
    scopes: &'static str,
    /// Whether response types and logout URIs have members here.
    whole: bool,
    /// What is said where a grant needs a redirect URI.
    no_redirect_uri: Invalid,
}

const OF_CLIENT: Names = Names {
    name: "name",
    description: "description",
    auth_method: "token_endpoint_auth_method",
    grant_types: "grant_types",
    scopes: "scopes",
    whole: true,
    no_redirect_uri: Invalid::Conflict(
        "needs at least one URI, because grant_types has a grant that sends users back to one; add one, or name in grant_types only grants that do without, such as client_credentials",
    ),
};

const OF_DEFAULT_CLIENT: Names = Names {
    name: "client_display_name",
    description: "client_description",
    auth_method: "client_auth_method",
    grant_types: "client_grant_types",
    scopes: "client_scopes",
    whole: false,
    no_redirect_uri: Invalid::Conflict(
        "needs at least one URI, because client_grant_types has a grant that sends users back to one; add one, or name in client_grant_types only grants that do without, such as client_credentials",
    ),
};

impl Names {
    /// Where a document of this kind has a member of the domain's client settings.
    fn pointer(&self, domain: &str) -> String {
        let path = domain.strip_prefix("/client/").or(domain.strip_prefix('/'));
        let Some(path) = path else {
            return domain.to_owned();
        };
        let (head, tail) = path.find('/').map_or((path, ""), |at| path.split_at(at));
        let head = match head {
            "name" => self.name,
            "description" => self.description,
            "token_endpoint_auth_method" => self.auth_method,
            "grant_types" => self.grant_types,
            "scopes" => self.scopes,
            same => same,
        };
        format!("/{head}{tail}")
    }

    /// What the domain finds wrong with a client, in words of such a document.
    fn said(&self, found: Violations) -> Violations {
        let found = found.renamed(|pointer| self.pointer(pointer));
        found.reworded(&Invalid::NoRedirectUri, &self.no_redirect_uri)
    }
}

pub(super) fn create_app(mut fields: Fields) -> Result<CreateApp, ApiError> {
    let names = &OF_DEFAULT_CLIENT;
    let names_rights = fields.has(names.grant_types) || fields.has(names.scopes);
    let code_name = fields
        .text("app_code_name", CodeName::explicit)
        .map_or(CodeNameChoice::FromName, CodeNameChoice::Explicit);
    let AppChange { profile, client } = app_document(fields, None)?;
    Ok(CreateApp {
        code_name,
        profile,
        client,
        active: true,
        names_rights,
        client_id: None,
        unique_name: false,
    })
}

pub(super) fn update_app(fields: Fields, now: &App) -> Result<AppChange, ApiError> {
    app_document(fields, Some(now))
}

/// What an update of an app is laid over: all that can be set, but grants and scopes only where they are not
/// the defaults of the method. So an update that names none gets those of the method that it sets.
pub(super) fn base_of_app(now: &App) -> Map<String, Value> {
    let client = &now.default_client.settings;
    let defaults = DefaultRights::of_default_client(client.token_endpoint_auth_method);
    without_defaults(
        write::app_document(now),
        &OF_DEFAULT_CLIENT,
        client,
        &defaults,
    )
}

/// The same of a client.
pub(super) fn base_of_client(now: &Principal) -> Map<String, Value> {
    let client = &now.client.settings;
    let method = client.token_endpoint_auth_method;
    let defaults = DefaultRights::of(&now.app, now.client.default, method);
    without_defaults(
        write::client_document(client),
        &OF_CLIENT,
        client,
        &defaults,
    )
}

fn without_defaults(
    mut document: Map<String, Value>,
    names: &Names,
    client: &ClientSettings,
    defaults: &DefaultRights,
) -> Map<String, Value> {
    if client.grant_types == defaults.grant_types {
        document.remove(names.grant_types);
    }
    if client.scopes == defaults.scopes {
        document.remove(names.scopes);
    }
    document
}

/// Which app a new client is to be of, as the body says: it must for a caller who reaches `several` apps.
pub(super) fn app_of_client(mut f: Fields, several: bool) -> Result<Option<String>, ApiError> {
    let missing = match f.take("app_id") {
        Some(Value::String(named)) => return Ok(Some(named)),
        None if !several => return Ok(None),
        None => Invalid::RequiredHere(APP_OF_CLIENT),
        Some(_) => Invalid::Type("a string"),
    };
    f.fault("app_id", missing);
    // With every other fault that shows without knowing the app.
    let settings = client(&mut f, &OF_CLIENT, None, DefaultRights::of_default_client);
    Err(client_or_faults(f, settings, true)
        .err()
        .unwrap_or_else(|| ApiError::internal("a fault was lost")))
}

pub(super) fn create_client(mut f: Fields, app: &App) -> Result<ClientSettings, ApiError> {
    let rights = |method| DefaultRights::of_further_client(app, method);
    let settings = client(&mut f, &OF_CLIENT, None, rights);
    client_or_faults(f, settings, app.management)
}

pub(super) fn update_client(mut f: Fields, now: &Principal) -> Result<ClientSettings, ApiError> {
    let Principal { app, client: old } = now;
    let rights = |method| DefaultRights::of(app, old.default, method);
    let settings = client(&mut f, &OF_CLIENT, Some(&old.settings), rights);
    client_or_faults(f, settings, app.management)
}

fn client_or_faults(
    f: Fields,
    settings: ClientSettings,
    management: bool,
) -> Result<ClientSettings, ApiError> {
    let found = settings.check(management);
    Ok(f.into_faults_with(OF_CLIENT.said(found)).or(settings)?)
}

/// An app with its default client from a whole document: absent members get their defaults, and what
/// such a document can't say stays as it is `now`.
fn app_document(mut fields: Fields, now: Option<&App>) -> Result<AppChange, ApiError> {
    let names = &OF_DEFAULT_CLIENT;
    let f = &mut fields;
    let profile = profile(f, now.map(|app| &app.profile));
    let settings = now.map(|app| &app.default_client.settings);
    let client = client(f, names, settings, DefaultRights::of_default_client);
    let management = now.is_some_and(|app| app.management);
    let found = names.said(app::check(&profile, &client, management));
    let faults = fields.into_faults_with(found);
    Ok(faults.or(AppChange { profile, client })?)
}

fn profile(f: &mut Fields, now: Option<&AppProfile>) -> AppProfile {
    let name = f
        .required("app_name", Name::parse)
        .unwrap_or_else(Name::placeholder);
    // What the document has no member for stays as it is.
    let kept = now
        .cloned()
        .unwrap_or_else(|| AppProfile::named(name.clone()));
    AppProfile {
        app_name: name,
        app_description: f.text("app_description", Description::parse),
        logo: f.text("logo", WebUri::parse),
        service_providers: f
            .list("service_providers", MAX_GRANTED, ServiceProviderId::parse)
            .unwrap_or_default(),
        authenticator_preferences: set(f.object("authenticator_preferences", |f| {
            AuthenticatorPreferences {
                is_centralized: f.boolean("is_centralized").unwrap_or_default(),
                login_uri: f.text("login_uri", WebUri::parse),
            }
        })),
        allow_public_signup: f.boolean("allow_public_signup").unwrap_or_default(),
        login_uri: f.text("login_uri", WebUri::parse),
        subdomain: f.text("subdomain", Subdomain::parse),
        invite_member_email_expiration_minutes: f
            .integer(
                "invite_member_email_expiration_minutes",
                MINUTES,
                1,
                MAX_INVITE_MINUTES.into(),
            )
            .and_then(|minutes| u32::try_from(minutes).ok())
            .unwrap_or(DEFAULT_INVITE_MINUTES),
        trusted: f.loose_boolean("trusted").unwrap_or_default(),
        ..kept
    }
}

fn client(
    f: &mut Fields,
    names: &Names,
    now: Option<&ClientSettings>,
    rights: impl Fn(TokenEndpointAuthMethod) -> DefaultRights,
) -> ClientSettings {
    let method = f
        .text(names.auth_method, TokenEndpointAuthMethod::parse)
        .unwrap_or_default();
    let defaults = rights(method);
    let held = now.map_or(&[][..], |now| &now.grant_types);
    let name = f
        .required(names.name, Name::parse)
        .unwrap_or_else(Name::placeholder);
    // What the document has no member for stays as it is.
    let mut settings = now.cloned().unwrap_or_else(|| ClientSettings {
        response_types: DEFAULT_RESPONSE_TYPES.into(),
        ..ClientSettings::named(name.clone(), method)
    });
    if names.whole {
        settings.post_logout_redirect_uris = f
            .list("post_logout_redirect_uris", MAX_URIS, LogoutUri::parse)
            .unwrap_or_default();
        settings.logout_uri = f.text("logout_uri", LogoutUri::parse);
        settings.response_types = f
            .list(
                "response_types",
                DEFAULT_RESPONSE_TYPES.len(),
                ResponseType::parse,
            )
            .unwrap_or_else(|| DEFAULT_RESPONSE_TYPES.into());
    }
    ClientSettings {
        name,
        description: f.text(names.description, Description::parse),
        client_type: f.text("client_type", ClientType::parse).unwrap_or_default(),
        token_endpoint_auth_method: method,
        redirect_uris: f.required_list("redirect_uris", MAX_URIS, RedirectUri::parse),
        grant_types: f
            .list(names.grant_types, MAX_GRANTS, |text| grant(text, held))
            .unwrap_or(defaults.grant_types),
        scopes: f
            .list(names.scopes, MAX_GRANTED, Scope::parse)
            .unwrap_or(defaults.scopes),
        resources: f
            .list("resources", MAX_GRANTED, ResourceId::parse)
            .unwrap_or_default(),
        jwks: f.value("jwks", Jwks::parse),
        device_authorization: set(f.object("device_authorization", |f| DeviceAuthorization {
            enabled: f.boolean("enabled").unwrap_or_default(),
            approval_uri: f.text("approval_uri", WebUri::parse),
            success_uri: f.text("success_uri", WebUri::parse),
            input_uri: f.text("input_uri", WebUri::parse),
        })),
        ciba_authorization: set(f.object("ciba_authorization", |f| CibaAuthorization {
            enabled: f.boolean("enabled").unwrap_or_default(),
            login_uri: f.text("login_uri", WebUri::parse),
        })),
        access_token_expiry: lifetime(f, now),
        ..settings
    }
}

/// How long access tokens live. What says no more than an absent value is stored as absent, but for what SCIM
/// stored so.
fn lifetime(f: &mut Fields, now: Option<&ClientSettings>) -> Option<u32> {
    let seconds = f.integer("access_token_lifetime", SECONDS, 1, TOKEN_LIFETIME)?;
    match now {
        Some(now) if now.access_token_lifetime() == seconds => now.access_token_expiry,
        _ if seconds == TOKEN_LIFETIME => None,
        _ => u32::try_from(seconds).ok(),
    }
}

/// An object that says what an absent one says is stored as absent.
fn set<T: Default + PartialEq>(object: Option<T>) -> Option<T> {
    object.filter(|object| *object != T::default())
}

/// A grant that some endpoint may serve. The withdrawn ones come in through SCIM only, and stay.
fn grant(text: &str, held: &[GrantType]) -> Result<GrantType, Invalid> {
    match GrantType::parse(text)? {
        grant if grant.is_withdrawn() && !held.contains(&grant) => Err(Invalid::Conflict(
            "is withdrawn (RFC 9700); use authorization_code with PKCE",
        )),
        grant => Ok(grant),
    }
}
