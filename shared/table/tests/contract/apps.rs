//! Apps to register.

use std::sync::atomic::{AtomicU64, Ordering};

use domain::{
    App, AppId, AppProfile, AuthenticatorPreferences, CibaAuthorization, ClientSettings, CodeName,
    CodeNameChoice, CreateApp, Description, DeviceAuthorization, GrantType, Jwks, LogoutUri, Name,
    Pepper, RedirectUri, ResourceId, Scope, Secret, ServiceProviderId, Status, StoredSecret,
    Subdomain, TenantId, Timestamp, TokenEndpointAuthMethod, WebUri, app::Registration,
    client::DEFAULT_RESPONSE_TYPES, scopes,
};
use serde_json::json;

/// 2026-01-02T03:04:05Z.
const START_MS: u64 = 1_767_323_045_000;
static MADE: AtomicU64 = AtomicU64::new(0);

/// A new app id, a millisecond after the last one.
pub(crate) fn next_id() -> AppId {
    let at = MADE.fetch_add(1, Ordering::SeqCst);
    id_at(at)
}

/// The id of an app made `at` milliseconds after the start.
pub(crate) fn id_at(at: u64) -> AppId {
    let mut random = [1; 10];
    random[..8].copy_from_slice(&at.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    AppId::generate(START_MS + at, random)
}

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub(crate) fn code(name: &str) -> CodeName {
    CodeName::parse(name).unwrap()
}

fn settings() -> ClientSettings {
    let rights = [scopes::READ, scopes::EDIT];
    ClientSettings {
        redirect_uris: vec![RedirectUri::parse("https://app.example.com/callback").unwrap()],
        response_types: DEFAULT_RESPONSE_TYPES.into(),
        grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
        scopes: rights.map(|r| Scope::parse(r).unwrap()).into(),
        ..ClientSettings::named(
            Name::parse("My app").unwrap(),
            TokenEndpointAuthMethod::ClientSecretBasic,
        )
    }
}

/// What `{"app_name", "client_display_name", "redirect_uris": [one]}` registers, the README's example.
pub(crate) fn app(tenant_id: &str, code_name: &str) -> App {
    with_id(next_id(), tenant_id, code_name)
}

pub(crate) fn with_id(app_id: AppId, tenant_id: &str, code_name: &str) -> App {
    let command = CreateApp {
        code_name: CodeNameChoice::FromName,
        profile: AppProfile::named(Name::parse("My app").unwrap()),
        client: settings(),
        active: true,
        names_rights: false,
        client_id: None,
        unique_name: false,
    };
    let how = Registration {
        app_id,
        tenant_id: tenant(tenant_id),
        by: "019b7cb1d2887d2a8f000123456789ab.0".into(),
        at: Timestamp::from_unix(1_767_323_045),
        management: false,
    };
    App::register(command, code(code_name), &how)
}

/// An app that has every member.
pub(crate) fn full(tenant_id: &str, code_name: &str) -> App {
    let web = |path: &str| Some(WebUri::parse(&format!("https://app.example.com/{path}")).unwrap());
    let text = |text: &str| Some(Description::parse(text).unwrap());
    let logout = || LogoutUri::parse("https://app.example.com/out").unwrap();
    let mut app = app(tenant_id, code_name);
    app.profile = AppProfile {
        app_description: text("Größe: 1 \u{1f980} \"quoted\"\nsecond line"),
        logo: web("logo.png"),
        service_providers: vec![ServiceProviderId::parse("google").unwrap()],
        authenticator_preferences: Some(AuthenticatorPreferences {
            is_centralized: true,
            login_uri: web("hub"),
        }),
        allow_public_signup: true,
        login_uri: web("login"),
        subdomain: Some(Subdomain::parse("acme").unwrap()),
        invite_member_email_expiration_minutes: 1,
        trusted: true,
        ..app.profile
    };
    app.status = Status {
        active: false,
        reason: text("under review"),
        changed_by: Some("someone".into()),
        changed_at: Some(Timestamp::from_unix(-1)),
    };
    app.management = true;
    app.login_preferences = Some(json!({
        "auth_methods": { "otp": true, "tries": 3, "weight": 1.5, "none": null, "of": ["a", 1, {}, []] },
        "empty": "",
    }));
    app.password_sharing_group_id = Some("group-1".into());
    app.updated_at = Timestamp::from_unix(4_102_444_800);
    app.version = app.version.next().next();
    let client = &mut app.default_client;
    client.version = client.version.next();
    client.status = Status::new(false);
    client.updated_at = app.updated_at;
    let settings = client.settings.clone();
    client.settings = ClientSettings {
        description: text("the only one"),
        client_type: domain::ClientType::Native,
        post_logout_redirect_uris: vec![logout()],
        logout_uri: Some(logout()),
        resources: vec![ResourceId::parse("https://api.example.com/v1").unwrap()],
        jwks: Some(
            Jwks::parse(json!({ "keys": [
                { "kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU", "iat": 1_700_000_000, "ext": true }
            ] }))
            .unwrap(),
        ),
        device_authorization: Some(DeviceAuthorization {
            enabled: true,
            approval_uri: web("approve"),
            success_uri: web("success"),
            input_uri: web("input"),
        }),
        ciba_authorization: Some(CibaAuthorization {
            enabled: true,
            login_uri: web("ciba"),
        }),
        access_token_format: domain::AccessTokenFormat::Opaque,
        allow_http_redirects: true,
        allow_all_schemes: true,
        ..settings
    };
    app
}

pub(crate) fn pepper() -> Pepper {
    Pepper::new(1, &[7; 32])
}

/// A secret of an app's default client, and its stored form.
pub(crate) fn secret_of(app: &App) -> (Secret, StoredSecret) {
    let made = MADE.fetch_add(1, Ordering::SeqCst).to_be_bytes();
    let mut random = [3; 39];
    random[..8].copy_from_slice(&made);
    random[20..28].copy_from_slice(&made);
    let secret = Secret::generate(random);
    let client = &app.default_client;
    let stored = StoredSecret::new(&secret, &pepper(), &client.client_id, app.created_at);
    (secret, stored)
}
