//! Domain entities in native words.

use domain::App;
use serde_json::{Map, Value, json};

/// An app with its default client.
pub(super) fn app(app: &App) -> Map<String, Value> {
    let (profile, client) = (&app.profile, &app.default_client);
    let settings = &client.settings;
    let mut members = object(json!({
        "app_id": app.app_id,
        "tenant_id": app.tenant_id,
        "app_code_name": app.code_name,
        "app_name": profile.app_name,
        "active": app.status.active,
        "client_id": client.client_id,
        "client_type": settings.client_type,
        "client_display_name": settings.name,
        "redirect_uris": settings.redirect_uris,
        "client_auth_method": settings.token_endpoint_auth_method,
        "client_grant_types": settings.grant_types,
        "client_scopes": settings.scopes,
        "resources": settings.resources,
        "service_providers": profile.service_providers,
        "authenticator_preferences": profile.authenticator_preferences.clone().unwrap_or_default(),
        "device_authorization": settings.device_authorization.clone().unwrap_or_default(),
        "ciba_authorization": settings.ciba_authorization.clone().unwrap_or_default(),
        "allow_public_signup": profile.allow_public_signup,
        "invite_member_email_expiration_minutes": profile.invite_member_email_expiration_minutes,
        "trusted": profile.trusted,
        "login_preferences": app.login_preferences.clone().unwrap_or_else(|| json!({})),
        "created_at": app.created_at.to_string(),
        "created_by": app.created_by,
        "updated_at": app.updated_at.to_string(),
        "version": app.version,
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
    optional(&mut members, "jwks", settings.jwks.as_ref());
    optional(
        &mut members,
        "password_sharing_group_id",
        app.password_sharing_group_id.as_ref(),
    );
    members
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
