//! `delete-client` through the dispatcher, on the embedded engine.

use testkit::{Failure, Intercept, TestApp, TestRequest, body, refusal};

fn delete<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "DELETE", path)
}

#[tokio::test]
async fn a_further_client_is_gone_at_once_by_every_path() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for prefix in [
        "/v1".to_owned(),
        "/v1/applications/myapp".into(),
        format!("/v1/applications/{}", made.id()),
    ] {
        let further = app.register_client(&made.app, "Backend", |_| ()).await;
        let path = format!("{prefix}/clients/{}?force=true", further.id());
        let response = delete(&app, &path).send().await;
        assert_eq!((response.status, response.body.as_str()), (204, ""));
        let bill = "BatchGetItem + TransactWriteItems: 2 RU, 4 WU, 0 of them the index's";
        assert_eq!(app.recorder.bill(), bill);
        assert_eq!(app.stored_client(further.id()).await, None);
        let again = delete(&app, &path).send().await;
        assert_eq!(refusal(&again), (404, "not-found".into()));
    }
    assert_eq!(app.keys().len(), 2, "the app and its code name");
    assert_eq!(app.stored(&made.app).await.unwrap(), made.app);
}

#[tokio::test]
async fn an_active_client_is_409_unless_the_request_insists_and_one_that_is_off_goes() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for prefix in ["/v1", "/v1/applications/myapp"] {
        let further = app.register_client(&made.app, "Backend", |_| ()).await;
        let path = format!("{prefix}/clients/{}", further.id());
        for query in ["", "?force=false"] {
            let response = delete(&app, &format!("{path}{query}")).send().await;
            assert_eq!(refusal(&response), (409, "client-active".into()));
            let why = "The client is active; deactivate it first, or repeat with ?force=true.";
            assert_eq!(body(&response)["detail"], why);
        }
        for query in ["?force=1", "?force=", "?force", "?forceDelete=true"] {
            let response = delete(&app, &format!("{path}{query}")).send().await;
            assert_eq!(
                refusal(&response),
                (400, "invalid-request".into()),
                "{query}"
            );
        }
        assert!(!app.recorder.summary().wrote());
        // An app that is off is no reason: the client's own switch is what is asked.
        app.switch(&made.app, false).await;
        let response = delete(&app, &path).send().await;
        assert_eq!(refusal(&response), (409, "client-active".into()));
        app.switch(&made.app, true).await;
        app.switch_client(further.id(), false).await;
        assert_eq!(delete(&app, &path).send().await.status, 204);
        assert_eq!(app.stored_client(further.id()).await, None);
    }
}

#[tokio::test]
async fn the_default_client_goes_with_its_app_only() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for client in [made.client_id(), &app.management.client_id] {
        for query in ["", "?force=true"] {
            let path = format!("/v1/clients/{client}{query}");
            let response = delete(&app, &path).send().await;
            assert_eq!(refusal(&response), (409, "default-client".into()));
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn if_match_is_the_clients_version() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let path = format!("/v1/clients/{}?force=true", further.id());
    for (tag, refused) in [
        ("\"2\"", (412, "precondition-failed".into())),
        ("nonsense", (400, "invalid-request".into())),
        ("W/\"1\"", (400, "invalid-request".into())),
    ] {
        let response = delete(&app, &path).header("if-match", tag).send().await;
        assert_eq!(refusal(&response), refused, "{tag}");
    }
    assert!(!app.recorder.summary().wrote());
    let response = delete(&app, &path).header("if-match", "\"1\"").send().await;
    assert_eq!(response.status, 204);
}

#[tokio::test]
async fn a_lost_answer_is_a_deletion() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    app.recorder.script("TransactWriteItems", [lost]);
    let path = format!("/v1/clients/{}?force=true", further.id());
    let response = delete(&app, &path).header("if-match", "\"1\"").send().await;
    assert_eq!(response.status, 204);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let one = app.register("One", |_| ()).await;
    app.register("Two", |_| ()).await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let foreign = app.register_client(&theirs.app, "x", |_| ()).await;
    let further = app.register_client(&one.app, "Backend", |_| ()).await;
    let id = further.id();
    for path in [
        "/v1/clients/nobody".to_owned(),
        format!("/v1/clients/{}", foreign.id()),
        format!("/v1/applications/two/clients/{id}"),
        format!("/v1/applications/theirs/clients/{}", foreign.id()),
    ] {
        let response = delete(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
    assert!(!app.recorder.summary().wrote());
}
