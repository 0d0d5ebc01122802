//! Native requests to domain commands.

use domain::{
    AccessTokenFormat, AppProfile, AuthenticatorPreferences, CibaAuthorization, ClientSettings,
    ClientType, CodeName, CodeNameChoice, CreateApp, Description, DeviceAuthorization, GrantType,
    Invalid, Jwks, Name, RedirectUri, ResourceId, Scope, ServiceProviderId, Subdomain,
    TokenEndpointAuthMethod, WebUri,
    app::{self, DEFAULT_INVITE_MINUTES},
    client::{DEFAULT_RESPONSE_TYPES, MAX_GRANTED, MAX_URIS},
    scopes,
};

use crate::{ApiError, fields::Fields};

/// The longest invitation that can be asked for: a year, in minutes.
const MAX_INVITE_MINUTES: u32 = 525_600;

pub(super) fn create_app(mut fields: Fields) -> Result<CreateApp, ApiError> {
    let names_rights = fields.has("client_grant_types") || fields.has("client_scopes");
    let code_name = fields
        .text("app_code_name", CodeName::explicit)
        .map_or(CodeNameChoice::FromName, CodeNameChoice::Explicit);
    let (profile, client) = app_and_client(fields)?;
    Ok(CreateApp {
        code_name,
        profile,
        client,
        active: true,
        names_rights,
    })
}

/// An app with its default client from a whole document: absent members get their defaults.
fn app_and_client(mut fields: Fields) -> Result<(AppProfile, ClientSettings), ApiError> {
    let f = &mut fields;
    let profile = profile(f);
    let client = default_client(f);
    let mut faults = fields.into_faults();
    let found = app::check(&profile, &client, false).renamed(native_pointer);
    for fault in found.iter() {
        // A member that could not be read says so already; what follows from its absence is noise.
        let member = fault.pointer.split('/').nth(1).unwrap_or_default();
        if !faults.at(&format!("/{member}")) {
            faults.push(fault.pointer.clone(), fault.invalid.clone());
        }
    }
    Ok(faults.or((profile, client))?)
}

/// Where the native app document has the domain's `/client/…` members.
fn native_pointer(pointer: &str) -> String {
    let Some(rest) = pointer.strip_prefix("/client/") else {
        return pointer.to_owned();
    };
    let (head, tail) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let head = match head {
        "name" => "client_display_name",
        "description" => "client_description",
        "token_endpoint_auth_method" => "client_auth_method",
        "grant_types" => "client_grant_types",
        "scopes" => "client_scopes",
        same => same,
    };
    format!("/{head}{tail}")
}

fn profile(f: &mut Fields) -> AppProfile {
    AppProfile {
        app_name: f
            .required("app_name", Name::parse)
            .unwrap_or_else(Name::placeholder),
        app_description: f.text("app_description", Description::parse),
        logo: f.text("logo", WebUri::parse),
        service_providers: f
            .list("service_providers", MAX_GRANTED, ServiceProviderId::parse)
            .unwrap_or_default(),
        authenticator_preferences: f.object("authenticator_preferences", |f| {
            AuthenticatorPreferences {
                is_centralized: f.boolean("is_centralized").unwrap_or_default(),
                login_uri: f.text("login_uri", WebUri::parse),
            }
        }),
        allow_public_signup: f.boolean("allow_public_signup").unwrap_or_default(),
        login_uri: f.text("login_uri", WebUri::parse),
        subdomain: f.text("subdomain", Subdomain::parse),
        invite_member_email_expiration_minutes: f
            .integer(
                "invite_member_email_expiration_minutes",
                1,
                MAX_INVITE_MINUTES.into(),
            )
            .and_then(|minutes| u32::try_from(minutes).ok())
            .unwrap_or(DEFAULT_INVITE_MINUTES),
        trusted: f.loose_boolean("trusted").unwrap_or_default(),
    }
}

fn default_client(f: &mut Fields) -> ClientSettings {
    let method = f
        .text("client_auth_method", TokenEndpointAuthMethod::parse)
        .unwrap_or_default();
    let (grants, granted) = default_rights(method);
    ClientSettings {
        name: f
            .required("client_display_name", Name::parse)
            .unwrap_or_else(Name::placeholder),
        description: f.text("client_description", Description::parse),
        client_type: f.text("client_type", ClientType::parse).unwrap_or_default(),
        token_endpoint_auth_method: method,
        redirect_uris: required_uris(f),
        post_logout_redirect_uris: Vec::new(),
        logout_uri: None,
        response_types: DEFAULT_RESPONSE_TYPES.into(),
        grant_types: f
            .list("client_grant_types", 8, served_grant)
            .unwrap_or(grants),
        scopes: f
            .list("client_scopes", MAX_GRANTED, Scope::parse)
            .unwrap_or(granted),
        resources: f
            .list("resources", MAX_GRANTED, ResourceId::parse)
            .unwrap_or_default(),
        jwks: f.value("jwks", Jwks::parse),
        device_authorization: device_authorization(f),
        ciba_authorization: f.object("ciba_authorization", |f| CibaAuthorization {
            enabled: f.boolean("enabled").unwrap_or_default(),
            login_uri: f.text("login_uri", WebUri::parse),
        }),
        access_token_format: AccessTokenFormat::default(),
        allow_http_redirects: false,
        allow_all_schemes: false,
    }
}

fn required_uris(f: &mut Fields) -> Vec<RedirectUri> {
    if !f.has("redirect_uris") {
        f.fault("redirect_uris", Invalid::Required);
    }
    f.list("redirect_uris", MAX_URIS, RedirectUri::parse)
        .unwrap_or_default()
}

fn device_authorization(f: &mut Fields) -> Option<DeviceAuthorization> {
    f.object("device_authorization", |f| DeviceAuthorization {
        enabled: f.boolean("enabled").unwrap_or_default(),
        approval_uri: f.text("approval_uri", WebUri::parse),
        success_uri: f.text("success_uri", WebUri::parse),
        input_uri: f.text("input_uri", WebUri::parse),
    })
}

/// A grant that some endpoint may serve; the withdrawn ones come in through SCIM only.
fn served_grant(text: &str) -> Result<GrantType, Invalid> {
    match GrantType::parse(text)? {
        grant if grant.is_withdrawn() => Err(Invalid::Conflict(
            "is withdrawn (RFC 9700); use authorization_code with PKCE",
        )),
        grant => Ok(grant),
    }
}

/// What a default client gets when its request names no grants or scopes: enough for a confidential
/// one to read and edit its own app.
pub(in crate::dialect) fn default_rights(
    method: TokenEndpointAuthMethod,
) -> (Vec<GrantType>, Vec<Scope>) {
    if !method.is_confidential() {
        return (vec![GrantType::AuthorizationCode], Vec::new());
    }
    let names = [scopes::READ, scopes::EDIT];
    (
        vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
        names.iter().filter_map(|s| Scope::parse(s).ok()).collect(),
    )
}
