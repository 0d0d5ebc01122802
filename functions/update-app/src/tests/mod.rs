//! `update-app` through the dispatcher, on the embedded engine.

use testkit::{Registered, TestApp, TestRequest, Value, faults, json, refusal, result};

mod answers;
mod defaults;
mod failures;
mod methods;
mod patch;
mod put;

fn put<'a>(app: &'a TestApp, made: &Registered) -> TestRequest<'a> {
    request(app, "PUT", &made.id())
}

fn patch<'a>(app: &'a TestApp, made: &Registered) -> TestRequest<'a> {
    request(app, "PATCH", &made.id())
}

fn request<'a>(app: &'a TestApp, method: &str, id: &str) -> TestRequest<'a> {
    app.request(super::handle, method, &format!("/v1/applications/{id}"))
}

/// An app with a value of its own in every member that an update can set.
async fn full(app: &TestApp) -> Registered {
    let made = app.register("My app", |_| ()).await;
    let all = json!({
        "app_description": "About",
        "client_display_name": "My client",
        "client_description": "About it",
        "client_type": "native",
        "client_auth_method": "client_secret_post",
        "client_grant_types": ["client_credentials", "refresh_token"],
        "client_scopes": ["apps:read", "photos"],
        "redirect_uris": ["https://one.example/cb", "com.example.app:/cb"],
        "resources": ["https://api.example.com"],
        "logo": "https://app.example.com/logo.png",
        "service_providers": ["google"],
        "authenticator_preferences":
            {"is_centralized": true, "login_uri": "https://hub.example/login"},
        "allow_public_signup": true,
        "login_uri": "https://app.example.com/login",
        "subdomain": "acme",
        "invite_member_email_expiration_minutes": 60,
        "trusted": true,
        "device_authorization": {
            "enabled": true,
            "approval_uri": "https://app.example.com/approve",
            "success_uri": "https://app.example.com/done",
            "input_uri": "https://app.example.com/code",
        },
        "ciba_authorization": {"enabled": true, "login_uri": "https://app.example.com/ciba"},
        "access_token_lifetime": 900,
    });
    result(&put(app, &made).json(&all).send().await, 200);
    app.recorder.take();
    made
}

fn one(pointer: &str, code: &str) -> Vec<(String, String)> {
    vec![(pointer.to_owned(), code.to_owned())]
}
