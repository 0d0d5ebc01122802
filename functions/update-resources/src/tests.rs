//! `update-resources` through the dispatcher, on the embedded engine.

use testkit::{TestApp, TestRequest, Value, faults, json, refusal, result};

fn put<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "PUT", path)
}

fn to(ids: &[&str]) -> Value {
    json!({ "resource_ids": ids })
}

#[tokio::test]
async fn of_an_app_it_sets_the_default_clients_and_answers_the_app() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.clock.advance(60);
    for (path, version) in [
        (format!("/v1/applications/{}/resources", made.id()), 2),
        ("/v1/applications/myapp/resources".into(), 3),
    ] {
        let ids = ["https://api.example.com", "urn:photos"];
        let response = put(&app, &path).json(&to(&ids)).send().await;
        assert_eq!(response.header("etag"), Some(&*format!("\"{version}\"")));
        assert_eq!(
            result(&response, 200),
            json!({
                "app_id": made.id(),
                "tenant_id": "default",
                "app_code_name": "myapp",
                "app_name": "My app",
                "client_id": made.client_id(),
                "client_display_name": "My app",
                "client_type": "web",
                "client_auth_method": "client_secret_basic",
                "client_grant_types": ["authorization_code", "client_credentials"],
                "client_scopes": ["apps:read", "apps:edit"],
                "redirect_uris": ["https://app.example.com/cb"],
                "resources": ["https://api.example.com", "urn:photos"],
                "service_providers": [],
                "authenticator_preferences": {"is_centralized": false},
                "allow_public_signup": false,
                "invite_member_email_expiration_minutes": 2880,
                "trusted": false,
                "device_authorization": {"enabled": false},
                "ciba_authorization": {"enabled": false},
                "access_token_lifetime": 3600,
                "login_preferences": {},
                "active": true,
                "effective": true,
                "effective_scopes": ["apps:read", "apps:edit"],
                "created_at": "2026-01-02T03:04:05Z",
                "created_by": app.management.client_id,
                "updated_at": "2026-01-02T03:05:05Z",
                "updated_by": app.management.client_id,
                "version": version,
            })
        );
    }
    let stored = app.stored(&made.app).await.unwrap();
    assert_eq!(stored.default_client.settings.resources.len(), 2);
}

#[tokio::test]
async fn of_a_client_it_answers_the_client_by_every_path() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (client, name) in [(made.client_id(), "My app"), (further.id(), "Backend")] {
        let mut version = 1;
        for prefix in [
            "/v1",
            "/v1/applications/myapp",
            &format!("/v1/applications/{}", made.id()),
        ] {
            version += 1;
            let path = format!("{prefix}/clients/{client}/resources");
            let id = format!("urn:{version}");
            let shown = result(&put(&app, &path).json(&to(&[&id])).send().await, 200);
            assert_eq!(shown["client_id"], json!(client));
            assert_eq!(shown["name"], name);
            assert_eq!(shown["resources"], json!([id]));
            assert_eq!(shown["version"], version);
        }
    }
}

#[tokio::test]
async fn it_is_one_read_of_the_client_one_of_the_caller_and_one_write() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (n, (path, bill)) in [
        (
            format!("/v1/applications/{}/resources", made.id()),
            "GetItem + BatchGetItem + UpdateItem: 3 RU, 2 WU, 1 of them the index's",
        ),
        (
            format!("/v1/clients/{}/resources", made.client_id()),
            "GetItem + BatchGetItem + UpdateItem: 3 RU, 2 WU, 1 of them the index's",
        ),
        (
            format!("/v1/clients/{}/resources", further.id()),
            "BatchGetItem + BatchGetItem + UpdateItem: 4 RU, 1 WU, 0 of them the index's",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let new = format!("urn:{n}");
        result(
            &put(&app, &path).json(&to(&[new.as_str()])).send().await,
            200,
        );
        assert_eq!(app.recorder.bill(), bill, "{path}");
    }
}

#[tokio::test]
async fn the_list_is_replaced_and_may_be_empty() {
    let app = TestApp::new().await;
    app.register("My app", |_| ()).await;
    let path = "/v1/applications/myapp/resources";
    for ids in [&["urn:a", "urn:b"][..], &["urn:b"], &[]] {
        let shown = result(&put(&app, path).json(&to(ids)).send().await, 200);
        assert_eq!(shown["resources"], json!(ids));
    }
}

#[tokio::test]
async fn bad_lists_are_refused_at_their_place() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let many: Vec<_> = (0..101).map(|n| format!("urn:{n}")).collect();
    for (body, pointer, code) in [
        (json!({}), "/resource_ids", "required"),
        (json!({"resource_ids": null}), "/resource_ids", "wrong_type"),
        (
            json!({"resource_ids": "urn:a"}),
            "/resource_ids",
            "wrong_type",
        ),
        (
            json!({"resource_ids": [1]}),
            "/resource_ids/0",
            "wrong_type",
        ),
        (
            json!({"resource_ids": ["a", ""]}),
            "/resource_ids/1",
            "empty",
        ),
        (
            json!({"resource_ids": ["a b"]}),
            "/resource_ids/0",
            "invalid_characters",
        ),
        (
            json!({"resource_ids": ["é"]}),
            "/resource_ids/0",
            "invalid_characters",
        ),
        (
            json!({"resource_ids": ["a", "a"]}),
            "/resource_ids/1",
            "duplicate",
        ),
        (
            json!({"resource_ids": ["x".repeat(257)]}),
            "/resource_ids/0",
            "too_long",
        ),
        (json!({ "resource_ids": many }), "/resource_ids", "too_many"),
        (
            json!({"resource_ids": [], "resources": []}),
            "/resources",
            "unknown_member",
        ),
    ] {
        for path in [
            "/v1/applications/myapp/resources".to_owned(),
            format!("/v1/clients/{}/resources", made.client_id()),
        ] {
            let found = faults(&put(&app, &path).json(&body).send().await);
            assert_eq!(found, [(pointer.into(), code.into())], "{body}");
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn if_match_holds_here_too() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for path in [
        "/v1/applications/myapp/resources".to_owned(),
        format!("/v1/clients/{}/resources", made.client_id()),
    ] {
        let sent = put(&app, &path)
            .header("if-match", "\"9\"")
            .json(&to(&["urn:a"]));
        let response = sent.send().await;
        assert_eq!(refusal(&response), (412, "precondition-failed".into()));
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let one = app.register("One", |_| ()).await;
    app.register("Two", |_| ()).await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    app.recorder.take();
    for path in [
        "/v1/applications/nosuchapp/resources".to_owned(),
        "/v1/applications/NOT-AN-ID/resources".into(),
        "/v1/applications/01900000-0000-7000-8000-000000000000/resources".into(),
        format!("/v1/applications/{}/resources", theirs.id()),
        "/v1/clients/nobody/resources".into(),
        format!("/v1/clients/{}/resources", theirs.client_id()),
        format!("/v1/applications/two/clients/{}/resources", one.client_id()),
    ] {
        let response = put(&app, &path).json(&to(&["urn:a"])).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
    assert!(!app.recorder.summary().wrote());
}
