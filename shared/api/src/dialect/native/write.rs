//! Domain entities in native words.

use domain::{App, Client, ClientSettings, Status, StoredSecret};
use serde_json::{Map, Value, json};

/// What the owner of an app can set: what an update is laid over.
pub(super) fn app_document(app: &App) -> Map<String, Value> {
    let (profile, settings) = (&app.profile, &app.default_client.settings);
    let mut members = object(json!({
        "app_name": profile.app_name,
        "client_type": settings.client_type,
        "client_display_name": settings.name,
        "redirect_uris": settings.redirect_uris,
        "client_auth_method": settings.token_endpoint_auth_method,
        "client_grant_types": settings.grant_types,
        "client_scopes": settings.scopes,
        "resources": settings.resources,
        "access_token_lifetime": settings.access_token_lifetime(),
        "service_providers": profile.service_providers,
        "authenticator_preferences": profile.authenticator_preferences.clone().unwrap_or_default(),
        "allow_public_signup": profile.allow_public_signup,
        "invite_member_email_expiration_minutes": profile.invite_member_email_expiration_minutes,
        "trusted": profile.trusted,
    }));
    optional(
        &mut members,
        "app_description",
        profile.app_description.as_ref(),
    );
    optional(
        &mut members,
        "client_description",
        settings.description.as_ref(),
    );
    optional(&mut members, "logo", profile.logo.as_ref());
    optional(&mut members, "login_uri", profile.login_uri.as_ref());
    optional(&mut members, "subdomain", profile.subdomain.as_ref());
    flows(&mut members, settings);
    members
}

/// An app with its default client.
pub(super) fn app(app: &App) -> Map<String, Value> {
    let mut members = app_document(app);
    members.extend(object(json!({
        "app_id": app.app_id,
        "tenant_id": app.tenant_id,
        "app_code_name": app.code_name,
        "active": app.status.active,
        "client_id": app.default_client.client_id,
        "login_preferences": app.login_preferences.clone().unwrap_or_else(|| json!({})),
        "created_at": app.created_at.to_string(),
        "created_by": app.created_by,
        "updated_at": app.updated_at.to_string(),
        "updated_by": app.updated_by,
        "version": app.version,
    })));
    members.extend(derived(app, &app.default_client));
    status(&mut members, &app.status, app.previous_status.as_ref());
    optional(
        &mut members,
        "password_sharing_group_id",
        app.password_sharing_group_id.as_ref(),
    );
    members
}

/// What the owner of a client can set: what an update is laid over.
pub(super) fn client_document(settings: &ClientSettings) -> Map<String, Value> {
    let mut members = object(json!({
        "name": settings.name,
        "client_type": settings.client_type,
        "redirect_uris": settings.redirect_uris,
        "post_logout_redirect_uris": settings.post_logout_redirect_uris,
        "response_types": settings.response_types,
        "grant_types": settings.grant_types,
        "scopes": settings.scopes,
        "resources": settings.resources,
        "access_token_lifetime": settings.access_token_lifetime(),
        "token_endpoint_auth_method": settings.token_endpoint_auth_method,
    }));
    optional(&mut members, "description", settings.description.as_ref());
    optional(&mut members, "logout_uri", settings.logout_uri.as_ref());
    flows(&mut members, settings);
    members
}

/// A client of `app`.
pub(super) fn client(app: &App, client: &Client) -> Map<String, Value> {
    let mut members = client_document(&client.settings);
    members.extend(object(json!({
        "app_id": client.app_id,
        "tenant_id": app.tenant_id,
        "client_id": client.client_id,
        "active": client.status.active,
        "default": client.default,
        "created_at": client.created_at.to_string(),
        "created_by": client.created_by,
        "updated_at": client.updated_at.to_string(),
        "updated_by": client.updated_by,
        "version": client.version,
    })));
    members.extend(derived(app, client));
    status(
        &mut members,
        &client.status,
        client.previous_status.as_ref(),
    );
    members
}

/// What follows for a client of `app` from both of them, in answers about either: read-only, and stored nowhere.
fn derived(app: &App, client: &Client) -> Map<String, Value> {
    object(json!({
        // Whether it can work: its own switch and its app's are on.
        "effective": app.lets_work(client),
        // What its tokens may carry: its own scopes, and what the app's roles add.
        "effective_scopes": app.scopes_of(client),
    }))
}

/// What is kept of a secret: enough to tell whether it is safe to delete.
pub(super) fn secret(secret: &StoredSecret) -> Map<String, Value> {
    let last_used = secret
        .last_used_on
        .map_or_else(|| "never".to_owned(), |day| day.to_string());
    let mut members = object(json!({
        "secret_id": secret.id,
        // The secret's own first characters, which name it without opening anything.
        "hint": format!("rsec_{}…", secret.id),
        "created_at": secret.created_at.to_string(),
        "last_used_on": last_used,
    }));
    let expires_at = secret.expires_at.map(|at| at.to_string());
    optional(&mut members, "expires_at", expires_at.as_ref());
    members
}

fn flows(members: &mut Map<String, Value>, settings: &ClientSettings) {
    members.extend(object(json!({
        "device_authorization": settings.device_authorization.clone().unwrap_or_default(),
        "ciba_authorization": settings.ciba_authorization.clone().unwrap_or_default(),
    })));
    optional(members, "jwks", settings.jwks.as_ref());
}

/// Who threw the kill switch last, when and why, once somebody has; and the same of the time before, so that
/// why something was switched off is not forgotten when it is on again.
fn status(members: &mut Map<String, Value>, now: &Status, before: Option<&Status>) {
    for (name, status) in [
        ("status_change", Some(now)),
        ("previous_status_change", before),
    ] {
        let Some(status) = status else { continue };
        let (Some(by), Some(at)) = (&status.changed_by, &status.changed_at) else {
            continue;
        };
        let mut change = object(json!({ "by": by, "at": at.to_string() }));
        optional(&mut change, "reason", status.reason.as_ref());
        members.insert(name.into(), change.into());
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

fn optional(members: &mut Map<String, Value>, name: &str, value: Option<&impl serde::Serialize>) {
    if let Some(value) = value.and_then(|v| serde_json::to_value(v).ok()) {
        members.insert(name.into(), value);
    }
}
