//! `revoke-secret` through the dispatcher, on the embedded engine.

use domain::{ClientId, Secret, SecretId};
use testkit::{Failure, Intercept, TestApp, TestRequest, cancelled, refusal};

fn delete<'a>(app: &'a TestApp, client: &ClientId, secret: &SecretId) -> TestRequest<'a> {
    delete_at(
        app,
        &format!("/v1/applications/myapp/clients/{client}/secrets/{secret}"),
    )
}

fn delete_at<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "DELETE", path)
}

/// An app, its clients with two secrets each, and the ids of those.
async fn world(app: &TestApp) -> (testkit::Registered, [(ClientId, [SecretId; 2]); 2]) {
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let first = |text: &str| Secret::parse(text).unwrap().id();
    let pairs = [
        (made.client_id().clone(), first(&made.secret)),
        (further.id().clone(), first(&further.secret)),
    ];
    let mut clients = Vec::new();
    for (client, first) in pairs {
        let second = app.issue(&client, None).await.id();
        clients.push((client, [first, second]));
    }
    (made, clients.try_into().unwrap())
}

async fn live(app: &TestApp, client: &ClientId) -> Vec<SecretId> {
    let found = app.registry.table.credentials(client).await.unwrap();
    app.recorder.take();
    let (found, now) = (found.unwrap().secrets, app.registry.now());
    let live = found.into_iter().filter(|s| s.is_live(now));
    live.map(|s| s.id).collect()
}

#[tokio::test]
async fn a_revoked_one_is_204_and_then_404_and_the_last_live_one_stays() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for (client, [first, second]) in &clients {
        let response = delete(&app, client, first).send().await;
        assert_eq!((response.status, response.body.as_str()), (204, ""));
        let read = if *client == *made.client_id() {
            "GetItem: 1"
        } else {
            "BatchGetItem: 2"
        };
        let (read, units) = read.split_once(": ").unwrap();
        let bill = format!("{read} + TransactWriteItems: {units} RU, 2 WU, 0 of them the index's");
        assert_eq!(app.recorder.bill(), bill);
        assert_eq!(live(&app, client).await, std::slice::from_ref(second));
        let again = delete(&app, client, first).send().await;
        assert_eq!(refusal(&again), (404, "not-found".into()));
        let last = delete(&app, client, second).send().await;
        assert_eq!(refusal(&last), (409, "last-secret".into()));
        assert_eq!(live(&app, client).await, std::slice::from_ref(second));
    }
    // No version moved.
    assert_eq!(app.stored(&made.app).await.unwrap(), made.app);
}

#[tokio::test]
async fn by_app_id_or_by_the_client_id_alone_too() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    let prefixes = [format!("/v1/applications/{}", made.id()), "/v1".into()];
    for (prefix, (client, [first, second])) in prefixes.iter().zip(&clients) {
        let path = format!("{prefix}/clients/{client}/secrets");
        assert_eq!(
            delete_at(&app, &format!("{path}/{first}"))
                .send()
                .await
                .status,
            204
        );
        let last = delete_at(&app, &format!("{path}/{second}")).send().await;
        assert_eq!(refusal(&last), (409, "last-secret".into()));
    }
}

#[tokio::test]
async fn an_expired_one_does_not_count_as_live_and_can_be_revoked() {
    let app = TestApp::new().await;
    let (_, [(client, [first, second]), _]) = world(&app).await;
    let third = app.issue(&client, Some(10)).await.id();
    assert_eq!(delete(&app, &client, &first).send().await.status, 204);
    app.clock.advance(10);
    // The third is dead by now, so the second is the last.
    let last = delete(&app, &client, &second).send().await;
    assert_eq!(refusal(&last), (409, "last-secret".into()));
    assert_eq!(delete(&app, &client, &third).send().await.status, 204);
    assert_eq!(live(&app, &client).await, [second]);
}

#[tokio::test]
async fn the_management_application_keeps_its_last_secret() {
    let app = TestApp::new().await;
    let client = &app.management.client_id;
    let id = Secret::parse(&app.management.client_secret).unwrap().id();
    let path = format!("/v1/applications/management/clients/{client}/secrets/{id}");
    let response = delete_at(&app, &path).send().await;
    assert_eq!(refusal(&response), (409, "last-secret".into()));
}

#[tokio::test]
async fn a_lost_answer_is_a_revocation_and_a_lost_race_is_tried_again() {
    let app = TestApp::new().await;
    let (_, [(client, [first, second]), (other, [third, _])]) = world(&app).await;
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    app.recorder.script("TransactWriteItems", [lost]);
    assert_eq!(delete(&app, &client, &first).send().await.status, 204);
    assert_eq!(live(&app, &client).await, [second]);
    let met = cancelled("ConditionalCheckFailed");
    app.recorder
        .script("TransactWriteItems", std::iter::repeat_n(met, 3));
    let response = delete(&app, &other, &third).send().await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
    assert_eq!(live(&app, &other).await.len(), 2);
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let (_, [(client, [first, _]), (other, _)]) = world(&app).await;
    app.register("Two", |_| ()).await;
    let tenant = app.tenant("other").await;
    let theirs = app.register_in(&tenant.tenant_id, "Theirs", |_| ()).await;
    let foreign = Secret::parse(&theirs.secret).unwrap().id();
    app.recorder.take();
    for path in [
        format!("/v1/applications/myapp/clients/{client}/secrets/aaaaaaaaaa"),
        format!("/v1/applications/myapp/clients/{client}/secrets/short"),
        format!("/v1/applications/myapp/clients/{client}/secrets/%23"),
        // Another client's.
        format!("/v1/applications/myapp/clients/{other}/secrets/{first}"),
        format!("/v1/applications/two/clients/{client}/secrets/{first}"),
        format!(
            "/v1/applications/theirs/clients/{}/secrets/{foreign}",
            theirs.client_id()
        ),
    ] {
        let response = delete_at(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
    assert!(!app.recorder.summary().wrote());
}
