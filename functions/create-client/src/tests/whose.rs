//! Whose client `POST /v1/clients` makes, and what one may do for which nothing was said.

use domain::{ClientType, GrantType, TokenEndpointAuthMethod};
use testkit::body;

use super::*;

const SHORT: &str = "/v1/clients";

#[tokio::test]
async fn a_management_token_says_which_app_the_client_is_to_be_of() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let management = app.management.client_id.app_id().unwrap().to_string();
    for (named, expected) in [
        (made.id(), made.id()),
        ("myapp".into(), made.id()),
        (management.clone(), management.clone()),
        ("management".into(), management),
    ] {
        let response = post(&app, SHORT).json(&with("app_id", named)).send().await;
        let shown = result(&response, 201);
        assert_eq!(shown["app_id"], expected);
        let id = shown["client_id"].as_str().unwrap();
        let location = format!("/v1/applications/{expected}/clients/{id}");
        assert_eq!(response.header("location"), Some(&*location));
    }
}

#[tokio::test]
async fn a_management_token_that_names_no_app_makes_no_client_of_management() {
    let app = TestApp::new().await;
    let response = post(&app, SHORT).json(&minimal()).send().await;
    assert_eq!(faults(&response), [("/app_id".into(), "required".into())]);
    assert_eq!(
        body(&response)["detail"],
        "app_id is required with a token of the management application: the id or the code name of the \
         application that the client is to be of"
    );
    // With every other fault of the request.
    let wrong = json!({"name": 1, "redirect_uris": ["http://a.example/cb"], "unknown": 1});
    let mut found = faults(&post(&app, SHORT).json(&wrong).send().await);
    found.sort();
    let at: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(at, ["/app_id", "/name", "/redirect_uris/0", "/unknown"]);
    for named in [json!(1), Value::Null, json!({})] {
        let response = post(&app, SHORT).json(&with("app_id", named)).send().await;
        assert_eq!(faults(&response), [("/app_id".into(), "wrong_type".into())]);
    }
    for named in [
        "nosuchapp",
        "",
        "NOT-AN-ID",
        "01900000-0000-7000-8000-000000000000",
    ] {
        let response = post(&app, SHORT).json(&with("app_id", named)).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{named}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn an_apps_own_token_may_name_its_app_and_no_other() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let other = app.register("Other", |_| ()).await;
    let own = app.token(made.client_id(), &[scopes::EDIT]).await;
    for named in [None, Some(made.id()), Some("myapp".into())] {
        let body = named.map_or_else(minimal, |named| with("app_id", named));
        let response = post(&app, SHORT).token(&own).json(&body).send().await;
        assert_eq!(result(&response, 201)["app_id"], made.id());
    }
    app.recorder.take();
    for named in [
        other.id(),
        "other".into(),
        "management".into(),
        "nosuchapp".into(),
    ] {
        let sent = post(&app, SHORT)
            .token(&own)
            .json(&with("app_id", named.as_str()));
        assert_eq!(
            refusal(&sent.send().await),
            (404, "not-found".into()),
            "{named}"
        );
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn a_path_that_names_the_app_takes_no_second_name_of_it() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let sent = post(&app, &clients_of(&made)).json(&with("app_id", made.id()));
    let found = faults(&sent.send().await);
    assert_eq!(found, [("/app_id".into(), "read_only".into())]);
}

#[tokio::test]
async fn the_secret_of_a_minimal_client_is_good_for_a_grant_that_is_served() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let only = app.token(made.client_id(), &[scopes::EDIT]).await;
    let sent = post(&app, &clients_of(&made)).token(&only).json(&minimal());
    let shown = result(&sent.send().await, 201);
    assert!(shown["client_secret"].is_string());
    let grants = json!(["authorization_code", "client_credentials"]);
    assert_eq!(shown["grant_types"], grants);
    // No scopes, so that whoever may edit the app may make it.
    assert_eq!(shown["scopes"], json!([]));
}

#[tokio::test]
async fn a_minimal_client_has_no_grant_that_its_app_lacks() {
    let app = TestApp::new().await;
    let phone = app
        .register("Phone", |create| {
            create.client.client_type = ClientType::Native;
            create.client.token_endpoint_auth_method = TokenEndpointAuthMethod::None;
            create.client.grant_types = vec![GrantType::AuthorizationCode];
        })
        .await;
    let only = app.token(&app.management.client_id, &[scopes::EDIT]).await;
    let sent = post(&app, &clients_of(&phone))
        .token(&only)
        .json(&minimal());
    let shown = result(&sent.send().await, 201);
    assert_eq!(shown["grant_types"], json!(["authorization_code"]));
    // A public client of any app has what it can use.
    let made = app.register("My app", |_| ()).await;
    let mut public = with("token_endpoint_auth_method", "none");
    public["client_type"] = "native".into();
    let sent = post(&app, &clients_of(&made)).token(&only).json(&public);
    let shown = result(&sent.send().await, 201);
    assert_eq!(shown["grant_types"], json!(["authorization_code"]));
}
