//! Who may register what.

use domain::{Scope, TenantId, scopes};
use testkit::{TestApp, json};

use super::*;

#[tokio::test]
async fn what_widens_an_apps_rights_needs_apps_trust() {
    let app = TestApp::new().await;
    // What a credential with the default scopes carries, and no more.
    let held = ["apps:create", "apps:read", "apps:edit"];
    let without = app.token(&app.management.client_id, &held).await;
    let openid = json!({"name": "My app", "redirect_uri": "https://app.example.com/cb"});
    let openid_with = |name: &str, value: Value| {
        let mut body = openid.clone();
        body[name] = value;
        body
    };
    for (path, body) in [
        (NATIVE, with("trusted", true)),
        (NATIVE, with("trusted", "true")),
        (
            NATIVE,
            with("client_grant_types", json!(["authorization_code"])),
        ),
        (
            NATIVE,
            with(
                "client_grant_types",
                json!(["authorization_code", "client_credentials"]),
            ),
        ),
        (NATIVE, with("client_scopes", json!([]))),
        (
            NATIVE,
            with("client_scopes", json!(["apps:read", "apps:edit"])),
        ),
        (OPENID, openid_with("trusted", json!("true"))),
        (OPENID, openid_with("scopes", json!(["a"]))),
    ] {
        let request = post(&app, path).json(&body).token(&without);
        let response = request.send().await;
        assert_eq!(response.status, 403, "{body}");
        let challenge = response.header("www-authenticate").unwrap();
        assert!(
            challenge.contains("error=\"insufficient_scope\", scope=\"apps:trust"),
            "{challenge}"
        );
    }
    nothing_stored(&app).await;

    // Everything else needs no trust, and saying that an app is not trusted widens nothing.
    for (path, body) in [
        (NATIVE, minimal()),
        (NATIVE, with("trusted", false)),
        (OPENID, openid.clone()),
        (OPENID, openid_with("trusted", json!("false"))),
        (OPENID, openid_with("access_token_format", json!("opaque"))),
    ] {
        let response = post(&app, path).json(&body).token(&without).send().await;
        assert_eq!(response.status, 201, "{body}: {}", response.body);
    }
}

#[tokio::test]
async fn a_caller_of_another_app_registers_nothing() {
    let app = TestApp::new().await;
    let (other, token) = other_app(&app).await;
    let every = app.token(other.client_id(), &scopes::MANAGEMENT).await;
    // One that came to hold every scope, by an operator's hand.
    let scopes = scopes::MANAGEMENT.map(|s| Scope::parse(s).unwrap());
    let strong = app
        .register("Strong", |a| a.client.scopes = scopes.into())
        .await;
    let strong = app.token(strong.client_id(), &scopes::MANAGEMENT).await;
    for token in [token, every, strong] {
        for path in [NATIVE, OPENID] {
            let body = json!({
                "name": "My app", "redirect_uri": "https://a.example/cb", "app_name": "My app",
                "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
            });
            let request = post(&app, path).json(&body).token(&token);
            assert_eq!(request.send().await.status, 403);
        }
    }
    assert!(!app.recorder.summary().wrote());
    assert_eq!(app.apps(&TenantId::first()).await.len(), 2);
}

#[tokio::test]
async fn reserved_scopes_are_for_the_management_application() {
    let app = TestApp::new().await;
    for scope in [
        "apps:list",
        "apps:create",
        "apps:delete",
        "apps:trust",
        "apps:",
        "apps:x",
        "clients:",
        "clients:anything",
        "urn:opc:idm:t.user.me",
        "urn:opc:",
    ] {
        let body = with("client_scopes", json!(["free", scope]));
        refused(&app, &body, "/client_scopes/1", "conflict").await;
    }
    nothing_stored(&app).await;
    let held = json!([
        "apps:read",
        "apps:edit",
        "apps:access",
        "clients:secrets",
        "APPS:x",
        "my:apps:x"
    ]);
    let shown = created(&app, &with("client_scopes", held.clone())).await;
    assert_eq!(shown["client_scopes"], held);
}

#[tokio::test]
async fn a_client_that_cannot_authenticate_cannot_have_client_credentials() {
    let app = TestApp::new().await;
    let mut body = with("client_auth_method", "none");
    refused(&app, &body, "/client_auth_method", "conflict").await;
    body["client_type"] = json!("native");
    body["client_grant_types"] = json!(["authorization_code", "client_credentials"]);
    refused(&app, &body, "/client_grant_types", "conflict").await;
    nothing_stored(&app).await;
}

#[tokio::test]
async fn private_key_jwt_needs_public_keys() {
    let app = TestApp::new().await;
    let mut body = with("client_auth_method", "private_key_jwt");
    refused(&app, &body, "/jwks", "required").await;
    let private = json!({"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU", "d": "CC"});
    for (jwks, code) in [
        (json!({"keys": []}), "wrong_type"),
        (json!([]), "wrong_type"),
        (json!("https://a.example/jwks"), "wrong_type"),
        (Value::Null, "wrong_type"),
        (json!({"keys": [private]}), "conflict"),
        (json!({"keys": [{"kty": "oct", "k": "AA"}]}), "conflict"),
        (
            json!({"keys": [{"kty": "RSA", "n": "A".repeat(9000), "e": "AQAB"}]}),
            "too_long",
        ),
    ] {
        body["jwks"] = jwks;
        refused(&app, &body, "/jwks", code).await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_refusal_never_repeats_private_key_material() {
    let app = TestApp::new().await;
    let mut body = with("client_auth_method", "private_key_jwt");
    let key = json!({"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU", "d": "a-private-exponent"});
    body["jwks"] = json!({ "keys": [key] });
    let response = post(&app, NATIVE).json(&body).send().await;
    assert_eq!(response.status, 400);
    assert!(!response.body.contains("a-private-exponent"));
}
