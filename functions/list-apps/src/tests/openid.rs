//! The same operation in the openid-apps dialect: the whole list at once.

use domain::TenantId;

use super::*;

const OPENID: &str = "/platform/v1/apps";

#[tokio::test]
async fn the_list_shows_neither_id_nor_secret_of_any_client() {
    let app = TestApp::new().await;
    let made = registered(&app, &["One"]).await;
    let response = app.request(crate::handle, "GET", OPENID).send().await;
    let shown = body(&response);
    assert_eq!((response.status, &shown["status"]), (200, &json!("OK")));
    assert_eq!(shown["apps"].as_array().unwrap().len(), 2);
    assert_eq!(
        shown["apps"][1],
        json!({
            "app_code_name": "one",
            "app_id": made[0].id(),
            "name": "One",
            "redirect_uri": "https://app.example.com/cb",
            "oauth_redirect_uris": ["https://app.example.com/cb"],
            "scopes": ["apps:read", "apps:edit"],
            "trusted": false,
            "access_token_format": "jwt",
            "active": true,
            "created_at": "2026-01-02T03:04:06Z",
            "updated_at": "2026-01-02T03:04:06Z",
        })
    );
    assert_eq!(response.header("link"), None);
}

#[tokio::test]
async fn a_tenant_with_more_apps_than_fit_is_told_where_to_page() {
    let app = TestApp::new().await;
    for n in 1..1000 {
        app.register(&format!("App {n}"), |_| ()).await;
    }
    let response = app.request(crate::handle, "GET", OPENID).send().await;
    assert_eq!(response.status, 200);
    let shown = body(&response);
    assert_eq!(shown["apps"].as_array().unwrap().len(), 1000);
    assert_eq!(app.recorder.summary().operations, ["Query"]);
    app.register("One too many", |_| ()).await;
    let response = app.request(crate::handle, "GET", OPENID).send().await;
    assert_eq!(
        answer(&response),
        (
            422,
            json!({
                "errors": [{
                    "code": "invalid",
                    "message": "This would read more than 1000 applications; page through GET /v1/applications with its cursor instead.",
                }],
                "success": false,
            })
        )
    );
}

#[tokio::test]
async fn it_takes_no_parameters() {
    let app = TestApp::new().await;
    for query in ["limit=1", "cursor=x", "tenant_id=b"] {
        let path = format!("{OPENID}?{query}");
        let response = app.request(crate::handle, "GET", &path).send().await;
        assert_eq!(response.status, 422, "{query}");
        assert_eq!(body(&response)["errors"][0]["code"], "invalid");
    }
}

#[tokio::test]
async fn another_tenants_apps_are_invisible_here_too() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    app.tenant("b").await;
    let theirs = app.register_in(&b, "Theirs", |_| ()).await;
    let response = app.request(crate::handle, "GET", OPENID).send().await;
    assert!(!response.body.contains("Theirs") && !response.body.contains(&theirs.id()));
}
