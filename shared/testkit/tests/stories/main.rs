//! What one operation does, seen through the others: every story starts and ends at the dispatcher.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a story that can't go on has failed, and figures are to be seen"
)]

mod bad_input;
mod data_document;
mod deletes;
mod idempotency;
mod kill_switch;
mod lost_answers;
mod nothing_in_plain;
mod races;
mod rights;
mod scale;
mod secrets;

use api::{Handler, Response, routes};
use testkit::{TestApp, TestRequest, Value, basic, body, json, result};

/// The handler of a route's operation.
fn handler(method: &str, path: &str) -> Handler {
    let path = path.split('?').next().unwrap_or_default();
    let (route, _) = routes::resolve(method, path).unwrap();
    match route.operation {
        "change-status" => Handler::new(change_status::handle),
        "create-app" => Handler::new(create_app::handle),
        "create-client" => Handler::new(create_client::handle),
        "delete-app" => Handler::new(delete_app::handle),
        "delete-client" => Handler::new(delete_client::handle),
        "get-app" => Handler::new(get_app::handle),
        "get-client" => Handler::new(get_client::handle),
        "issue-secret" => Handler::new(issue_secret::handle),
        "list-apps" => Handler::new(list_apps::handle),
        "list-clients" => Handler::new(list_clients::handle),
        "list-secrets" => Handler::new(list_secrets::handle),
        "revoke-secret" => Handler::new(revoke_secret::handle),
        "token" => Handler::new(token::handle),
        "update-app" => Handler::new(update_app::handle),
        "update-client" => Handler::new(update_client::handle),
        "update-resources" => Handler::new(update_resources::handle),
        other => panic!("no story needs {other}"),
    }
}

/// A request by the admin, to the operation that its route names.
fn call<'a>(app: &'a TestApp, method: &str, path: &str) -> TestRequest<'a> {
    app.request_to(handler(method, path), method, path)
}

/// What a client's credentials get at the token endpoint.
async fn token_answer(app: &TestApp, client: impl std::fmt::Display, secret: &str) -> Response {
    let request = call(app, "POST", "/oauth2/token").form("grant_type=client_credentials");
    request
        .header("authorization", &basic(client, secret))
        .send()
        .await
}

/// Whether a client's credentials get a token.
async fn authenticates(app: &TestApp, client: impl std::fmt::Display, secret: &str) -> bool {
    let response = token_answer(app, client, secret).await;
    assert!([200, 401].contains(&response.status), "{}", response.body);
    response.status == 200
}

/// A token that a client got for its credentials.
async fn token(app: &TestApp, client: impl std::fmt::Display, secret: &str) -> String {
    let response = token_answer(app, client, secret).await;
    assert_eq!(response.status, 200, "{}", response.body);
    text(&body(&response)["access_token"])
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// A request to create an app, with the required members alone.
fn new_app(name: &str) -> Value {
    json!({
        "app_name": name, "client_display_name": name,
        "redirect_uris": ["https://app.example.com/cb"],
    })
}

/// A request to create a client, with the required members alone.
fn new_client(name: &str) -> Value {
    json!({"name": name, "redirect_uris": ["https://app.example.com/cb"]})
}

/// A client's new secret: its id and text.
async fn issue(app: &TestApp, path: &str, body: &Value) -> (String, String) {
    let response = call(app, "POST", path).json(body).send().await;
    let shown = result(&response, 201);
    (text(&shown["secret_id"]), text(&shown["client_secret"]))
}
