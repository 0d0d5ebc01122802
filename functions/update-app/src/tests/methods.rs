//! What a change of the authentication method does to the default client's secrets.

use domain::{ClientType, GrantType, TokenEndpointAuthMethod};

use super::*;

async fn public(app: &TestApp, name: &str) -> Registered {
    let made = app.register(name, |create| {
        create.client.client_type = ClientType::Native;
        create.client.token_endpoint_auth_method = TokenEndpointAuthMethod::None;
        create.client.grant_types = vec![GrantType::AuthorizationCode];
    });
    made.await
}

async fn live_secrets(app: &TestApp, made: &Registered) -> Vec<String> {
    let found = app.registry.table.credentials(made.client_id()).await;
    app.recorder.take();
    let secrets = found.unwrap().unwrap().secrets;
    secrets.iter().map(|s| s.id.to_string()).collect()
}

#[tokio::test]
async fn from_none_to_a_secret_the_answer_has_a_new_one_once() {
    let app = TestApp::new().await;
    for (method, change) in [
        ("PUT", json!({"client_auth_method": "client_secret_post"})),
        ("PATCH", json!({"client_auth_method": null})),
    ] {
        let made = public(&app, method).await;
        assert!(live_secrets(&app, &made).await.is_empty());
        let response = request(&app, method, &made.id()).json(&change).send().await;
        assert_eq!(response.header("cache-control"), Some("no-store"));
        let shown = result(&response, 200);
        let secret = shown["client_secret"].as_str().unwrap().to_owned();
        let id = domain::Secret::parse(&secret).unwrap().id().to_string();
        assert_eq!(live_secrets(&app, &made).await, std::slice::from_ref(&id));
        // It is in no later answer, and the next change keeps it.
        let again = put(&app, &made).json(&json!({"app_name": "x"}));
        let shown = result(&again.send().await, 200);
        assert_eq!(shown.get("client_secret"), None);
        assert_eq!(live_secrets(&app, &made).await, [id]);
    }
}

#[tokio::test]
async fn from_a_secret_to_none_the_secrets_are_gone() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    assert_eq!(live_secrets(&app, &made).await.len(), 1);
    let change = json!({
        "client_auth_method": "none", "client_type": "native",
        "client_grant_types": ["authorization_code"],
    });
    let response = put(&app, &made).json(&change).send().await;
    assert_eq!(response.header("cache-control"), None);
    assert_eq!(result(&response, 200).get("client_secret"), None);
    assert!(live_secrets(&app, &made).await.is_empty());
}

#[tokio::test]
async fn from_one_way_of_sending_a_secret_to_another_the_secrets_stay() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let before = live_secrets(&app, &made).await;
    let change = json!({"client_auth_method": "client_secret_post"});
    let shown = result(&put(&app, &made).json(&change).send().await, 200);
    assert_eq!(shown.get("client_secret"), None);
    assert_eq!(live_secrets(&app, &made).await, before);
}

#[tokio::test]
async fn keys_of_its_own_take_the_place_of_secrets() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]});
    let change = json!({"client_auth_method": "private_key_jwt", "jwks": jwks});
    let shown = result(&put(&app, &made).json(&change).send().await, 200);
    assert_eq!(shown["jwks"], jwks);
    assert!(live_secrets(&app, &made).await.is_empty());
}

#[tokio::test]
async fn the_management_application_keeps_what_it_manages_with() {
    let app = TestApp::new().await;
    let jwks = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY", "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"}]});
    for change in [
        json!({"client_auth_method": "none", "client_type": "native", "client_grant_types": []}),
        json!({"client_auth_method": "private_key_jwt", "jwks": jwks}),
        json!({"client_scopes": ["apps:read"]}),
        json!({"client_grant_types": []}),
    ] {
        let response = request(&app, "PUT", "management")
            .json(&change)
            .send()
            .await;
        assert_eq!(refusal(&response), (409, "management-application".into()));
    }
    assert!(!app.recorder.summary().wrote());
}
