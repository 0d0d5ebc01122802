//! `create-client` through the dispatcher, on the embedded engine.

use domain::{Scope, Secret, scopes};
use testkit::{Registered, TestApp, TestRequest, Value, faults, json, refusal, result};

mod limits;
mod whose;

fn post<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "POST", path)
}

fn clients_of(made: &Registered) -> String {
    format!("/v1/applications/{}/clients", made.id())
}

/// A request with the required members alone.
fn minimal() -> Value {
    json!({"name": "Backend", "redirect_uris": ["https://app.example.com/cb"]})
}

/// The same with one more member, or another value of one.
fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = minimal();
    body[name] = value.into();
    body
}

#[tokio::test]
async fn the_required_members_are_enough_and_the_answer_shows_all() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.clock.advance(60);
    let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
    let mut shown = result(&response, 201);
    let id = shown["client_id"].as_str().unwrap().to_owned();
    let secret = shown["client_secret"].take();
    let secret = Secret::parse(secret.as_str().unwrap()).unwrap();
    assert_eq!(
        shown,
        json!({
            "client_id": id,
            "client_secret": null,
            "app_id": made.id(),
            "tenant_id": "default",
            "name": "Backend",
            "client_type": "web",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "client_credentials"],
            "scopes": [],
            "redirect_uris": ["https://app.example.com/cb"],
            "post_logout_redirect_uris": [],
            "response_types": ["code", "id_token"],
            "resources": [],
            "device_authorization": {"enabled": false},
            "ciba_authorization": {"enabled": false},
            "access_token_lifetime": 3600,
            "active": true,
            "default": false,
            "effective": true,
            "effective_scopes": [],
            "created_at": "2026-01-02T03:05:05Z",
            "created_by": app.management.client_id,
            "updated_at": "2026-01-02T03:05:05Z",
            "updated_by": app.management.client_id,
            "version": 1,
        })
    );
    let location = format!("/v1/applications/{}/clients/{id}", made.id());
    assert_eq!(response.header("location"), Some(&*location));
    assert_eq!(response.header("etag"), Some("\"1\""));
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let id = domain::ClientId::parse(&id).unwrap();
    let stored = app.registry.table.credentials(&id).await.unwrap().unwrap();
    assert_eq!(stored.principal.app.app_id, made.app.app_id);
    assert_eq!(stored.secrets[0].id, secret.id());
}

#[tokio::test]
async fn every_member_is_kept_as_sent() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let all = json!({
        "name": "Backend", "description": "Works",
        "client_type": "native", "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]},
        "redirect_uris": ["com.example.app:/cb", "http://127.0.0.1/cb"],
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "logout_uri": "https://app.example.com/out",
        "response_types": ["code"],
        "grant_types": ["client_credentials", "refresh_token"],
        "scopes": ["photos", "apps:access"],
        "resources": ["https://api.example.com", "not a URI but visible".replace(' ', "-")],
        "device_authorization": {
            "enabled": true, "approval_uri": "https://app.example.com/a",
            "success_uri": "https://app.example.com/s", "input_uri": "https://app.example.com/i",
        },
        "ciba_authorization": {"enabled": true, "login_uri": "https://app.example.com/c"},
    });
    let response = post(&app, &clients_of(&made)).json(&all).send().await;
    let shown = result(&response, 201);
    for (member, sent) in all.as_object().unwrap() {
        assert_eq!(&shown[member], sent, "{member}");
    }
    // It has keys of its own, and so no secret.
    assert_eq!(shown.get("client_secret"), None);
}

#[tokio::test]
async fn a_public_client_has_no_secret() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let mut body = with("token_endpoint_auth_method", "none");
    body["client_type"] = "native".into();
    let response = post(&app, &clients_of(&made)).json(&body).send().await;
    assert_eq!(result(&response, 201).get("client_secret"), None);
}

#[tokio::test]
async fn it_costs_one_read_and_one_transaction() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let bill = "GetItem + BatchGetItem + TransactWriteItems: 3 RU, 4 WU, 0 of them the index's";
    let response = post(&app, &clients_of(&made)).json(&minimal()).send().await;
    result(&response, 201);
    assert_eq!(app.recorder.bill(), bill);
    // An idempotency record rides in the same transaction, and a replay reads only.
    let bills = [
        "GetItem + BatchGetItem + TransactWriteItems: 3 RU, 8 WU, 0 of them the index's",
        "GetItem + BatchGetItem + TransactWriteItems + BatchGetItem: 5 RU, 0 WU, 0 of them the index's",
    ];
    for bill in bills {
        let sent = post(&app, &clients_of(&made)).header("idempotency-key", "k");
        result(&sent.json(&minimal()).send().await, 201);
        assert_eq!(app.recorder.bill(), bill);
    }
}

#[tokio::test]
async fn by_code_name_and_without_a_name_it_is_the_same() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let path = "/v1/applications/myapp/clients";
    let shown = result(&post(&app, path).json(&minimal()).send().await, 201);
    assert_eq!(shown["app_id"], made.id());
    // The caller's own app.
    let own = app
        .token(made.client_id(), &[scopes::EDIT, scopes::READ, "photos"])
        .await;
    let sent = post(&app, "/v1/clients").token(&own).json(&minimal());
    let shown = result(&sent.send().await, 201);
    assert_eq!(shown["app_id"], made.id());
    assert_eq!(shown["created_by"], json!(made.client_id()));
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_reported_at_its_place() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (body, expected) in [
        (
            json!({}),
            vec![("/name", "required"), ("/redirect_uris", "required")],
        ),
        (with("name", 1), vec![("/name", "wrong_type")]),
        (with("name", "x".repeat(101)), vec![("/name", "too_long")]),
        (
            with("redirect_uris", "x"),
            vec![("/redirect_uris", "wrong_type")],
        ),
        (
            with("redirect_uris", json!([])),
            vec![("/redirect_uris", "conflict")],
        ),
        (
            with(
                "redirect_uris",
                json!(["http://a.example/cb", "http://b.example/cb"]),
            ),
            vec![
                ("/redirect_uris/0", "invalid_uri"),
                ("/redirect_uris/1", "invalid_uri"),
            ],
        ),
        (
            with("response_types", json!(["token"])),
            vec![("/response_types/0", "invalid_choice")],
        ),
        (
            with("grant_types", json!(["implicit"])),
            vec![("/grant_types/0", "conflict")],
        ),
        (
            with("grant_types", json!(["x"])),
            vec![("/grant_types/0", "invalid_choice")],
        ),
        (
            with("scopes", json!(["a", "a"])),
            vec![("/scopes/1", "duplicate")],
        ),
        (
            with("scopes", json!(["apps:list"])),
            vec![("/scopes/0", "conflict")],
        ),
        (
            with("resources", json!(["a b"])),
            vec![("/resources/0", "invalid_characters")],
        ),
        (with("jwks", json!({})), vec![("/jwks", "wrong_type")]),
        (
            with("jwks_uri", "https://a.example"),
            vec![("/jwks_uri", "unknown_member")],
        ),
        (with("client_id", "mine"), vec![("/client_id", "read_only")]),
        (
            with("tenant_id", "other"),
            vec![("/tenant_id", "read_only")],
        ),
        (
            with("client_type", "spa"),
            vec![("/client_type", "invalid_choice")],
        ),
        (
            with("token_endpoint_auth_method", "private_key_jwt"),
            vec![("/jwks", "required")],
        ),
        (
            with("token_endpoint_auth_method", "none"),
            vec![("/token_endpoint_auth_method", "conflict")],
        ),
        (
            with("description", Value::Null),
            vec![("/description", "wrong_type")],
        ),
    ] {
        let found = faults(&post(&app, &clients_of(&made)).json(&body).send().await);
        let found: Vec<_> = found
            .iter()
            .map(|(p, c)| (p.as_str(), c.as_str()))
            .collect();
        assert_eq!(found, expected, "{body}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn an_app_that_is_not_there_is_404() {
    let app = TestApp::new().await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let gone = app.register("Gone", |_| ()).await;
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&gone.app, now).await.unwrap();
    app.recorder.take();
    for id in [
        "01900000-0000-7000-8000-000000000000",
        "nosuchapp",
        "NOT-AN-ID",
        "theirs",
        "gone",
        &theirs.id(),
        &gone.id(),
    ] {
        let path = format!("/v1/applications/{id}/clients");
        let response = post(&app, &path).json(&minimal()).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{id}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn rights_within_the_apps_and_the_callers_need_no_more_than_editing() {
    let app = TestApp::new().await;
    let made = app.register("My app", |create| {
        create.client.resources = vec![domain::ResourceId::parse("https://api.example").unwrap()];
        create.client.scopes.push(Scope::parse("photos").unwrap());
    });
    let made = made.await;
    let own = app
        .token(made.client_id(), &[scopes::EDIT, scopes::READ, "photos"])
        .await;
    let mut within = with("scopes", json!(["photos", "apps:read"]));
    within["grant_types"] = json!(["client_credentials"]);
    let beyond = [
        (
            with("scopes", json!(["photos", "apps:access"])),
            scopes::TRUST,
        ),
        (with("grant_types", json!(["refresh_token"])), scopes::TRUST),
        (
            with("resources", json!(["https://other.example"])),
            scopes::ACCESS,
        ),
    ];
    let sent = post(&app, &clients_of(&made)).token(&own).json(&within);
    result(&sent.send().await, 201);
    let only = app.token(&app.management.client_id, &[scopes::EDIT]).await;
    for (token, ordinary) in [(&own, true), (&only, false)] {
        for (body, scope) in &beyond {
            app.recorder.take();
            let sent = post(&app, &clients_of(&made)).token(token).json(body);
            let response = sent.send().await;
            assert_eq!(response.status, 403, "{body}");
            // No token of an ordinary app can ever carry trust.
            if ordinary && *scope == scopes::TRUST {
                assert_eq!(refusal(&response).1, "forbidden", "{body}");
            } else {
                let challenge = response.header("www-authenticate").unwrap();
                assert!(challenge.contains(&format!("scope=\"{scope}")));
            }
            assert!(!app.recorder.summary().wrote());
        }
    }
    for (body, _) in &beyond {
        result(&post(&app, &clients_of(&made)).json(body).send().await, 201);
    }
}
