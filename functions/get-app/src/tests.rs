//! `get-app` through the dispatcher, on the embedded engine.

use domain::{TenantId, WebUri};
use testkit::{Registered, Summary, TestApp, TestRequest, Value, answer, body, json};

fn get<'a>(app: &'a TestApp, named: &str) -> TestRequest<'a> {
    app.request(super::handle, "GET", &format!("/v1/applications/{named}"))
}

/// The one answer for whatever is not there, or not for this caller.
fn not_found() -> (u16, Value) {
    let detail = "There is no such application.";
    (
        404,
        json!({
            "type": "urn:roster:problem:not-found",
            "title": "Not found",
            "status": 404,
            "detail": detail,
            "message": [detail],
            "error_code": 404,
            "request_id": "request-1",
        }),
    )
}

/// An app with a picture, so that every member that a read may show is there.
async fn registered(app: &TestApp) -> Registered {
    app.register("My app", |app| {
        app.profile.logo = Some(WebUri::parse("https://cdn.example.com/logo.png").unwrap());
    })
    .await
}

#[tokio::test]
async fn an_app_is_read_by_its_id() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    let response = get(&app, &mine.id()).send().await;
    assert_eq!(
        answer(&response),
        (
            200,
            json!({"result": {
                "app_id": mine.id(),
                "tenant_id": "default",
                "app_code_name": "myapp",
                "app_name": "My app",
                "active": true,
                "client_id": mine.client_id().as_str(),
                "client_type": "web",
                "client_display_name": "My app",
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
                "logo": "https://cdn.example.com/logo.png",
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
    assert_eq!(response.header("etag").unwrap(), "\"1\"");
    assert_eq!(response.header("content-type").unwrap(), "application/json");
}

#[tokio::test]
async fn an_app_is_read_by_its_code_name_with_the_same_answer() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    let by_id = get(&app, &mine.id()).send().await;
    let by_name = get(&app, "myapp").send().await;
    assert_eq!(by_id, by_name);
}

#[tokio::test]
async fn a_read_by_id_costs_one_consistent_read_and_by_code_name_two() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    for (named, reads) in [(mine.id(), 1), ("myapp".to_owned(), 2)] {
        get(&app, &named).send().await;
        let calls = app.recorder.take();
        assert_eq!(calls.len(), reads, "{named}");
        for call in calls {
            assert_eq!(call.operation, "GetItem");
            assert!(call.consistent, "{named}");
            assert!(call.capacity.read <= 1.0, "{named}: {:?}", call.capacity);
        }
    }
}

#[tokio::test]
async fn a_version_that_the_caller_has_is_not_sent_again() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    for (known, status) in [("\"1\"", 304), ("*", 304), ("\"2\"", 200), ("", 200)] {
        let request = get(&app, &mine.id()).header("if-none-match", known);
        let response = request.send().await;
        assert_eq!(response.status, status, "{known}");
        assert_eq!(response.body.is_empty(), status == 304, "{known}");
        assert_eq!(response.header("etag").unwrap(), "\"1\"", "{known}");
    }
    let hidden = app
        .register_in(&TenantId::parse("b").unwrap(), "Theirs", |_| ())
        .await;
    let request = get(&app, &hidden.id()).header("if-none-match", "*");
    assert_eq!(request.send().await.status, 404);
}

#[tokio::test]
async fn a_read_asks_for_no_digest() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    get(&app, &mine.id()).send().await;
    for call in app.recorder.take() {
        assert!(!call.request.to_string().contains("secrets"));
        assert!(!call.response.to_string().contains("digest"));
    }
}

#[tokio::test]
async fn another_tenants_app_is_answered_like_one_that_never_was() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    let admin_of_b = app.tenant("b").await.client_id;
    let token_of_b = app.token_in(&b, &admin_of_b, &["apps:read"]).await;
    let (ours, theirs) = (
        app.register("Ours", |_| ()).await,
        app.register_in(&b, "Theirs", |_| ()).await,
    );
    let never = "019b7ca9-8c88-7150-a17a-000000000000";
    for (token, names) in [
        (
            &app.admin,
            [theirs.id(), "theirs".into(), never.into(), "never".into()],
        ),
        (
            &token_of_b,
            [ours.id(), "ours".into(), never.into(), "never".into()],
        ),
    ] {
        for named in names {
            let response = get(&app, &named).token(token).send().await;
            assert_eq!(answer(&response), not_found(), "{named}");
            assert_eq!(response.header("etag"), None);
        }
    }
    for (token, named) in [(&app.admin, "ours"), (&token_of_b, "theirs")] {
        let response = get(&app, named).token(token).send().await;
        assert_eq!(response.status, 200, "{named}");
    }
}

#[tokio::test]
async fn one_code_name_leads_each_tenant_to_its_own_app() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    let admin_of_b = app.tenant("b").await.client_id;
    let token_of_b = app.token_in(&b, &admin_of_b, &["apps:read"]).await;
    let ours = app.register("Same", |_| ()).await;
    let theirs = app.register_in(&b, "Same", |_| ()).await;
    for (token, id) in [(&app.admin, ours.id()), (&token_of_b, theirs.id())] {
        let response = get(&app, "same").token(token).send().await;
        assert_eq!(body(&response)["result"]["app_id"], id);
    }
}

#[tokio::test]
async fn a_caller_of_another_app_sees_its_own_only() {
    let app = TestApp::new().await;
    let (mine, other) = (
        app.register("Mine", |_| ()).await,
        app.register("Other", |_| ()).await,
    );
    let token = app.token(mine.client_id(), &["apps:read"]).await;
    for named in [mine.id(), "mine".to_owned()] {
        let response = get(&app, &named).token(&token).send().await;
        assert_eq!(response.status, 200, "{named}");
    }
    let management = app.management.client_id.app_id().unwrap().to_string();
    for named in [other.id(), "other".into(), management, "management".into()] {
        let response = get(&app, &named).token(&token).send().await;
        assert_eq!(answer(&response), not_found(), "{named}");
    }
}

#[tokio::test]
async fn the_management_application_is_an_app_like_any_other() {
    let app = TestApp::new().await;
    let response = get(&app, "management").send().await;
    let shown = body(&response)["result"].clone();
    assert_eq!(shown["client_id"], app.management.client_id.as_str());
    assert_eq!(shown["created_by"], "operator");
    assert_eq!(shown.get("client_secret"), None);
}

#[tokio::test]
async fn what_can_name_no_app_is_not_found_without_a_read() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    let id = mine.id();
    app.recorder.take();
    for named in [
        id.to_uppercase(),
        format!("{{{id}}}"),
        format!("urn:uuid:{id}"),
        format!("{id} "),
        format!("{id}\0"),
        id[..35].to_owned(),
        mine.client_id().to_string(),
        "my-app".into(),
        "my_app_x".into(),
        "_".into(),
        "..".into(),
        ".".into(),
        "../management".into(),
        "management/../myapp".into(),
        "myapp#".into(),
        "CODE#default#myapp".into(),
        "default#myapp".into(),
        "*".into(),
        "%".into(),
        "%2e%2e".into(),
        "' OR 1=1".into(),
        "\u{212A}".into(),
        "日本".into(),
        "a".repeat(101),
        "a".repeat(9000),
        String::new(),
    ] {
        let response = get(&app, "x").parameter("app", &named).send().await;
        assert_eq!(answer(&response), not_found(), "{named:?}");
        let nothing = Summary {
            operations: Vec::new(),
            read: 0.0,
            write: 0.0,
            indexes: 0.0,
        };
        assert_eq!(app.recorder.summary(), nothing, "{named:?}");
    }
}

#[tokio::test]
async fn the_openid_dialect_shows_neither_id_nor_secret_of_the_client() {
    let app = TestApp::new().await;
    let mine = registered(&app).await;
    for named in ["myapp".to_owned(), mine.id()] {
        let path = format!("/platform/v1/apps/{named}");
        let response = app.request(super::handle, "GET", &path).send().await;
        assert_eq!(
            answer(&response),
            (
                200,
                json!({
                    "data": {
                        "application": {
                            "app_code_name": "myapp",
                            "app_id": mine.id(),
                            "name": "My app",
                            "redirect_uri": "https://app.example.com/cb",
                            "oauth_redirect_uris": ["https://app.example.com/cb"],
                            "scopes": ["apps:read", "apps:edit"],
                            "trusted": false,
                            "access_token_format": "jwt",
                            "active": true,
                            "created_at": "2026-01-02T03:04:05Z",
                            "updated_at": "2026-01-02T03:04:05Z",
                        },
                        "success": true,
                    },
                    "success": true,
                })
            )
        );
        assert!(!response.body.contains(mine.client_id().as_str()));
        assert_eq!(response.header("etag").unwrap(), "\"1\"");
    }
}

#[tokio::test]
async fn the_openid_dialect_has_its_own_words_for_not_found() {
    let app = TestApp::new().await;
    for named in ["never", "..", "019b7ca9-8c88-7150-a17a-000000000000"] {
        let path = "/platform/v1/apps/x";
        let request = app
            .request(super::handle, "GET", path)
            .parameter("app", named);
        assert_eq!(
            answer(&request.send().await),
            (
                404,
                json!({
                    "errors": [{"code": "not-found", "message": "There is no such application."}],
                    "success": false,
                })
            )
        );
    }
}
