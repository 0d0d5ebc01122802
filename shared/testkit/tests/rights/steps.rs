//! The same state in two steps is judged like one; a remembered caller makes no credential; nobody cripples
//! the management application.

use api::{Handler, Response};
use domain::scopes;
use testkit::{TestApp, json, refusal, result};

use crate::world::{Target, Who, World};

fn update_client(
    app: &TestApp,
    path: &str,
    token: &str,
    body: &testkit::Value,
) -> impl Future<Output = Response> {
    let request = app.request_to(Handler::new(update_client::handle), "PATCH", path);
    request.token(token).merge(body).send()
}

// Lesson 48.
#[tokio::test]
async fn a_stronger_siblings_credential_comes_in_no_two_steps() {
    let world = World::new().await;
    let path = world.filled("/v1/clients/{client_id}", Target::Sibling);
    let token = world.token(Who::Own, &scopes::ORDINARY).await;
    let keys = json!({"keys": [{"kty": "EC", "crv": "P-256",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]});
    let before = world.app.items();
    for step in [
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys}),
        json!({"jwks": keys}),
        json!({"token_endpoint_auth_method": "client_secret_post"}),
        json!({"token_endpoint_auth_method": "none", "client_type": "native", "grant_types": []}),
    ] {
        let response = update_client(&world.app, &path, &token, &step).await;
        assert_eq!(response.status, 403, "{step}: {}", response.body);
    }
    assert_eq!(world.app.items(), before);
}

// Lesson 47.
#[tokio::test]
async fn a_part_of_the_management_scopes_makes_no_client_with_all() {
    let world = World::new().await;
    let all = json!({
        "app_id": "management", "name": "All", "redirect_uris": [], "grant_types": ["client_credentials"], "scopes": scopes::MANAGEMENT,
    });
    let create = async |held: &[&str], body: &testkit::Value| {
        let token = world.token(Who::Management, held).await;
        let request =
            world
                .app
                .request_to(Handler::new(create_client::handle), "POST", "/v1/clients");
        request.token(&token).json(body).send().await
    };
    let edit = create(&[scopes::EDIT], &all).await;
    assert_eq!(refusal(&edit), (403, "insufficient-scope".into()));
    let trusted = create(&[scopes::EDIT, scopes::TRUST], &all).await;
    let challenge = trusted.header("www-authenticate").unwrap();
    assert!(
        challenge.contains(
            "scope=\"apps:list apps:read apps:create apps:delete apps:access clients:secrets\""
        ),
        "{challenge}"
    );
    // In two steps: a client that it may make, whose scopes then grow.
    let mut few = all.clone();
    few["scopes"] = json!([scopes::EDIT, scopes::TRUST]);
    let made = result(&create(&[scopes::EDIT, scopes::TRUST], &few).await, 201);
    let path = format!("/v1/clients/{}", made["client_id"].as_str().unwrap());
    let token = world
        .token(Who::Management, &[scopes::EDIT, scopes::TRUST])
        .await;
    let grown = update_client(
        &world.app,
        &path,
        &token,
        &json!({"scopes": scopes::MANAGEMENT}),
    )
    .await;
    assert_eq!(refusal(&grown), (403, "insufficient-scope".into()));
}

// Lesson 49.
#[tokio::test]
async fn a_remembered_caller_that_was_switched_off_makes_no_credential() {
    for (operation, method, path, body) in [
        (
            "create-client",
            "POST",
            "/v1/clients",
            json!({"name": "x", "redirect_uris": [], "grant_types": ["client_credentials"]}),
        ),
        (
            "issue-secret",
            "POST",
            "/v1/applications/{app}/clients/{client_id}/secrets",
            json!({}),
        ),
        (
            "update-client",
            "PUT",
            "/v1/clients/{client_id}",
            json!({"token_endpoint_auth_method": "client_secret_post"}),
        ),
        (
            "update-app",
            "PUT",
            "/v1/applications/{app}",
            json!({"client_auth_method": "client_secret_post"}),
        ),
        (
            "update-resources",
            "PUT",
            "/v1/clients/{client_id}/resources",
            json!({"resource_ids": ["urn:new"]}),
        ),
    ] {
        let world = World::new().await;
        let token = world.token(Who::Own, &scopes::ORDINARY).await;
        let own = world.filled("/v1/clients/{client_id}", Target::Own);
        let get = || {
            world
                .app
                .request_to(Handler::new(get_client::handle), "GET", &own)
                .token(&token)
        };
        assert_eq!(get().send().await.status, 200);
        world.app.switch(world.own_app(), false).await;
        // A read is answered to a caller that is remembered, for half a minute.
        assert_eq!(get().send().await.status, 200);
        let before = world.app.items();
        let handler = match operation {
            "create-client" => Handler::new(create_client::handle),
            "issue-secret" => Handler::new(issue_secret::handle),
            "update-client" => Handler::new(update_client::handle),
            "update-app" => Handler::new(update_app::handle),
            _ => Handler::new(update_resources::handle),
        };
        let request = world
            .app
            .request_to(handler, method, &world.filled(path, Target::Own));
        let response = request.token(&token).json(&body).send().await;
        assert_eq!(response.status, 401, "{operation}: {}", response.body);
        assert_eq!(world.app.items(), before, "{operation}");
    }
}

// Lesson 51.
#[tokio::test]
async fn the_management_application_keeps_what_it_manages_with() {
    let world = World::new().await;
    let app = &world.app;
    let path = world.filled("/platform/v1/apps/{app}", Target::Management);
    let opaque = app.request_to(Handler::new(update_app::handle), "PUT", &path);
    let opaque = opaque
        .json(&json!({"access_token_format": "opaque"}))
        .send()
        .await;
    assert_eq!(opaque.status, 422, "{}", opaque.body);
    let path = world.filled("/admin/v1/Apps/{app}", Target::Management);
    let short = app.request_to(Handler::new(update_app::handle), "PATCH", &path);
    let short = short.json(&json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "accessTokenExpiry", "value": 1}],
    }));
    let short = short.send().await;
    assert_eq!(short.status, 409, "{}", short.body);
    // An expiring secret stands for none: the lasting ones can't all go.
    let secrets = world.filled(
        "/v1/applications/{app}/clients/{client_id}/secrets",
        Target::Management,
    );
    let issue = app.request_to(Handler::new(issue_secret::handle), "POST", &secrets);
    result(&issue.json(&json!({"expires_in": 60})).send().await, 201);
    let listed = app
        .request_to(Handler::new(list_secrets::handle), "GET", &secrets)
        .send()
        .await;
    let mut last = 0;
    for secret in result(&listed, 200).as_array().unwrap() {
        if secret.get("expires_at").is_none() {
            let path = format!("{secrets}/{}", secret["secret_id"].as_str().unwrap());
            let revoke = app.request_to(Handler::new(revoke_secret::handle), "DELETE", &path);
            last = revoke.send().await.status;
        }
    }
    assert_eq!(last, 409);
}
