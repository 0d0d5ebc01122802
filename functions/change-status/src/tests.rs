//! `change-status` through the dispatcher, on the embedded engine.

use testkit::{
    Failure, Intercept, Registered, TestApp, TestRequest, Value, faults, json, refusal,
    refused_condition, result,
};

mod bills;
mod effective;

fn put<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "PUT", path)
}

fn of_app(made: &Registered) -> String {
    format!("/v1/applications/{}/status", made.id())
}

fn of_client(client: &domain::ClientId) -> String {
    format!("/v1/applications/myapp/clients/{client}/status")
}

fn off() -> Value {
    json!({"active": false})
}

/// The one app that most tests are about, and its clients: the default one and another.
async fn world(app: &TestApp) -> (Registered, [domain::ClientId; 2]) {
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let clients = [made.client_id().clone(), further.id().clone()];
    (made, clients)
}

#[tokio::test]
async fn an_app_is_switched_off_with_who_when_and_why() {
    let app = TestApp::new().await;
    let (made, _) = world(&app).await;
    app.clock.advance(60);
    let wanted = json!({"active": false, "reason": "Leaked its secret"});
    let response = put(&app, &of_app(&made)).json(&wanted).send().await;
    assert_eq!(response.header("etag"), Some("\"2\""));
    let by = &app.management.client_id;
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
            "resources": [],
            "service_providers": [],
            "authenticator_preferences": {"is_centralized": false},
            "allow_public_signup": false,
            "invite_member_email_expiration_minutes": 2880,
            "trusted": false,
            "device_authorization": {"enabled": false},
            "ciba_authorization": {"enabled": false},
            "access_token_lifetime": 3600,
            "login_preferences": {},
            "active": false,
            "status_change":
                {"by": by, "at": "2026-01-02T03:05:05Z", "reason": "Leaked its secret"},
            "effective": false,
            "effective_scopes": ["apps:read", "apps:edit"],
            "created_at": "2026-01-02T03:04:05Z",
            "created_by": by,
            "updated_at": "2026-01-02T03:05:05Z",
            "updated_by": by,
            "version": 2,
        })
    );
    // On again, without a reason: the old one goes.
    app.clock.advance(60);
    let response = put(&app, "/v1/applications/myapp/status").json(&json!({"active": true}));
    let shown = result(&response.send().await, 200);
    assert_eq!(shown["active"], true);
    assert_eq!(
        shown["status_change"],
        json!({"by": by, "at": "2026-01-02T03:06:05Z"})
    );
    assert_eq!(shown["version"], 3);
}

#[tokio::test]
async fn a_client_is_switched_off_alone() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    app.clock.advance(60);
    for client in &clients {
        let wanted = json!({"active": false, "reason": "Unused"});
        for prefix in [
            "/v1".to_owned(),
            "/v1/applications/myapp".into(),
            format!("/v1/applications/{}", made.id()),
        ] {
            let path = format!("{prefix}/clients/{client}/status");
            let response = put(&app, &path).json(&wanted).send().await;
            assert_eq!(response.header("etag"), Some("\"2\""));
            let shown = result(&response, 200);
            assert_eq!(shown["client_id"], json!(client));
            assert_eq!(shown["active"], false);
            assert_eq!(shown["effective"], false);
            assert_eq!(shown["version"], 2);
            assert_eq!(shown["updated_at"], "2026-01-02T03:05:05Z");
            assert_eq!(
                shown["status_change"],
                json!({
                    "by": app.management.client_id,
                    "at": "2026-01-02T03:05:05Z",
                    "reason": "Unused",
                })
            );
        }
    }
    // The default client's switch is covered by the app's ETag, and is not the app's.
    let stored = app.stored(&made.app).await.unwrap();
    assert!(stored.status.active && !stored.default_client.status.active);
    assert_eq!(stored.version.to_string(), "2");
}

#[tokio::test]
async fn the_second_time_is_200_and_changes_nothing() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for path in [
        of_app(&made),
        of_client(&clients[0]),
        of_client(&clients[1]),
    ] {
        let wanted = json!({"active": false, "reason": "First"});
        let first = put(&app, &path).json(&wanted).send().await;
        let items = app.items();
        app.clock.advance(60);
        for again in [off(), json!({"active": false, "reason": "Second"})] {
            let response = put(&app, &path).json(&again).send().await;
            assert_eq!(response, first, "{path}");
        }
        // Also under the version that it is in.
        let tag = first.header("etag").unwrap();
        let response = put(&app, &path)
            .header("if-match", tag)
            .json(&off())
            .send()
            .await;
        assert_eq!(response, first, "{path}");
        assert_eq!(app.items(), items);
    }
}

#[tokio::test]
async fn a_stale_if_match_is_decided_by_the_write_itself() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for path in [
        of_app(&made),
        of_client(&clients[0]),
        of_client(&clients[1]),
    ] {
        let stale = async |tag: &str| {
            app.recorder.take();
            let sent = put(&app, &path).header("if-match", tag).json(&off());
            let response = sent.send().await;
            assert_eq!(refusal(&response), (412, "precondition-failed".into()));
            app.recorder.take()
        };
        let calls = stale("\"7\"").await;
        let last = calls.last().unwrap();
        assert_eq!((last.operation.as_str(), last.status), ("UpdateItem", 400));
        // What can be no version of ours matches nothing.
        stale("\"nonsense\"").await;
        for tag in ["nonsense", "W/\"1\"", "1"] {
            let sent = put(&app, &path).header("if-match", tag).json(&off());
            let found = faults(&sent.send().await);
            assert_eq!(found, [("If-Match".into(), "conflict".into())], "{tag}");
        }
        assert!(app.recorder.take().is_empty());
        let sent = put(&app, &path).header("if-match", "*").json(&off());
        let response = sent.send().await;
        result(&response, 200);
        // It is off already, but in another version than the one named.
        stale("\"7\"").await;
        let tag = response.header("etag").unwrap();
        let sent = put(&app, &path)
            .header("if-match", tag)
            .json(&json!({"active": true}));
        result(&sent.send().await, 200);
        stale(tag).await;
    }
}

#[tokio::test]
async fn if_match_may_name_several_versions_but_not_any_number() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for path in [
        of_app(&made),
        of_client(&clients[0]),
        of_client(&clients[1]),
    ] {
        let send = |tags: &str| put(&app, &path).header("if-match", tags).json(&off());
        let stale = send("\"8\", \"9\"").send().await;
        assert_eq!(refusal(&stale), (412, "precondition-failed".into()));
        let many = vec!["\"9\""; 21].join(",");
        let found = faults(&send(&many).send().await);
        assert_eq!(found, [("If-Match".into(), "conflict".into())]);
        result(&send("\"1\", \"2\", \"9\"").send().await, 200);
    }
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_race() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for path in [
        of_app(&made),
        of_client(&clients[0]),
        of_client(&clients[1]),
    ] {
        let mut tag = String::new();
        for active in [false, true, false] {
            let lost = Intercept::ExecuteThenFail(Failure::Io);
            app.recorder.script("UpdateItem", [lost]);
            let wanted = json!({"active": active, "reason": "Leaked"});
            let sent = put(&app, &path).header("if-match", &tag).json(&wanted);
            let response = sent.send().await;
            let shown = result(&response, 200);
            assert_eq!(shown["active"], active);
            assert_eq!(shown["status_change"]["reason"], "Leaked");
            response.header("etag").unwrap().clone_into(&mut tag);
        }
    }
}

#[tokio::test]
async fn a_write_that_met_another_is_made_anew_and_under_if_match_refused() {
    let app = TestApp::new().await;
    let (made, _) = world(&app).await;
    // The item as it comes back fits the condition by now.
    let item = app
        .items()
        .into_iter()
        .find(|item| item["sk"]["S"] == "APP" && item["app"]["M"]["code_name"]["S"] == "myapp");
    let met = refused_condition(item);
    app.recorder.script("UpdateItem", [met.clone()]);
    let sent = put(&app, &of_app(&made)).header("if-match", "\"1\"");
    assert_eq!(sent.json(&off()).send().await.status, 412);
    app.recorder.take();
    app.recorder.script("UpdateItem", [met.clone()]);
    result(&put(&app, &of_app(&made)).json(&off()).send().await, 200);
    assert_eq!(
        app.recorder.summary().operations,
        ["UpdateItem", "UpdateItem"]
    );
    result(
        &put(&app, &of_app(&made))
            .json(&json!({"active": true}))
            .send()
            .await,
        200,
    );
    app.recorder
        .script("UpdateItem", std::iter::repeat_n(met, 3));
    let response = put(&app, &of_app(&made)).json(&off()).send().await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
}

#[tokio::test]
async fn the_management_application_and_its_client_stay_on() {
    let app = TestApp::new().await;
    let client = &app.management.client_id;
    for path in [
        "/v1/applications/management/status".to_owned(),
        format!("/v1/applications/management/clients/{client}/status"),
    ] {
        let response = put(&app, &path).json(&off()).send().await;
        assert_eq!(refusal(&response), (409, "management-application".into()));
        let shown = result(
            &put(&app, &path).json(&json!({"active": true})).send().await,
            200,
        );
        assert_eq!(shown["version"], 1);
    }
}

#[tokio::test]
async fn bad_bodies_are_refused_at_their_place() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for (body, pointer, code) in [
        (json!({}), "/active", "required"),
        (json!({"active": null}), "/active", "wrong_type"),
        (json!({"active": "false"}), "/active", "wrong_type"),
        (json!({"active": 0}), "/active", "wrong_type"),
        (
            json!({"active": false, "reason": 1}),
            "/reason",
            "wrong_type",
        ),
        (
            json!({"active": false, "reason": null}),
            "/reason",
            "wrong_type",
        ),
        (
            json!({"active": false, "reason": "x".repeat(1001)}),
            "/reason",
            "too_long",
        ),
        (
            json!({"active": false, "reason": "\u{0}"}),
            "/reason",
            "invalid_characters",
        ),
        (
            json!({"active": false, "changed_by": "x"}),
            "/changed_by",
            "unknown_member",
        ),
    ] {
        for path in [of_app(&made), of_client(&clients[1])] {
            let found = faults(&put(&app, &path).json(&body).send().await);
            assert_eq!(found, [(pointer.into(), code.into())], "{body}");
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    app.register("Two", |_| ()).await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let items = app.items();
    for path in [
        "/v1/applications/nosuchapp/status".to_owned(),
        "/v1/applications/NOT-AN-ID/status".into(),
        "/v1/applications/01900000-0000-7000-8000-000000000000/status".into(),
        of_app(&theirs),
        "/v1/applications/theirs/status".into(),
        "/v1/applications/myapp/clients/nobody/status".into(),
        format!("/v1/applications/two/clients/{}/status", clients[1]),
        format!(
            "/v1/applications/{}/clients/{}/status",
            theirs.id(),
            theirs.client_id()
        ),
    ] {
        for tag in ["", "\"1\""] {
            let response = put(&app, &path)
                .header("if-match", tag)
                .json(&off())
                .send()
                .await;
            assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
        }
    }
    assert_eq!(app.items(), items);
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&made.app, now).await.unwrap();
    for path in [
        of_app(&made),
        of_client(&clients[0]),
        of_client(&clients[1]),
    ] {
        let response = put(&app, &path).json(&off()).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
}
