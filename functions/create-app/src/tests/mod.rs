//! `create-app` through the dispatcher, on the embedded engine.

use testkit::{Registered, TestApp, TestRequest, Value, json};

mod answers;
mod bodies;
mod names;
mod openid;
mod rights;
mod uris;
mod values;

const NATIVE: &str = "/v1/applications";
const OPENID: &str = "/platform/v1/apps";

/// A native request with the required members alone.
fn minimal() -> Value {
    json!({
        "app_name": "My app",
        "client_display_name": "My client",
        "redirect_uris": ["https://app.example.com/cb"],
    })
}

/// The same with one more member, or another value of one.
fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = minimal();
    body[name] = value.into();
    body
}

fn post<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "POST", path)
}

/// The answer to a native request, which must be a success.
async fn created(app: &TestApp, body: &Value) -> Value {
    let response = post(app, NATIVE).json(body).send().await;
    assert_eq!(response.status, 201, "{}", response.body);
    testkit::body(&response)["result"].clone()
}

/// `(pointer, code)` of every fault of a native refusal, which must be a 400 and leave no trace.
async fn faults(app: &TestApp, body: &Value) -> Vec<(String, String)> {
    let response = post(app, NATIVE).json(body).send().await;
    assert_eq!(response.status, 400, "{body}: {}", response.body);
    let shown = testkit::body(&response);
    assert_eq!(shown["type"], "urn:roster:problem:invalid-request");
    let errors = shown["errors"].as_array().unwrap();
    // One body serves both conventions.
    let messages: Vec<_> = errors.iter().map(|e| e["message"].clone()).collect();
    assert_eq!(shown["message"], json!(messages));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    errors
        .iter()
        .map(|e| (text(&e["pointer"]), text(&e["code"])))
        .collect()
}

/// That one fault is reported, and nothing else.
async fn refused(app: &TestApp, body: &Value, pointer: &str, code: &str) {
    let found = faults(app, body).await;
    assert_eq!(found, [(pointer.to_owned(), code.to_owned())], "{body}");
}

/// That nothing was written since the last look, and no app is there.
async fn nothing_stored(app: &TestApp) {
    let summary = app.recorder.summary();
    assert!(!summary.wrote(), "{:?}", summary.operations);
    assert!(app.apps(&domain::TenantId::first()).await.is_empty());
}

/// An app with a token of its own client.
async fn other_app(app: &TestApp) -> (Registered, String) {
    let other = app.register("Other", |_| ()).await;
    let token = app
        .token(other.client_id(), &["apps:read", "apps:edit"])
        .await;
    (other, token)
}
