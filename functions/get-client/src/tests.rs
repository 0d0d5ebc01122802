//! `get-client` through the dispatcher, on the embedded engine.

use testkit::{TestApp, TestRequest, json, refusal, result};

fn get<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "GET", path)
}

#[tokio::test]
async fn a_client_is_shown_whole_and_from_its_id_alone_with_its_app() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let client = json!({
        "client_id": further.id(),
        "app_id": made.id(),
        "tenant_id": "default",
        "name": "Backend",
        "client_type": "web",
        "token_endpoint_auth_method": "client_secret_basic",
        "grant_types": ["authorization_code", "client_credentials"],
        "scopes": ["apps:read", "apps:edit"],
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
        "effective_scopes": ["apps:read", "apps:edit"],
        "created_at": "2026-01-02T03:04:05Z",
        "created_by": app.management.client_id,
        "updated_at": "2026-01-02T03:04:05Z",
        "updated_by": app.management.client_id,
        "version": 1,
    });
    for app_name in [made.id().as_str(), "myapp"] {
        let path = format!("/v1/applications/{app_name}/clients/{}", further.id());
        let response = get(&app, &path).send().await;
        assert_eq!(response.header("etag"), Some("\"1\""));
        assert_eq!(result(&response, 200), client);
    }
    let path = format!("/v1/clients/{}", further.id());
    let mut shown = result(&get(&app, &path).send().await, 200);
    let with_it = shown.as_object_mut().unwrap().remove("app").unwrap();
    assert_eq!(shown, client);
    assert_eq!(with_it["app_id"], made.id());
    assert_eq!(with_it["app_code_name"], "myapp");
    assert_eq!(with_it["client_id"], json!(made.client_id()));
}

#[tokio::test]
async fn it_is_one_read() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (client, bill) in [
        (
            made.client_id(),
            "GetItem: 1 RU, 0 WU, 0 of them the index's",
        ),
        (
            further.id(),
            "BatchGetItem: 2 RU, 0 WU, 0 of them the index's",
        ),
    ] {
        for path in [
            format!("/v1/clients/{client}"),
            format!("/v1/applications/{}/clients/{client}", made.id()),
            format!("/v1/applications/myapp/clients/{client}"),
        ] {
            result(&get(&app, &path).send().await, 200);
            let calls = app.recorder.take();
            assert!(calls.iter().all(|call| call.consistent));
            result(&get(&app, &path).send().await, 200);
            assert_eq!(app.recorder.bill(), bill, "{path}");
        }
    }
}

#[tokio::test]
async fn a_version_that_the_caller_has_is_304() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let path = format!("/v1/clients/{}", made.client_id());
    for (tag, status) in [
        ("\"1\"", 304),
        ("W/\"1\"", 304),
        ("\"7\", \"1\"", 304),
        ("*", 304),
        ("\"2\"", 200),
        ("1", 200),
    ] {
        let response = get(&app, &path).header("if-none-match", tag).send().await;
        assert_eq!(response.status, status, "{tag}");
        assert_eq!(response.header("etag"), Some("\"1\""));
        assert_eq!(response.body.is_empty(), status == 304);
    }
}

#[tokio::test]
async fn neither_a_secret_nor_a_digest_is_read_or_shown() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for client in [made.client_id(), further.id()] {
        let path = format!("/v1/clients/{client}");
        let response = get(&app, &path).send().await;
        assert!(!response.body.contains("secret\":"));
        let calls = app.recorder.take();
        for answer in calls.iter().map(|call| call.response.to_string()) {
            assert!(!answer.contains("digest") && !answer.contains("secrets\""));
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let (one, two) = (
        app.register("One", |_| ()).await,
        app.register("Two", |_| ()).await,
    );
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let further = app.register_client(&one.app, "Backend", |_| ()).await;
    let id = further.id();
    for path in [
        "/v1/clients/nobody".to_owned(),
        "/v1/clients/%00".into(),
        "/v1/clients/a%23b".into(),
        format!("/v1/clients/{id}0"),
        format!("/v1/clients/{}", theirs.client_id()),
        format!("/v1/applications/{}/clients/{id}", two.id()),
        format!("/v1/applications/two/clients/{id}"),
        format!("/v1/applications/{}/clients/nobody", one.id()),
        format!("/v1/applications/NOT-AN-ID/clients/{id}"),
    ] {
        let response = get(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_can_not_be_read_is_500_and_never_404() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (attribute, value) in [
        ("/kind", json!({"S": "app"})),
        ("/kind", json!({"S": "unheard-of"})),
        ("/schema", json!({"N": "2"})),
        ("/client/M/version", json!({"S": "one"})),
        ("/client/M/status", json!({"N": "1"})),
    ] {
        let mut items = app.items().into_iter();
        let mut item = items.find(|i| i["kind"]["S"] == "client").unwrap();
        let good = item.clone();
        *item.pointer_mut(attribute).unwrap() = value;
        app.put_raw(&item);
        let path = format!("/v1/clients/{}", further.id());
        let response = get(&app, &path).send().await;
        assert_eq!(refusal(&response), (500, "internal".into()), "{attribute}");
        assert!(!response.body.contains("APP#"));
        app.put_raw(&good);
        result(&get(&app, &path).send().await, 200);
    }
}
