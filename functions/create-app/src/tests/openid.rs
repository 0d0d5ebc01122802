//! The same operation in the openid-apps dialect.

use domain::TenantId;
use testkit::{TestApp, answer, json};

use super::*;

fn seed() -> Value {
    json!({"name": "My app", "redirect_uri": "https://app.example.com/cb", "trusted": "true"})
}

fn seed_with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = seed();
    body[name] = value.into();
    body
}

#[tokio::test]
async fn the_seeds_request_answers_what_the_seed_shows() {
    let app = TestApp::new().await;
    let response = post(&app, OPENID).json(&seed()).send().await;
    assert_eq!(
        answer(&response),
        (
            201,
            json!({
                "data": {
                    "app_code_name": "myapp",
                    "app_id": "019b7ca9-8c88-7f48-b0d0-d2ffeaca0bdf",
                    "client_id": "019b7ca98c887f48b0d0d2ffeaca0bdf.0",
                    "client_secret": "rsec_3z6e5dvr2t_gzndvcg5hvgojbfmj3sxxp4pqkzyviayokvkmybf7gkn5xsp6npa5wqhdt",
                    "name": "My app",
                },
                "status": "OK",
            })
        )
    );
    assert_eq!(
        response.header("location").unwrap(),
        "/platform/v1/apps/myapp"
    );
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    assert_eq!(
        app.recorder.summary().operations,
        ["BatchGetItem", "TransactWriteItems"]
    );
}

#[tokio::test]
async fn an_app_of_this_dialect_has_its_three_grants_and_the_usual_defaults() {
    let app = TestApp::new().await;
    let body = json!({"name": "My app", "redirect_uri": "https://app.example.com/cb"});
    assert_eq!(post(&app, OPENID).json(&body).send().await.status, 201);
    let stored = app.apps(&TenantId::first()).await;
    assert!(!stored[0].profile.trusted);
    assert!(stored[0].status.active);
    assert_eq!(
        serde_json::to_value(&stored[0].default_client.settings).unwrap(),
        json!({
            "name": "My app",
            "client_type": "web",
            "token_endpoint_auth_method": "client_secret_basic",
            "redirect_uris": ["https://app.example.com/cb"],
            "response_types": ["code", "id_token"],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scopes": ["apps:read", "apps:edit"],
            "access_token_format": "jwt",
        })
    );
}

#[tokio::test]
async fn every_member_is_stored_and_unknown_ones_are_ignored() {
    let app = TestApp::new().await;
    let body = json!({
        "name": "My app", "redirect_uri": "https://app.example.com/cb", "trusted": "false",
        "app_code_name": "MyCode",
        "oauth_redirect_uris": ["https://app.example.com/cb", "https://app.example.com/two"],
        "scopes": ["a", "b"], "access_token_format": "opaque",
        "tenant_id": "b", "color": {"deep": ["er"]},
    });
    let response = post(&app, OPENID).json(&body).send().await;
    assert_eq!(response.status, 201, "{}", response.body);
    let stored = app.apps(&TenantId::first()).await;
    assert_eq!(stored[0].code_name.as_str(), "mycode");
    assert!(!stored[0].profile.trusted);
    let settings = serde_json::to_value(&stored[0].default_client.settings).unwrap();
    assert_eq!(
        settings["redirect_uris"],
        json!(["https://app.example.com/cb", "https://app.example.com/two"])
    );
    assert_eq!(settings["scopes"], json!(["a", "b"]));
    assert_eq!(settings["access_token_format"], "opaque");
}

#[tokio::test]
async fn trusted_is_a_string_or_a_boolean() {
    let app = TestApp::new().await;
    for (sent, stored) in [
        (json!("true"), true),
        (json!(true), true),
        (json!("false"), false),
        (json!(false), false),
    ] {
        let response = post(&app, OPENID).json(&seed_with("trusted", sent.clone()));
        let shown = testkit::body(&response.send().await);
        let apps = app.apps(&TenantId::first()).await;
        let id = shown["data"]["app_id"].as_str().unwrap();
        let found = apps.iter().find(|a| a.app_id.to_string() == id).unwrap();
        assert_eq!(found.profile.trusted, stored, "{sent}");
    }
}

/// Codes and messages of a refusal, which must be a 422 and leave no trace.
async fn errors(app: &TestApp, body: &Value) -> Vec<(String, String)> {
    let response = post(app, OPENID).json(body).send().await;
    assert_eq!(response.status, 422, "{body}: {}", response.body);
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    let shown = testkit::body(&response);
    assert_eq!(shown["success"], false);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = shown["errors"].as_array().unwrap();
    errors
        .iter()
        .map(|e| (text(&e["code"]), text(&e["message"])))
        .collect()
}

/// That one fault is reported, with this code and start of its message.
async fn refused_as(app: &TestApp, body: &Value, code: &str, start: &str) {
    let found = errors(app, body).await;
    assert_eq!(found.len(), 1, "{body}: {found:?}");
    assert_eq!(found[0].0, code, "{body}");
    assert!(found[0].1.starts_with(start), "{body}: {}", found[0].1);
}

#[tokio::test]
async fn a_missing_member_is_missing() {
    let app = TestApp::new().await;
    let no_name = json!({"redirect_uri": "https://a.example/cb"});
    refused_as(&app, &no_name, "missing", "name is required").await;
    let no_uri = json!({"name": "My app"});
    refused_as(&app, &no_uri, "missing", "redirect_uri is required").await;
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_bad_member_is_invalid() {
    let app = TestApp::new().await;
    let https = "must use https";
    for (name, value, start) in [
        ("name", json!("ab"), "name must be at least 3"),
        ("name", json!("x".repeat(26)), "name must be at most 25"),
        ("name", json!(1), "name must be a string"),
        ("name", Value::Null, "name must not be null; it is required"),
        ("name", json!("   "), "name must not be empty"),
        ("redirect_uri", json!(""), "redirect_uri must not be empty"),
        (
            "redirect_uri",
            json!("javascript:x"),
            "redirect_uri must use https",
        ),
        (
            "redirect_uri",
            json!("http://a.example/cb"),
            "redirect_uri must use https",
        ),
        (
            "redirect_uri",
            json!("com.example.app:/cb"),
            "redirect_uri must use https",
        ),
        ("redirect_uri", json!([]), "redirect_uri must be a string"),
        ("trusted", json!("yes"), "trusted must be true or false"),
        ("trusted", json!("True"), "trusted must be true or false"),
        ("trusted", json!(1), "trusted must be true or false"),
        (
            "trusted",
            Value::Null,
            "trusted must not be null; leave it out",
        ),
        (
            "app_code_name",
            json!("my-app"),
            "app_code_name may only contain",
        ),
        (
            "app_code_name",
            json!(""),
            "app_code_name must not be empty",
        ),
        (
            "app_code_name",
            json!("a".repeat(101)),
            "app_code_name must be at most 100",
        ),
        ("scopes", json!("a"), "scopes must be an array"),
        ("scopes", json!(["apps:create"]), "scopes/0 is reserved"),
        ("scopes", json!(["a b"]), "scopes/0 may only contain"),
        ("scopes", json!(["a", "a"]), "scopes/1 is listed twice"),
        (
            "access_token_format",
            json!("JWT"),
            "access_token_format must be one of",
        ),
        (
            "access_token_format",
            json!(false),
            "access_token_format must be a string",
        ),
    ] {
        refused_as(&app, &seed_with(name, value), "invalid", start).await;
    }
    for (value, start) in [
        (json!("https://a.example/cb"), " must be an array"),
        (json!([1]), "/0 must be a string"),
        (
            json!(["https://a.example", "http://a.example"]),
            &format!("/1 {https}"),
        ),
    ] {
        let body = seed_with("oauth_redirect_uris", value);
        refused_as(
            &app,
            &body,
            "invalid",
            &format!("oauth_redirect_uris{start}"),
        )
        .await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_uri_that_stands_in_both_members_is_stored_once_and_shifts_no_place() {
    let app = TestApp::new().await;
    let mut body = seed_with(
        "oauth_redirect_uris",
        json!(["https://app.example.com/cb", "http://a.example"]),
    );
    let start = "oauth_redirect_uris/1 must use https";
    refused_as(&app, &body, "invalid", start).await;
    nothing_stored(&app).await;
    body["oauth_redirect_uris"][1] = json!("https://a.example");
    assert_eq!(post(&app, OPENID).json(&body).send().await.status, 201);
    let stored = app.apps(&TenantId::first()).await;
    let uris = &stored[0].default_client.settings.redirect_uris;
    let uris: Vec<_> = uris.iter().map(domain::RedirectUri::as_str).collect();
    assert_eq!(uris, ["https://app.example.com/cb", "https://a.example"]);
}

#[tokio::test]
async fn all_faults_of_a_request_are_reported_together() {
    let app = TestApp::new().await;
    let body = json!({
        "name": "x", "trusted": 2, "scopes": ["apps:list", 3], "access_token_format": "x",
        "oauth_redirect_uris": ["https://a.example/cb", "https://a.example/cb"],
    });
    let found = errors(&app, &body).await;
    let starts: Vec<_> = found
        .iter()
        .map(|(code, message)| format!("{code} {}", message.split(' ').next().unwrap()))
        .collect();
    assert_eq!(
        starts,
        [
            "invalid name",
            "missing redirect_uri",
            "invalid oauth_redirect_uris/1",
            "invalid scopes/1",
            "invalid access_token_format",
            "invalid trusted",
            "invalid scopes/0",
        ]
    );
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_missing_redirect_uri_hides_no_other_uris_fault() {
    let app = TestApp::new().await;
    let body = json!({
        "name": "My app",
        "oauth_redirect_uris": ["https://a.example/cb", "http://evil.example/cb"],
    });
    let found = errors(&app, &body).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0].1, "redirect_uri is required");
    assert!(
        found[1]
            .1
            .starts_with("oauth_redirect_uris/1 must use https"),
        "{}",
        found[1].1
    );
    nothing_stored(&app).await;
}

#[tokio::test]
async fn errors_that_are_no_faults_of_the_body_have_the_same_shape() {
    let app = TestApp::new().await;
    let no_token = post(&app, OPENID).json(&seed()).header("authorization", "");
    assert_eq!(
        answer(&no_token.send().await),
        (
            401,
            json!({
                "errors": [{
                    "code": "unauthorized",
                    "message": "Send an access token from /oauth/service/token in the Authorization header: Bearer <token>.",
                }],
                "success": false,
            })
        )
    );
    let text = post(&app, OPENID).body("text/plain", seed().to_string().as_bytes());
    assert_eq!(
        answer(&text.send().await),
        (
            415,
            json!({
                "errors": [{"code": "unsupported-media-type", "message": "Send the body as application/json."}],
                "success": false,
            })
        )
    );
    nothing_stored(&app).await;
}
