//! The token endpoint through the dispatcher, on the embedded engine.

use domain::{CreateApp, GrantType, ResourceId, Scope};
use testkit::{Registered, TestApp, TestRequest, Value, answer, basic, json};

mod audience;
mod bounds;
mod clients;
mod parameters;
mod tokens;

const GRANT: &str = "grant_type=client_credentials";
/// What is told to whoever shows no credentials.
const HOW: &str = "send Authorization: Basic with base64 of client_id:client_secret, or client_id with client_secret in the body, or client_assertion with client_assertion_type in the body.";
const UNREADABLE: &str = "The Authorization header has no client credentials that can be read: Basic, one space, and base64 of client_id:client_secret, both form-encoded before (RFC 6749 section 2.3.1).";
/// What every failed authentication is told, whatever failed.
const INVALID_CLIENT: &str = "Client authentication failed: unknown or deactivated client, wrong secret or assertion, or another method than the registered one.";

fn post<'a>(app: &'a TestApp, form: &str) -> TestRequest<'a> {
    app.request(super::handle, "POST", "/oauth2/token")
        .form(form)
}

/// A client of another app than the management one, by basic, with two scopes and two resources.
async fn client(app: &TestApp) -> Registered {
    app.register("Client", |app| {
        app.client.scopes = ["photos", "apps:read"]
            .map(|s| Scope::parse(s).unwrap())
            .into();
        let resources = ["https://api.example.com", "two"];
        app.client.resources = resources.map(|r| ResourceId::parse(r).unwrap()).into();
    })
    .await
}

/// A request that a client authenticates by basic.
fn by_basic<'a>(app: &'a TestApp, client: &Registered, form: &str) -> TestRequest<'a> {
    let header = basic(client.client_id(), &client.secret);
    post(app, form).header("authorization", &header)
}

/// A well-formed secret that nobody has.
fn stray_secret() -> String {
    domain::Secret::generate([9; 39]).expose().to_owned()
}

/// That the answer is this error of RFC 6749 §5.2, and nothing of it may be cached.
fn assert_error(response: &api::Response, status: u16, error: &str, description: &str, why: &str) {
    assert_eq!(
        answer(response),
        (
            status,
            json!({"error": error, "error_description": description})
        ),
        "{why}"
    );
    assert_eq!(
        response.header("cache-control").unwrap(),
        "no-store",
        "{why}"
    );
    assert_eq!(response.header("content-type").unwrap(), "application/json");
    // RFC 9110 §15.5.2: a 401 always says how to authenticate.
    let challenge = (status == 401).then_some("Basic realm=\"roster\", charset=\"UTF-8\"");
    assert_eq!(response.header("www-authenticate"), challenge, "{why}");
    // RFC 6749 §5.2: printable ASCII without quotes and backslashes.
    let allowed = |c| matches!(c, ' '..='~') && c != '"' && c != '\\';
    assert!(description.chars().all(allowed), "{why}");
}
