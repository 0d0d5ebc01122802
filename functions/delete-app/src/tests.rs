//! `delete-app` through the dispatcher, on the embedded engine.

use testkit::{Failure, Intercept, Registered, TestApp, TestRequest, cancelled, faults, refusal};

fn delete<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "DELETE", path)
}

fn of(made: &Registered) -> String {
    format!("/v1/applications/{}", made.id())
}

/// An app that is switched off.
async fn inactive(app: &TestApp, name: &str) -> Registered {
    app.register(name, |create| create.active = false).await
}

/// What stays for the schedule: the app, its mark set, and its place in the work list; and the tombstone.
fn left_of(made: &Registered) -> [(String, String); 3] {
    let (app, code_name) = (format!("APP#{}", made.id()), &made.app.code_name);
    [
        (app.clone(), "APP".into()),
        (format!("CODE#default#{code_name}"), "GUARD".into()),
        ("SWEEP".into(), app),
    ]
}

#[tokio::test]
async fn an_inactive_app_is_gone_with_all_that_it_had() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    app.register_client(&made.app, "Backend", |_| ()).await;
    let response = delete(&app, &of(&made)).send().await;
    assert_eq!((response.status, response.body.as_str()), (204, ""));
    assert_eq!(app.keys(), left_of(&made));
    let again = delete(&app, &of(&made)).send().await;
    assert_eq!(refusal(&again), (404, "not-found".into()));
    let again = delete(&app, "/v1/applications/myapp").send().await;
    assert_eq!(refusal(&again), (404, "not-found".into()));
}

#[tokio::test]
async fn it_is_two_round_trips_and_the_sweep() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    assert_eq!(delete(&app, &of(&made)).send().await.status, 204);
    let calls = app.recorder.take();
    let operations: Vec<_> = calls.iter().map(|call| call.operation.as_str()).collect();
    assert_eq!(operations, ["GetItem", "TransactWriteItems", "Query"]);
    let capacity = |at: usize| (calls[at].capacity.read, calls[at].capacity.write);
    let indexes: Vec<_> = calls.iter().map(|call| call.capacity.indexes).collect();
    assert_eq!(indexes, [0.0, 2.0, 0.0]);
    assert_eq!(capacity(0), (1.0, 0.0));
    assert_eq!(
        capacity(1),
        (0.0, 8.0),
        "three items, and each index loses one"
    );
    assert_eq!(capacity(2), (1.0, 0.0));
}

#[tokio::test]
async fn an_active_app_needs_force() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for query in ["", "?force=false"] {
        let response = delete(&app, &format!("{}{query}", of(&made))).send().await;
        assert_eq!(refusal(&response), (409, "application-active".into()));
    }
    assert!(!app.recorder.summary().wrote());
    let response = delete(&app, "/v1/applications/myapp?force=true")
        .send()
        .await;
    assert_eq!(response.status, 204);
    assert_eq!(app.keys(), left_of(&made));
}

#[tokio::test]
async fn bad_queries_are_refused_by_parameter() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    for (query, parameter, code) in [
        ("force=yes", "force", "invalid_choice"),
        ("force=", "force", "invalid_choice"),
        ("force=true&force=true", "force", "duplicate"),
        ("forse=true", "forse", "unknown_member"),
    ] {
        let found = faults(&delete(&app, &format!("{}?{query}", of(&made))).send().await);
        assert_eq!(found, [(parameter.into(), code.into())], "{query}");
    }
    assert!(app.stored(&made.app).await.is_some());
}

#[tokio::test]
async fn the_management_application_stays() {
    let app = TestApp::new().await;
    for query in ["", "?force=true"] {
        let path = format!("/v1/applications/management{query}");
        let response = delete(&app, &path).send().await;
        assert_eq!(refusal(&response), (409, "management-application".into()));
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn if_match_is_the_apps_version() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    for (tag, refused) in [
        ("\"2\"", (412, "precondition-failed".into())),
        ("W/\"1\"", (400, "invalid-request".into())),
        ("nonsense", (400, "invalid-request".into())),
    ] {
        let response = delete(&app, &of(&made))
            .header("if-match", tag)
            .send()
            .await;
        assert_eq!(refusal(&response), refused, "{tag}");
    }
    let response = delete(&app, &of(&made))
        .header("if-match", "\"1\"")
        .send()
        .await;
    assert_eq!(response.status, 204);
}

#[tokio::test]
async fn a_deletion_that_met_a_change_is_made_anew_and_under_if_match_refused() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    let met = cancelled("ConditionalCheckFailed");
    app.recorder.script("TransactWriteItems", [met.clone()]);
    let response = delete(&app, &of(&made))
        .header("if-match", "\"1\"")
        .send()
        .await;
    assert_eq!(response.status, 412);
    app.recorder
        .script("TransactWriteItems", std::iter::repeat_n(met.clone(), 3));
    let response = delete(&app, &of(&made)).send().await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
    assert!(app.stored(&made.app).await.is_some());
    app.recorder.script("TransactWriteItems", [met]);
    assert_eq!(delete(&app, &of(&made)).send().await.status, 204);
}

#[tokio::test]
async fn a_lost_answer_is_a_deletion() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    app.recorder.script("TransactWriteItems", [lost]);
    let response = delete(&app, &of(&made))
        .header("if-match", "\"1\"")
        .send()
        .await;
    assert_eq!(response.status, 204);
    assert_eq!(app.keys(), left_of(&made));
}

#[tokio::test]
async fn the_deletion_stands_though_the_sweep_fails() {
    let app = TestApp::new().await;
    let made = inactive(&app, "My app").await;
    app.register_client(&made.app, "Backend", |_| ()).await;
    app.recorder
        .script("BatchWriteItem", [Intercept::Fail(Failure::Other)]);
    assert_eq!(delete(&app, &of(&made)).send().await.status, 204);
    assert_eq!(app.stored(&made.app).await, None);
    let left: Vec<_> = app
        .keys()
        .into_iter()
        .map(|(pk, sk)| format!("{pk} {sk}"))
        .collect();
    assert_eq!(
        left.len(),
        4,
        "the app, its client, the tombstone, the work: {left:?}"
    );
    assert_eq!(delete(&app, &of(&made)).send().await.status, 404);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |create| create.active = false);
    let theirs = theirs.await;
    let items = app.items();
    for path in [
        of(&theirs),
        "/v1/applications/theirs".into(),
        "/v1/applications/nosuchapp".into(),
        "/v1/applications/NOT-AN-ID".into(),
        "/v1/applications/01900000-0000-7000-8000-000000000000?force=true".into(),
    ] {
        let response = delete(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
    assert_eq!(app.items(), items);
}
