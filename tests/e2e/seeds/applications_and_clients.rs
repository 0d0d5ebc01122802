//! The applications-and-clients API: its requests in its order, with its samples' bodies.

use serde_json::{Value, json};

use super::{path_of, send, text};
use crate::{
    client::{Credentials, Deployment},
    stories::eventually,
};

const APPS: &str = "/v1/applications";

/// The sample of the requests to create and to update an application.
fn application() -> Value {
    json!({
        "app_name": "My App",
        "app_description": "string",
        "client_type": "web",
        "client_display_name": "string",
        "client_description": "string",
        "redirect_uris": ["https://app.example.com/callback"],
        "logo": "https://app.example.com/logo.png",
        "resources": ["string"],
        "service_providers": ["string"],
        "authenticator_preferences": {"is_centralized": false},
        "allow_public_signup": false,
        "device_authorization": {"enabled": false},
        "ciba_authorization": {"enabled": false},
        "client_auth_method": "client_secret_basic",
        "login_uri": "https://app.example.com/login",
        "subdomain": "myapp",
        "invite_member_email_expiration_minutes": 2880,
    })
}

/// The sample of the requests to create and to update a client.
fn client() -> Value {
    json!({
        "name": "My Client",
        "description": "string",
        "redirect_uris": ["https://app.example.com/callback"],
        "client_type": "web",
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "resources": ["string"],
        "device_authorization": {"enabled": false},
        "ciba_authorization": {"enabled": false},
    })
}

/// Every member of `sent` is in `shown` with its value.
#[track_caller]
fn shows(shown: &Value, sent: &Value) {
    for (name, value) in sent.as_object().unwrap() {
        let found = &shown[name];
        match (found, value) {
            // Nested members that were not sent have their defaults.
            (Value::Object(_), Value::Object(_)) => shows(found, value),
            _ => assert_eq!(found, value, "{name} in {shown}"),
        }
    }
}

#[test]
fn applications_and_clients_every_request_in_the_documents_order() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let ask = |method: &str, path: &str, body: &Value| send(&roster, &admin, method, path, body);
    let none = Value::Null;

    // "Create a new application with a default client."
    let answer = ask("POST", APPS, &application());
    let created = answer.expect(201)["result"].clone();
    shows(&created, &application());
    for member in [
        "app_id",
        "tenant_id",
        "client_id",
        "client_secret",
        "login_preferences",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
    ] {
        assert!(!created[member].is_null(), "{member}");
    }
    let id = text(&created["app_id"]);
    let app = format!("{APPS}/{id}");
    assert_eq!(path_of(&roster, answer.header("location")), app);

    // "Retrieves a list of all applications with their default clients."
    let listed = eventually(
        || ask("GET", &format!("{APPS}?limit=100"), &none),
        |list| {
            let apps = list["result"].as_array().unwrap();
            apps.iter().any(|app| app["app_id"] == id.as_str())
        },
    );
    let listed = listed["result"].as_array().unwrap();
    let listed = listed.iter().find(|a| a["app_id"] == id.as_str()).unwrap();
    assert_eq!(listed["client_id"], created["client_id"]);

    // "Retrieves an application by application ID with the default client."
    let read = ask("GET", &app, &none).expect(200)["result"].clone();
    shows(&read, &application());
    assert!(read.get("client_secret").is_none());

    // "Updates an application."
    let updated = ask("PUT", &app, &application()).expect(200)["result"].clone();
    shows(&updated, &application());
    assert_eq!(updated["client_id"], created["client_id"]);

    // "Update the list of resources that a default client of the application is allowed …"
    let resources = json!({"resource_ids": ["string"]});
    let answer = ask("PUT", &format!("{app}/resources"), &resources);
    assert_eq!(answer.expect(200)["result"]["resources"], json!(["string"]));

    // "Create a new client"
    let clients = format!("{app}/clients");
    let made = ask("POST", &clients, &client()).expect(201)["result"].clone();
    shows(&made, &client());
    assert_eq!(made["app_id"], id.as_str());
    assert!(made["client_secret"].is_string());

    // "Retrieves a list of clients for an application."
    let listed = eventually(
        || ask("GET", &clients, &none),
        |list| list["result"].as_array().unwrap().len() == 2,
    );
    assert!(!listed.to_string().contains("client_secret\":"));

    // The answer that stands next is that of one client.
    let one = format!("{clients}/{}", text(&made["client_id"]));
    let read = ask("GET", &one, &none).expect(200)["result"].clone();
    shows(&read, &client());
    assert!(read.get("client_secret").is_none());

    // "Update a client."
    let updated = ask("PUT", &one, &client()).expect(200)["result"].clone();
    shows(&updated, &client());

    // "Update the list of resources that a client is allowed to explicitly request access to"
    let answer = ask("PUT", &format!("{one}/resources"), &resources);
    assert_eq!(answer.expect(200)["result"]["resources"], json!(["string"]));

    for path in [&one, &app] {
        let forced = format!("{path}?force=true");
        assert_eq!(ask("DELETE", &forced, &none).status, 204);
    }
    ask("GET", &app, &none).expect(404);
}

/// "Application APIs are authorized using an access token of a relevant app or …": at `/clients`.
#[test]
fn applications_and_clients_the_requests_of_a_relevant_app() {
    let roster = Deployment::new();
    let admin = roster.token(&roster.management);
    let mut body = application();
    body["client_scopes"] = json!(["apps:read", "apps:edit", "apps:access"]);
    let created = send(&roster, &admin, "POST", APPS, &body).expect(201)["result"].clone();
    let app = format!("{APPS}/{}", text(&created["app_id"]));
    let own = roster.token(&Credentials::of(&created));
    let ask = |method: &str, path: &str, body: &Value| send(&roster, &own, method, path, body);
    let none = Value::Null;

    ask("GET", &app, &none).expect(200);
    ask("PUT", &app, &application()).expect(200);
    let resources = json!({"resource_ids": ["string"]});
    ask("PUT", &format!("{app}/resources"), &resources).expect(200);
    let made = ask("POST", "/v1/clients", &client()).expect(201)["result"].clone();
    shows(&made, &client());
    assert_eq!(made["app_id"], created["app_id"]);
    eventually(
        || ask("GET", "/v1/clients", &none),
        |list| list["result"].as_array().unwrap().len() == 2,
    );
    let one = format!("/v1/clients/{}", text(&made["client_id"]));
    shows(&ask("GET", &one, &none).expect(200)["result"], &client());
    shows(
        &ask("PUT", &one, &client()).expect(200)["result"],
        &client(),
    );
    let answer = ask("PUT", &format!("{one}/resources"), &resources);
    assert_eq!(answer.expect(200)["result"]["resources"], json!(["string"]));
}
