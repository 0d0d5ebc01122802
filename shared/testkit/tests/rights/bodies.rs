//! Bodies that make an app or a client, with the required members alone.

use testkit::{Value, json};

pub(crate) fn merged(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn native_app() -> Value {
    json!({"app_name": "New", "client_display_name": "New", "redirect_uris": ["https://app.example.com/cb"]})
}

pub(crate) fn native_client() -> Value {
    json!({"name": "New", "redirect_uris": ["https://app.example.com/cb"], "grant_types": ["client_credentials"]})
}

pub(crate) fn scim_app() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:App"], "displayName": "New",
        "isOAuthClient": true, "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
    })
}
