//! Lost answers and lost races.

use testkit::{Failure, Intercept, refused_condition};

use super::*;

/// The answer to a write that met another one.
fn met_another() -> Intercept {
    refused_condition(Some(json!({"last_write": {"S": "another"}})))
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_race() {
    let app = TestApp::new().await;
    for (name, tag) in [("One", ""), ("Two", "\"1\"")] {
        let made = app.register(name, |_| ()).await;
        let lost = Intercept::ExecuteThenFail(Failure::Io);
        app.recorder.script("UpdateItem", [lost]);
        let request = put(&app, &made).header("if-match", tag);
        let response = request.json(&json!({"app_name": "x"})).send().await;
        assert_eq!(result(&response, 200)["version"], 2);
        let cost = app.recorder.summary();
        assert_eq!(cost.operations, ["GetItem", "UpdateItem", "UpdateItem"]);
        assert_eq!(
            app.stored(&made.app).await.unwrap().version.to_string(),
            "2"
        );
    }
}

#[tokio::test]
async fn a_first_secret_survives_a_lost_answer() {
    let app = TestApp::new().await;
    let made = app.register("My app", |create| {
        create.client.client_type = domain::ClientType::Native;
        create.client.token_endpoint_auth_method = domain::TokenEndpointAuthMethod::None;
        create.client.grant_types = vec![domain::GrantType::AuthorizationCode];
    });
    let made = made.await;
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    app.recorder.script("UpdateItem", [lost]);
    let change = json!({"client_auth_method": "client_secret_basic"});
    let shown = result(&put(&app, &made).json(&change).send().await, 200);
    let secret = domain::Secret::parse(shown["client_secret"].as_str().unwrap()).unwrap();
    let found = app.registry.table.credentials(made.client_id()).await;
    let secrets = found.unwrap().unwrap().secrets;
    assert_eq!(secrets.len(), 1);
    let pepper = app.registry.master().unwrap().pepper();
    assert!(pepper.verify(&secret, made.client_id(), &secrets[0].digest));
}

#[tokio::test]
async fn a_write_that_met_another_is_made_anew_on_what_is_there_now() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.recorder.script("UpdateItem", [met_another()]);
    let response = put(&app, &made)
        .json(&json!({"app_name": "x"}))
        .send()
        .await;
    assert_eq!(result(&response, 200)["version"], 2);
    assert_eq!(
        app.recorder.summary().operations,
        ["GetItem", "UpdateItem", "GetItem", "UpdateItem"]
    );
}

#[tokio::test]
async fn a_write_that_met_others_three_times_is_503() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.recorder
        .script("UpdateItem", std::iter::repeat_n(met_another(), 3));
    let response = put(&app, &made)
        .json(&json!({"app_name": "x"}))
        .send()
        .await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
    assert_eq!(response.header("retry-after"), Some("1"));
    assert_eq!(
        app.stored(&made.app).await.unwrap().version.to_string(),
        "1"
    );
}

#[tokio::test]
async fn a_write_under_if_match_that_met_another_is_412_at_once() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    app.recorder.script("UpdateItem", [met_another()]);
    let request = put(&app, &made).header("if-match", "\"1\"");
    let response = request.json(&json!({"app_name": "x"})).send().await;
    assert_eq!(refusal(&response), (412, "precondition-failed".into()));
    assert_eq!(app.recorder.summary().operations, ["GetItem", "UpdateItem"]);
}

#[tokio::test]
async fn an_app_deleted_between_read_and_write_is_404() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for item in [None, Some(json!({"deleted_at": {"N": "1"}}))] {
        app.recorder.script("UpdateItem", [refused_condition(item)]);
        let response = put(&app, &made)
            .json(&json!({"app_name": "x"}))
            .send()
            .await;
        assert_eq!(refusal(&response), (404, "not-found".into()));
    }
}

#[tokio::test]
async fn a_table_that_does_not_answer_is_503() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let lost = Intercept::Fail(Failure::Io);
    app.recorder
        .script("UpdateItem", std::iter::repeat_n(lost, 3));
    let response = put(&app, &made)
        .json(&json!({"app_name": "x"}))
        .send()
        .await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
    assert_eq!(
        app.stored(&made.app).await.unwrap().version.to_string(),
        "1"
    );
}
