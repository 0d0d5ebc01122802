//! `issue-secret` through the dispatcher, on the embedded engine.

use domain::{ClientId, ClientType, GrantType, Secret, TokenEndpointAuthMethod};
use testkit::{
    Failure, Intercept, Registered, TestApp, TestRequest, cancelled, faults, json, refusal, result,
};

fn post<'a>(app: &'a TestApp, client: &ClientId) -> TestRequest<'a> {
    post_to(
        app,
        &format!("/v1/applications/myapp/clients/{client}/secrets"),
    )
}

fn post_to<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "POST", path)
}

async fn world(app: &TestApp) -> (Registered, [ClientId; 2]) {
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let clients = [made.client_id().clone(), further.id().clone()];
    (made, clients)
}

#[tokio::test]
async fn the_answer_has_the_secret_and_what_is_kept_of_it() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for client in &clients {
        for prefix in [
            "/v1".to_owned(),
            "/v1/applications/myapp".into(),
            format!("/v1/applications/{}", made.id()),
        ] {
            let path = format!("{prefix}/clients/{client}/secrets");
            let response = post_to(&app, &path).send().await;
            assert_eq!(response.header("cache-control"), Some("no-store"));
            let mut shown = result(&response, 201);
            let text = shown["client_secret"].take();
            let secret = Secret::parse(text.as_str().unwrap()).unwrap();
            let id = secret.id();
            assert_eq!(response.header("location"), Some(&*format!("{path}/{id}")));
            assert_eq!(
                shown,
                json!({
                    "secret_id": id,
                    "client_secret": null,
                    "hint": format!("rsec_{id}…"),
                    "created_at": "2026-01-02T03:04:05Z",
                    "last_used_on": "never",
                })
            );
            let found = app
                .registry
                .table
                .credentials(client)
                .await
                .unwrap()
                .unwrap();
            let pepper = app.registry.master().unwrap().pepper();
            let kept = found.secrets.iter().find(|s| s.id == id).unwrap();
            assert!(pepper.verify(&secret, client, &kept.digest));
        }
    }
}

#[tokio::test]
async fn it_may_have_an_end() {
    let app = TestApp::new().await;
    let (_, [client, _]) = world(&app).await;
    for (seconds, end) in [
        (1, "2026-01-02T03:04:06Z"),
        (86_400, "2026-01-03T03:04:05Z"),
        (315_360_000, "2035-12-31T03:04:05Z"),
    ] {
        let sent = post(&app, &client).json(&json!({ "expires_in": seconds }));
        assert_eq!(result(&sent.send().await, 201)["expires_at"], end);
    }
    let sent = post(&app, &client).json(&json!({}));
    assert_eq!(result(&sent.send().await, 201).get("expires_at"), None);
}

#[tokio::test]
async fn it_is_one_read_and_one_transaction() {
    let app = TestApp::new().await;
    let (_, clients) = world(&app).await;
    for (client, bills) in [
        (
            &clients[0],
            [
                "BatchGetItem + GetItem + TransactWriteItems: 3 RU, 2 WU, 0 of them the index's",
                "BatchGetItem + GetItem + TransactWriteItems: 3 RU, 4 WU, 0 of them the index's",
                "BatchGetItem + GetItem + TransactWriteItems + GetItem: 4 RU, 0 WU, 0 of them the index's",
            ],
        ),
        (
            &clients[1],
            [
                "BatchGetItem + BatchGetItem + TransactWriteItems: 4 RU, 2 WU, 0 of them the index's",
                "BatchGetItem + BatchGetItem + TransactWriteItems: 4 RU, 4 WU, 0 of them the index's",
                "BatchGetItem + BatchGetItem + TransactWriteItems + BatchGetItem: 6 RU, 0 WU, 0 of them the index's",
            ],
        ),
    ] {
        result(&post(&app, client).send().await, 201);
        assert_eq!(app.recorder.bill(), bills[0]);
        for bill in &bills[1..] {
            let sent = post(&app, client).header("idempotency-key", client.as_str());
            result(&sent.send().await, 201);
            assert_eq!(app.recorder.bill(), *bill);
        }
    }
}

#[tokio::test]
async fn neither_version_nor_update_time_moves_with_a_secret() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    app.clock.advance(60);
    for client in &clients {
        let before = app.stored_client(client).await;
        result(&post(&app, client).send().await, 201);
        assert_eq!(app.stored_client(client).await, before);
    }
    assert_eq!(app.stored(&made.app).await.unwrap(), made.app);
}

#[tokio::test]
async fn five_live_ones_at_most_and_expired_ones_do_not_count() {
    let app = TestApp::new().await;
    let (_, clients) = world(&app).await;
    for client in &clients {
        // One came with the client.
        let sent = post(&app, client).json(&json!({"expires_in": 10}));
        result(&sent.send().await, 201);
        for _ in 0..3 {
            result(&post(&app, client).send().await, 201);
        }
        app.recorder.take();
        let response = post(&app, client).send().await;
        assert_eq!(refusal(&response), (409, "too-many-secrets".into()));
        assert!(!app.recorder.summary().wrote());
        app.clock.advance(9);
        assert_eq!(post(&app, client).send().await.status, 409);
        app.clock.advance(1);
        result(&post(&app, client).send().await, 201);
        assert_eq!(post(&app, client).send().await.status, 409);
    }
}

#[tokio::test]
async fn a_client_that_uses_no_secrets_gets_none() {
    let app = TestApp::new().await;
    let (made, _) = world(&app).await;
    for (method, kind) in [
        (TokenEndpointAuthMethod::None, ClientType::Native),
        (TokenEndpointAuthMethod::PrivateKeyJwt, ClientType::Web),
    ] {
        let client = app.register_client(&made.app, "Phone", |settings| {
            settings.client_type = kind;
            settings.token_endpoint_auth_method = method;
            settings.grant_types = vec![GrantType::AuthorizationCode];
        });
        let response = post(&app, client.await.id()).send().await;
        assert_eq!(refusal(&response), (409, "client-without-secrets".into()));
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn bad_bodies_are_refused_at_their_place() {
    let app = TestApp::new().await;
    let (_, [client, _]) = world(&app).await;
    for (body, pointer, code) in [
        (json!({"expires_in": 0}), "/expires_in", "out_of_range"),
        (json!({"expires_in": -1}), "/expires_in", "out_of_range"),
        (
            json!({"expires_in": 315_360_001}),
            "/expires_in",
            "out_of_range",
        ),
        (json!({"expires_in": 1.5}), "/expires_in", "out_of_range"),
        (json!({"expires_in": "60"}), "/expires_in", "out_of_range"),
        (json!({"expires_in": null}), "/expires_in", "wrong_type"),
        (
            json!({"expires_in": u64::MAX}),
            "/expires_in",
            "out_of_range",
        ),
        (
            json!({"client_secret": "mine"}),
            "/client_secret",
            "unknown_member",
        ),
    ] {
        let found = faults(&post(&app, &client).json(&body).send().await);
        assert_eq!(found, [(pointer.into(), code.into())], "{body}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn a_write_that_met_another_is_made_anew_three_times_at_most() {
    let app = TestApp::new().await;
    let (_, [client, _]) = world(&app).await;
    let met = cancelled("ConditionalCheckFailed");
    app.recorder.script("TransactWriteItems", [met.clone()]);
    result(&post(&app, &client).send().await, 201);
    let tries = [
        "BatchGetItem",
        "GetItem",
        "TransactWriteItems",
        "GetItem",
        "TransactWriteItems",
    ];
    assert_eq!(app.recorder.summary().operations, tries);
    app.recorder
        .script("TransactWriteItems", std::iter::repeat_n(met, 3));
    let response = post(&app, &client).send().await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
    // A transaction that DynamoDB itself cancels for another one is simply sent again.
    let conflict = cancelled("TransactionConflict");
    app.recorder
        .script("TransactWriteItems", [conflict.clone(), conflict]);
    result(&post(&app, &client).send().await, 201);
}

#[tokio::test]
async fn the_day_of_use_noted_meanwhile_is_not_lost() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    for client in &clients {
        let table = &app.registry.table;
        // A call that read the client before the secret was used, and writes after.
        let read = table.credentials(client).await.unwrap().unwrap();
        let used = read.secrets[0].id.clone();
        let today = app.registry.now().day();
        let this = app.stored_client(client).await.unwrap();
        table.note_use(&this, &used, today).await.unwrap();
        let pepper = app.registry.master().unwrap().pepper();
        let secret = Secret::generate(app.registry.random().unwrap());
        let new = domain::StoredSecret::new(&secret, &pepper, client, app.registry.now());
        let all = domain::stored_secret::issue(read.secrets.clone(), new, app.registry.now());
        let secrets = table::Secrets {
            all: all.unwrap(),
            ended: read.ended_secrets.clone(),
        };
        table.save_secrets(&read, &secrets, None).await.unwrap();
        let found = table.credentials(client).await.unwrap().unwrap();
        let kept = found.secrets.iter().find(|s| s.id == used).unwrap();
        assert_eq!(kept.last_used_on, Some(today));
        assert_eq!(found.secrets.len(), 2);
    }
    assert_eq!(app.stored(&made.app).await.unwrap(), made.app);
}

#[tokio::test]
async fn a_lost_answer_is_one_secret() {
    let app = TestApp::new().await;
    let (_, [client, _]) = world(&app).await;
    let lost = Intercept::ExecuteThenFail(Failure::Io);
    app.recorder.script("TransactWriteItems", [lost]);
    let mut shown = result(&post(&app, &client).send().await, 201);
    let text = shown["client_secret"].take();
    let id = Secret::parse(text.as_str().unwrap()).unwrap().id();
    let found = app
        .registry
        .table
        .credentials(&client)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(found.secrets.len(), 2);
    assert!(found.secrets.iter().any(|s| s.id == id));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let (made, clients) = world(&app).await;
    app.register("Two", |_| ()).await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    app.recorder.take();
    for path in [
        "/v1/applications/myapp/clients/nobody/secrets".to_owned(),
        format!("/v1/applications/two/clients/{}/secrets", clients[1]),
        format!("/v1/applications/nosuchapp/clients/{}/secrets", clients[1]),
        format!(
            "/v1/applications/theirs/clients/{}/secrets",
            theirs.client_id()
        ),
    ] {
        let response = post_to(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
    assert!(!app.recorder.summary().wrote());
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&made.app, now).await.unwrap();
    for client in &clients {
        assert_eq!(post(&app, client).send().await.status, 404);
    }
}
