//! Domain entities in SCIM words.

use domain::{
    AllowedOperation, App, ClientSettings, GrantType, LogoutUri, RedirectUri, uri::UriKind,
};
use serde_json::{Map, Value, json};

use super::{APP_SCHEMA, CONFIDENTIAL_TEMPLATE, PUBLIC_TEMPLATE, grants};
use crate::precondition::etag;

/// `active` is the app's here, and so is `AppStatusChanger`.
const CLIENT_OFF: &str = "the application is active, but its client was switched off by itself and gets no tokens; switch it on with PUT /v1/clients/<name>/status";

/// What a caller can set: what an update is laid over.
pub(super) fn document(app: &App) -> Map<String, Value> {
    let (profile, client) = (&app.profile, &app.default_client);
    let settings = &client.settings;
    let public = !settings.token_endpoint_auth_method.is_confidential();
    let (kind, template) = match (public, profile.trusted) {
        (true, _) => ("public", PUBLIC_TEMPLATE),
        (false, true) => ("trusted", CONFIDENTIAL_TEMPLATE),
        (false, false) => ("confidential", CONFIDENTIAL_TEMPLATE),
    };
    let scopes = settings.scopes.iter().map(|scope| json!({ "fqs": scope }));
    let mut members = object(json!({
        "schemas": [APP_SCHEMA],
        "name": client.client_id,
        "displayName": profile.app_name,
        "active": app.status.active,
        "isOAuthClient": true,
        "clientType": kind,
        "basedOnTemplate": { "value": template },
        "allUrlSchemesAllowed": settings.allow_all_schemes,
        "bypassConsent": profile.bypass_consent,
        "isOAuthResource": profile.resource_server.as_ref().is_some_and(|s| s.enabled),
    }));
    let operations = settings.allowed_operations.iter().map(|o| match o {
        AllowedOperation::Introspect => "introspect",
        AllowedOperation::OnBehalfOfUser => "onBehalfOfUser",
    });
    let aliases = settings
        .certificates
        .iter()
        .map(|alias| json!({ "certAlias": alias }));
    let tags = profile.tags.iter().map(|tag| json!(tag));
    let mut set = |name: &str, value: Value| {
        // An empty list is an unassigned attribute (RFC 7643 §2.5).
        if !value.is_null() && value != json!([]) {
            members.insert(name.into(), value);
        }
    };
    set("externalId", json!(profile.external_id));
    set("description", json!(profile.app_description));
    set("redirectUris", json!(settings.redirect_uris));
    set("logoutUri", json!(settings.logout_uri));
    set(
        "postLogoutRedirectUris",
        json!(settings.post_logout_redirect_uris),
    );
    set("allowedGrants", json!(settings.grant_types));
    set("allowedScopes", scopes.collect());
    set("allowedOperations", operations.collect());
    set("accessTokenExpiry", json!(settings.access_token_expiry));
    set("refreshTokenExpiry", json!(settings.refresh_token_expiry));
    set("certificates", aliases.collect());
    set("tags", tags.collect());
    if let Some(server) = &profile.resource_server {
        set("audience", json!(server.audience));
        let offered = server.scopes.iter().map(|scope| {
            let mut offered = object(json!({
                "value": scope.value,
                "requiresConsent": scope.requires_consent,
            }));
            // What a PATCH starts from must be what a PUT takes: no member without a value.
            if let Some(description) = &scope.description {
                offered.insert("description".into(), json!(description));
            }
            Value::Object(offered)
        });
        set("scopes", offered.collect());
    }
    members
}

/// An app as a resource, with every flag: what filters are applied to.
pub(super) fn app(app: &App, base: &str) -> Map<String, Value> {
    let mut members = document(app);
    members.insert("id".into(), json!(app.app_id));
    let meta = json!({
        "resourceType": "App",
        "created": app.created_at.to_string(),
        "lastModified": app.updated_at.to_string(),
        "location": format!("{base}/admin/v1/Apps/{}", app.app_id),
        "version": etag(app.version),
    });
    members.insert("meta".into(), meta);
    let roles = grants::granted(app, base);
    if !roles.is_empty() {
        members.insert("grantedAppRoles".into(), json!(roles));
    }
    let mut warnings = warnings(&app.default_client.settings);
    if app.status.active && !app.lets_work(&app.default_client) {
        warnings.push(CLIENT_OFF.into());
    }
    if !warnings.is_empty() {
        members.insert("warnings".into(), json!(warnings));
    }
    members
}

/// An app as it is shown: a flag that is off is an unassigned attribute.
pub(super) fn shown(app: &App, base: &str) -> Map<String, Value> {
    let mut members = self::app(app, base);
    for flag in ["allUrlSchemesAllowed", "bypassConsent", "isOAuthResource"] {
        if members.get(flag) == Some(&Value::Bool(false)) {
            members.remove(flag);
        }
    }
    members
}

/// What is stored as asked and is not safe, or is served by no endpoint.
fn warnings(settings: &ClientSettings) -> Vec<String> {
    let plain = |kind: UriKind| kind == UriKind::PlainHttp;
    let redirects = settings.redirect_uris.iter();
    let redirects = redirects
        .filter(|uri| plain(uri.kind()))
        .map(RedirectUri::as_str);
    let logouts = settings
        .post_logout_redirect_uris
        .iter()
        .chain(&settings.logout_uri);
    let logouts = logouts
        .filter(|uri| plain(uri.kind()))
        .map(LogoutUri::as_str);
    let grants = settings.grant_types.iter().copied();
    let grants = grants.filter(|grant| !grant.is_served());
    let mut plain: Vec<_> = redirects.chain(logouts).collect();
    plain.dedup();
    plain
        .into_iter()
        .map(|uri| format!("{uri} is not https: whoever is on the way can read what is sent there"))
        .chain(grants.map(unserved))
        .collect()
}

fn unserved(grant: GrantType) -> String {
    let name = grant.as_str();
    if grant.is_withdrawn() {
        format!("the grant {name} is withdrawn (RFC 9700) and served by no endpoint")
    } else {
        format!("the grant {name} is stored as asked, and no endpoint serves it yet")
    }
}

/// A resource with what its request said in vain, first among its warnings.
pub(super) fn warned(mut shown: Map<String, Value>, ignored: Vec<String>) -> Map<String, Value> {
    if !ignored.is_empty() {
        let mut warnings: Vec<Value> = ignored.into_iter().map(Value::String).collect();
        if let Some(Value::Array(stored)) = shown.remove("warnings") {
            warnings.extend(stored);
        }
        shown.insert("warnings".into(), warnings.into());
    }
    shown
}

pub(super) fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
