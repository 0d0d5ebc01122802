//! What a successful native request answers, stores and costs.

use domain::TenantId;
use testkit::{TestApp, answer, json};

use super::*;

#[tokio::test]
async fn the_required_members_alone_make_an_app_with_every_default() {
    let app = TestApp::new().await;
    let response = post(&app, NATIVE).json(&minimal()).send().await;
    assert_eq!(
        answer(&response),
        (
            201,
            json!({"result": {
                "app_id": "019b7ca9-8c88-7f48-b0d0-d2ffeaca0bdf",
                "tenant_id": "default",
                "app_code_name": "myapp",
                "app_name": "My app",
                "active": true,
                "client_id": "019b7ca98c887f48b0d0d2ffeaca0bdf.0",
                "client_secret": "rsec_3z6e5dvr2t_gzndvcg5hvgojbfmj3sxxp4pqkzyviayokvkmybf7gkn5xsp6npa5wqhdt",
                "client_type": "web",
                "client_display_name": "My client",
                "redirect_uris": ["https://app.example.com/cb"],
                "client_auth_method": "client_secret_basic",
                "client_grant_types": ["authorization_code", "client_credentials"],
                "client_scopes": ["apps:read", "apps:edit"],
                "resources": [],
                "service_providers": [],
                "authenticator_preferences": {"is_centralized": false},
                "device_authorization": {"enabled": false},
                "ciba_authorization": {"enabled": false},
                "access_token_lifetime": 3600,
                "allow_public_signup": false,
                "invite_member_email_expiration_minutes": 2880,
                "trusted": false,
                "login_preferences": {},
                "effective": true,
                "effective_scopes": ["apps:read", "apps:edit"],
                "created_at": "2026-01-02T03:04:05Z",
                "created_by": app.management.client_id.as_str(),
                "updated_at": "2026-01-02T03:04:05Z",
                "updated_by": app.management.client_id.as_str(),
                "version": 1,
            }})
        )
    );
    assert_eq!(
        response.header("location").unwrap(),
        "/v1/applications/019b7ca9-8c88-7f48-b0d0-d2ffeaca0bdf"
    );
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    assert_eq!(response.header("x-request-id").unwrap(), "request-1");
}

/// Every member of contracts.md §1, with a value that is no default.
fn everything() -> Value {
    json!({
        "app_name": "Café 日本",
        "app_description": "Line one\nLine two",
        "app_code_name": "MyCode1",
        "client_display_name": "A client",
        "redirect_uris": ["https://app.example.com/cb", "com.example.app:/cb", "http://127.0.0.1:8080/cb"],
        "client_description": "A description",
        "client_type": "native",
        "client_auth_method": "client_secret_post",
        "client_grant_types": ["refresh_token", "authorization_code"],
        "client_scopes": ["https://api.example.com/read", "clients:secrets"],
        "resources": ["urn:example:one", "two"],
        "logo": "https://cdn.example.com/logo.png",
        "service_providers": ["google", "saml-1"],
        "allow_public_signup": true,
        "login_uri": "https://app.example.com/login",
        "subdomain": "portal-1",
        "invite_member_email_expiration_minutes": 15,
        "trusted": true,
        "authenticator_preferences": {"is_centralized": true, "login_uri": "https://hub.example.com/login"},
        "device_authorization": {
            "enabled": true,
            "approval_uri": "https://app.example.com/approve",
            "success_uri": "https://app.example.com/success",
            "input_uri": "https://app.example.com/input",
        },
        "ciba_authorization": {"enabled": true, "login_uri": "https://app.example.com/ciba"},
        "access_token_lifetime": 600,
    })
}

#[tokio::test]
async fn every_member_comes_back_as_it_was_sent() {
    let app = TestApp::new().await;
    let shown = created(&app, &everything()).await;
    let mut expected = everything();
    // Kept in lower case, so that two spellings are one name.
    expected["app_code_name"] = json!("mycode1");
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
    let added: Vec<_> = shown
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| expected.get(name).is_none())
        .collect();
    assert_eq!(
        added,
        [
            "active",
            "app_id",
            "client_id",
            "client_secret",
            "created_at",
            "created_by",
            "effective",
            "effective_scopes",
            "login_preferences",
            "tenant_id",
            "updated_at",
            "updated_by",
            "version",
        ]
    );
}

#[tokio::test]
async fn what_is_answered_is_what_is_stored() {
    let app = TestApp::new().await;
    let shown = created(&app, &everything()).await;
    let stored = app.apps(&TenantId::first()).await;
    let [stored] = stored.as_slice() else {
        panic!("one app: {stored:?}")
    };
    assert_eq!(stored.app_id.to_string(), shown["app_id"]);
    assert_eq!(stored.code_name.as_str(), shown["app_code_name"]);
    assert_eq!(stored.default_client.client_id.as_str(), shown["client_id"]);
    let profile = serde_json::to_value(&stored.profile).unwrap();
    for (name, value) in profile.as_object().unwrap() {
        assert_eq!(shown[name], *value, "{name}");
    }
}

#[tokio::test]
async fn the_secret_is_shown_once_and_proves_the_client() {
    let app = TestApp::new().await;
    let shown = created(&app, &minimal()).await;
    let text = shown["client_secret"].as_str().unwrap();
    let secret = domain::Secret::parse(text).unwrap();
    let client = domain::ClientId::parse(shown["client_id"].as_str().unwrap()).unwrap();
    let found = app.registry.table.credentials(&client).await.unwrap();
    let stored = found.unwrap().secrets;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].id, secret.id());
    let pepper = app.registry.master().unwrap().pepper();
    assert!(pepper.verify(&secret, &client, &stored[0].digest));
    // The table holds no part of the text beyond the secret's id.
    let random = text.rsplit('_').next().unwrap();
    let calls = app.recorder.take();
    assert!(calls.iter().any(|c| c.operation == "TransactWriteItems"));
    for call in calls {
        let sent = format!("{} {}", call.request, call.response);
        assert!(!sent.contains(text) && !sent.contains(random));
    }
}

#[tokio::test]
async fn a_public_client_gets_neither_secret_nor_client_credentials() {
    let app = TestApp::new().await;
    let mut body = with("client_auth_method", "none");
    body["client_type"] = json!("native");
    let shown = created(&app, &body).await;
    assert_eq!(shown.get("client_secret"), None);
    assert_eq!(shown["client_grant_types"], json!(["authorization_code"]));
    assert_eq!(shown["client_scopes"], json!([]));
    let client = domain::ClientId::parse(shown["client_id"].as_str().unwrap()).unwrap();
    let found = app.registry.table.credentials(&client).await.unwrap();
    assert!(found.unwrap().secrets.is_empty());
}

#[tokio::test]
async fn a_client_with_keys_of_its_own_gets_no_secret() {
    let app = TestApp::new().await;
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU", "kid": "1"}]});
    let mut body = with("client_auth_method", "private_key_jwt");
    body["jwks"] = jwks.clone();
    let shown = created(&app, &body).await;
    assert_eq!(shown.get("client_secret"), None);
    assert_eq!(shown["jwks"], jwks);
    assert_eq!(
        shown["client_grant_types"],
        json!(["authorization_code", "client_credentials"])
    );
}

#[tokio::test]
async fn a_client_without_redirecting_grants_needs_no_redirect_uri() {
    let app = TestApp::new().await;
    let mut body = with("redirect_uris", json!([]));
    refused(&app, &body, "/redirect_uris", "conflict").await;
    nothing_stored(&app).await;
    body["client_grant_types"] = json!(["client_credentials"]);
    let shown = created(&app, &body).await;
    assert_eq!(shown["redirect_uris"], json!([]));
}

#[tokio::test]
async fn a_free_name_takes_one_transaction_and_a_taken_one_two() {
    let app = TestApp::new().await;
    created(&app, &minimal()).await;
    let first = app.recorder.summary();
    // The caller, read anew, and the transaction.
    assert_eq!(first.operations, ["BatchGetItem", "TransactWriteItems"]);
    // Two items below 1 KB, doubled by the transaction, and the app's copies in two indexes.
    assert_eq!((first.read, first.write), (2.0, 6.0));

    created(&app, &minimal()).await;
    let second = app.recorder.summary();
    assert_eq!(second.operations[1..], ["TransactWriteItems"; 2]);
}

#[tokio::test]
async fn a_transaction_puts_the_app_and_the_guard_of_its_name_and_checks_nothing_else() {
    let app = TestApp::new().await;
    let shown = created(&app, &minimal()).await;
    let calls = app.recorder.take();
    let [_caller, call] = calls.as_slice() else {
        panic!("two calls")
    };
    assert_eq!(call.actions, ["PutItem", "PutItem"]);
    let id = shown["app_id"].as_str().unwrap();
    let key = |pk: String, sk: &str| (pk, sk.to_owned());
    assert_eq!(
        call.keys,
        [
            key(format!("APP#{id}"), "APP"),
            key("CODE#default#myapp".into(), "GUARD"),
        ]
    );
}

#[tokio::test]
async fn the_tenant_is_the_tokens_and_no_member_or_header_changes_it() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    let theirs = app.tenant("b").await.client_id;
    let token = app
        .token_in(&b, &theirs, &["apps:create", "apps:read", "apps:edit"])
        .await;
    app.recorder.take();
    for (name, code) in [
        ("tenant_id", "read_only"),
        ("owner", "unknown_member"),
        ("created_by", "read_only"),
        ("app_id", "read_only"),
        ("client_id", "read_only"),
        ("client_secret", "read_only"),
    ] {
        refused(&app, &with(name, "default"), &format!("/{name}"), code).await;
    }
    let asked = post(&app, &format!("{NATIVE}?tenant_id=default")).json(&minimal());
    assert_eq!(asked.send().await.status, 400);
    nothing_stored(&app).await;
    let response = post(&app, NATIVE)
        .token(&token)
        .header("x-tenant-id", "default")
        .header("forwarded", "host=evil.example")
        .header("x-forwarded-host", "evil.example")
        .json(&minimal())
        .send()
        .await;
    assert_eq!(response.status, 201);
    assert_eq!(testkit::body(&response)["result"]["tenant_id"], "b");
    assert_eq!(app.apps(&b).await.len(), 1);
    assert!(app.apps(&TenantId::first()).await.is_empty());
}
