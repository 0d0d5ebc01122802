//! What one operation answers, used at the next.
#![expect(clippy::unwrap_used, reason = "a test that can't be set up has failed")]

use testkit::{ISSUER, TestApp, TestRequest, Value, basic, body, json};

fn token_request<'a>(app: &'a TestApp, id: &str, secret: &str) -> TestRequest<'a> {
    app.request(token::handle, "POST", "/oauth2/token")
        .form("grant_type=client_credentials")
        .header("authorization", &basic(id, secret))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let bytes = data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes());
    serde_json::from_slice(&bytes.unwrap()).unwrap()
}

#[tokio::test]
async fn a_new_tenants_first_credentials_open_its_management_routes() {
    let app = TestApp::new().await;
    let made = app.tenant("b").await;
    let response = token_request(&app, made.client_id.as_str(), &made.client_secret);
    let shown = body(&response.send().await);
    let token = text(&shown["access_token"]);
    assert_eq!(claims(token)["iss"], format!("{ISSUER}/t/b"));
    let request = json!({
        "app_name": "Theirs", "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
    });
    let response = app
        .request(create_app::handle, "POST", "/v1/applications")
        .token(token)
        .json(&request)
        .send()
        .await;
    assert_eq!(response.status, 201, "{}", response.body);
    assert_eq!(body(&response)["result"]["tenant_id"], "b");
}

#[tokio::test]
async fn a_second_call_for_a_tenant_ends_the_first_secret_at_the_token_endpoint() {
    let app = TestApp::new().await;
    let first = app.tenant("b").await;
    let second = app.tenant("b").await;
    for (made, status) in [(&first, 401), (&second, 200)] {
        let request = token_request(&app, made.client_id.as_str(), &made.client_secret);
        assert_eq!(request.send().await.status, status);
    }
}

#[tokio::test]
async fn the_issuer_in_a_token_is_the_one_that_its_tenants_metadata_name() {
    let app = TestApp::new().await;
    let b = app.tenant("b").await;
    for (made, path) in [
        (&app.management, "/.well-known/oauth-authorization-server"),
        (&b, "/.well-known/oauth-authorization-server/t/b"),
    ] {
        let metadata = app.request(discovery::handle, "GET", path).send().await;
        let request = token_request(&app, made.client_id.as_str(), &made.client_secret);
        let shown = body(&request.send().await);
        let token = text(&shown["access_token"]);
        assert_eq!(claims(token)["iss"], body(&metadata)["issuer"]);
    }
}

#[tokio::test]
async fn an_apps_own_credentials_read_it_and_nothing_else() {
    let app = TestApp::new().await;
    for (path, request) in [
        (
            "/v1/applications",
            json!({
                "app_name": "Mine", "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
            }),
        ),
        (
            "/platform/v1/apps",
            json!({"name": "Mine", "redirect_uri": "https://a.example/cb", "trusted": "true"}),
        ),
    ] {
        let created = app.request(create_app::handle, "POST", path).json(&request);
        let shown = body(&created.send().await);
        let made = shown.get("result").or(shown.get("data")).unwrap();
        let request = token_request(&app, text(&made["client_id"]), text(&made["client_secret"]));
        let shown = body(&request.send().await);
        let token = text(&shown["access_token"]);
        for (named, status) in [(text(&made["app_id"]), 200), ("management", 404)] {
            let path = format!("/v1/applications/{named}");
            let read = app.request(get_app::handle, "GET", &path).token(token);
            assert_eq!(read.send().await.status, status, "{named}");
        }
        let list = app.request(list_apps::handle, "GET", "/v1/applications");
        assert_eq!(list.token(token).send().await.status, 403);
    }
}

#[tokio::test]
async fn what_is_created_is_read_and_listed_with_the_same_members() {
    let app = TestApp::new().await;
    app.clock.advance(1);
    let request = json!({
        "app_name": "Mine", "client_display_name": "c", "redirect_uris": ["https://a.example/cb"],
        "logo": "https://a.example/logo.png",
    });
    let created = app
        .request(create_app::handle, "POST", "/v1/applications")
        .json(&request);
    let mut made = body(&created.send().await)["result"].take();
    made.as_object_mut().unwrap().remove("client_secret");
    let path = format!("/v1/applications/{}", text(&made["app_id"]));
    let read = app.request(get_app::handle, "GET", &path).send().await;
    assert_eq!(body(&read)["result"], made);
    made.as_object_mut().unwrap().remove("logo");
    let list = app
        .request(list_apps::handle, "GET", "/v1/applications")
        .send()
        .await;
    assert_eq!(body(&list)["result"][1], made);
}
