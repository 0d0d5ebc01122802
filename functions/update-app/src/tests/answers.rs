//! Statuses, whole bodies, versions and what a call costs.

use super::*;

#[tokio::test]
async fn a_put_answers_the_whole_app_as_it_is_now() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.clock.advance(60);
    let change = json!({"app_name": "New name", "resources": ["https://api.example.com"]});
    let response = put(&app, &made).json(&change).send().await;
    assert_eq!(response.header("etag"), Some("\"2\""));
    assert_eq!(response.header("content-type"), Some("application/json"));
    assert_eq!(response.header("cache-control"), None);
    assert_eq!(
        result(&response, 200),
        json!({
            "app_id": made.id(),
            "tenant_id": "default",
            "app_code_name": "myapp",
            "app_name": "New name",
            "client_id": made.client_id(),
            "client_display_name": "My app",
            "client_type": "web",
            "client_auth_method": "client_secret_basic",
            "client_grant_types": ["authorization_code", "client_credentials"],
            "client_scopes": ["apps:read", "apps:edit"],
            "redirect_uris": ["https://app.example.com/cb"],
            "resources": ["https://api.example.com"],
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
            "version": 2,
        })
    );
    let stored = app.stored(&made.app).await.unwrap();
    assert_eq!(stored.profile.app_name.as_str(), "New name");
    assert_eq!(stored.version.to_string(), "2");
}

#[tokio::test]
async fn an_app_is_changed_by_its_code_name_too() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (method, name) in [("PUT", "One"), ("PATCH", "Two")] {
        let change = json!({ "app_name": name });
        let response = request(&app, method, "myapp").json(&change).send().await;
        let shown = result(&response, 200);
        assert_eq!(shown["app_id"], made.id());
        assert_eq!(shown["app_name"], name);
    }
}

#[tokio::test]
async fn a_change_is_one_read_and_one_write() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let change = json!({"app_description": "New"});
    let response = put(&app, &made).json(&change).send().await;
    assert_eq!(response.status, 200);
    assert_eq!(
        app.recorder.bill(),
        "GetItem + UpdateItem: 1 RU, 2 WU, 1 of them the index's"
    );
    let response = request(&app, "PATCH", "myapp").merge(&change).send().await;
    assert_eq!(response.status, 200);
    let cost = app.recorder.summary();
    assert_eq!(cost.operations, ["GetItem", "GetItem", "UpdateItem"]);
}

#[tokio::test]
async fn the_apps_etag_covers_its_default_client_and_the_clients_moves_with_its_own_members() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let versions = async || {
        let stored = app.stored(&made.app).await.unwrap();
        (
            stored.version.to_string(),
            stored.default_client.version.to_string(),
        )
    };
    let change = json!({"app_description": "Only the app's"});
    result(&put(&app, &made).json(&change).send().await, 200);
    assert_eq!(versions().await, ("2".into(), "1".into()));
    let change = json!({"client_description": "The client's"});
    result(&put(&app, &made).json(&change).send().await, 200);
    assert_eq!(versions().await, ("3".into(), "2".into()));
}

#[tokio::test]
async fn if_match_lets_the_named_versions_through_and_no_other() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let refusals = [
        (412, "precondition-failed".to_owned()),
        (400, "invalid-request".to_owned()),
    ];
    let [stale, no_tag] = refusals.map(Some);
    let mut version = 1;
    for (tag, refused) in [
        ("\"1\"", None),
        ("\"1\"", stale.clone()),
        ("\"1\", \"2\"", None),
        ("*", None),
        ("W/\"4\"", no_tag.clone()),
        ("4", no_tag),
        ("\"x\"", stale),
        ("", None),
    ] {
        let request = put(&app, &made).header("if-match", tag);
        let change = json!({"app_description": format!("after {tag}")});
        let response = request.json(&change).send().await;
        if let Some(refused) = refused {
            assert_eq!(refusal(&response), refused, "{tag}");
            assert!(
                !app.recorder
                    .summary()
                    .operations
                    .contains(&"UpdateItem".into())
            );
        } else {
            version += 1;
            assert_eq!(result(&response, 200)["version"], version, "{tag}");
            assert_eq!(response.header("etag"), Some(&*format!("\"{version}\"")));
        }
        app.recorder.take();
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let other = app.tenant("other").await;
    let foreign = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let gone = app.register("Gone", |_| ()).await;
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&gone.app, now).await.unwrap();
    app.recorder.take();
    for id in [
        "01900000-0000-7000-8000-000000000000",
        "nosuchapp",
        "NOT-AN-ID",
        "%20",
        &foreign.id(),
        "theirs",
        &gone.id(),
        "gone",
    ] {
        for method in ["PUT", "PATCH"] {
            let change = json!({"app_name": "x"});
            let response = request(&app, method, id).json(&change).send().await;
            assert_eq!(refusal(&response), (404, "not-found".into()), "{id}");
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn the_management_application_may_be_renamed() {
    let app = TestApp::new().await;
    let change = json!({"app_name": "Head office"});
    let response = request(&app, "PUT", "management")
        .json(&change)
        .send()
        .await;
    assert_eq!(result(&response, 200)["app_name"], "Head office");
}
