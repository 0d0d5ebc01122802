//! One Idempotency-Key, one effect, one answer.

use std::sync::Arc;

use domain::scopes;
use testkit::{Registered, refusal};

use super::*;

/// The three operations that take a key, on the same app.
pub(crate) fn creations(made: &Registered) -> [(String, Value); 3] {
    let clients = format!("/v1/applications/{}/clients", made.id());
    let secrets = format!("{clients}/{}/secrets", made.client_id());
    [
        ("/v1/applications".into(), new_app("New")),
        (clients, new_client("New")),
        (secrets, json!({"expires_in": 3600})),
    ]
}

pub(crate) fn keyed<'a>(app: &'a TestApp, path: &str, key: &str, body: &Value) -> TestRequest<'a> {
    call(app, "POST", path)
        .header("idempotency-key", key)
        .json(body)
}

/// All of an answer that a replay repeats.
fn repeated(response: &Response) -> (u16, String, Vec<(&'static str, String)>) {
    let mut headers = response.headers.clone();
    headers.retain(|(name, _)| !["idempotent-replayed", "x-request-id"].contains(name));
    (response.status, response.body.clone(), headers)
}

fn replayed(response: &Response) -> bool {
    response.header("idempotent-replayed") == Some("true")
}

/// How many apps, clients and secrets there are.
fn count(app: &TestApp) -> (usize, usize, usize) {
    let items = app.items();
    let of = |kind: &str| items.iter().filter(|i| i["kind"]["S"] == kind).count();
    let secrets = items.iter().filter_map(|i| i["secrets"]["M"].as_object());
    (
        of("app"),
        of("client"),
        secrets.map(serde_json::Map::len).sum(),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_at_once_have_one_effect_and_one_answer() {
    let app = Arc::new(TestApp::new().await);
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        let before = count(&app);
        let tasks: Vec<_> = (0..16)
            .map(|_| {
                let (app, path, body) = (app.clone(), path.clone(), body.clone());
                tokio::spawn(async move { keyed(&app, &path, "one-key", &body).send().await })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|a| !replayed(a)).count(), 1, "{path}");
        let first = repeated(&answers[0]);
        assert_eq!(first.0, 201);
        assert!(first.1.contains("\"client_secret\":\"rsec_"));
        assert!(answers.iter().all(|a| repeated(a) == first), "{path}");
        let after = count(&app);
        let made = (after.0 - before.0, after.1 - before.1, after.2 - before.2);
        let expected = match path.rsplit('/').next().unwrap() {
            "applications" => (1, 0, 1),
            "clients" => (0, 1, 1),
            _ => (0, 0, 1),
        };
        assert_eq!(made, expected, "{path}");
    }
}

#[tokio::test]
async fn without_a_key_each_request_has_an_effect_of_its_own() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        let one = call(&app, "POST", &path).json(&body).send().await;
        let two = call(&app, "POST", &path).json(&body).send().await;
        assert_eq!((one.status, two.status), (201, 201));
        assert_ne!(one.body, two.body);
    }
}

#[tokio::test]
async fn a_new_app_is_one_transaction_with_a_key_and_a_replay_one_read_more() {
    let app = TestApp::new().await;
    for (body, bills) in [
        (
            new_app("From its name"),
            [
                "BatchGetItem + TransactWriteItems: 2 RU, 10 WU, 2 of them the index's",
                "BatchGetItem + TransactWriteItems + GetItem: 3 RU, 0 WU, 0 of them the index's",
            ],
        ),
        (
            {
                let mut body = new_app("Explicit");
                body["app_code_name"] = "chosen".into();
                body
            },
            [
                "BatchGetItem + TransactWriteItems: 2 RU, 10 WU, 2 of them the index's",
                "BatchGetItem + TransactWriteItems + GetItem: 3 RU, 0 WU, 0 of them the index's",
            ],
        ),
    ] {
        let key = text(&body["app_name"]).replace(' ', "-");
        for bill in bills {
            let response = keyed(&app, "/v1/applications", &key, &body).send().await;
            assert_eq!(response.status, 201);
            assert_eq!(app.recorder.bill(), bill);
        }
    }
}

#[tokio::test]
async fn the_secret_of_a_replay_is_the_one_that_works() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        let mut body = body;
        if path.ends_with("/clients") {
            body["grant_types"] = json!(["client_credentials"]);
        }
        keyed(&app, &path, "k", &body).send().await;
        let again = keyed(&app, &path, "k", &body).send().await;
        assert!(replayed(&again));
        let shown = result(&again, 201);
        let client = shown
            .get("client_id")
            .map_or(made.client_id().to_string(), text);
        assert!(
            authenticates(&app, client, &text(&shown["client_secret"])).await,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_same_key_with_another_request_is_422() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let other = app.register("Other", |_| ()).await;
    let reused = (422, "idempotency-key-reused".to_owned());
    for ((path, body), (elsewhere, _)) in creations(&made).into_iter().zip(creations(&other)) {
        assert_eq!(keyed(&app, &path, "k", &body).send().await.status, 201);
        let before = count(&app);
        let mut changed = body.clone();
        if path.ends_with("secrets") {
            changed["expires_in"] = 60.into();
        } else {
            changed["redirect_uris"] = json!(["https://b.example/cb"]);
        }
        let response = keyed(&app, &path, "k", &changed).send().await;
        assert_eq!(refusal(&response), reused, "{path}");
        if elsewhere != path {
            let response = keyed(&app, &elsewhere, "k", &body).send().await;
            assert_eq!(refusal(&response), reused, "{elsewhere}");
        }
        // The same in other words is another request: bytes are compared.
        let spaced = format!(" {body}");
        let request = call(&app, "POST", &path).header("idempotency-key", "k");
        let response = request
            .body("application/json", spaced.as_bytes())
            .send()
            .await;
        assert_eq!(refusal(&response), reused);
        assert_eq!(count(&app), before);
    }
}

#[tokio::test]
async fn a_key_is_its_callers_its_tenants_and_its_operations_own() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let (clients, body) = (
        format!("/v1/applications/{}/clients", made.id()),
        new_client("New"),
    );
    let admin = keyed(&app, &clients, "k", &body).send().await;
    // Another caller of the same tenant.
    let own = app.token(made.client_id(), &["apps:edit"]).await;
    let second = keyed(&app, &clients, "k", &body).token(&own).send().await;
    assert!(!replayed(&second) && second.status == 201);
    assert_ne!(second.body, admin.body);
    // The same caller, another operation.
    let secrets = format!("{clients}/{}/secrets", made.client_id());
    let third = keyed(&app, &secrets, "k", &json!({})).send().await;
    assert!(!replayed(&third) && third.status == 201);
    let fourth = keyed(&app, "/v1/applications", "k", &new_app("New"))
        .send()
        .await;
    assert!(!replayed(&fourth) && fourth.status == 201);
    // Another tenant's management.
    let other = app.tenant("other").await;
    let theirs = app
        .token_in(
            &other.tenant_id,
            &other.client_id,
            &["apps:create", "apps:read", "apps:edit"],
        )
        .await;
    let request = keyed(&app, "/v1/applications", "k", &new_app("New"));
    let fifth = request.token(&theirs).send().await;
    assert!(!replayed(&fifth));
    assert_eq!(result(&fifth, 201)["tenant_id"], "other");
    // And each of them is replayed to its own caller.
    for (request, first) in [
        (keyed(&app, &clients, "k", &body), &admin),
        (keyed(&app, &clients, "k", &body).token(&own), &second),
        (keyed(&app, &secrets, "k", &json!({})), &third),
    ] {
        let again = request.send().await;
        assert!(replayed(&again));
        assert_eq!(repeated(&again), repeated(first));
    }
}

#[tokio::test]
async fn after_a_day_the_request_is_carried_out_anew() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let firsts = creations(&made);
    let mut answers = Vec::new();
    for (path, body) in &firsts {
        let mut body = body.clone();
        // A secret that outlives the key.
        if path.ends_with("secrets") {
            body = json!({});
        }
        answers.push(keyed(&app, path, "k", &body).send().await);
    }
    app.clock.advance(24 * 3600 - 1);
    let admin = app
        .token(&app.management.client_id, &domain::scopes::MANAGEMENT)
        .await;
    for ((path, body), first) in firsts.iter().zip(&answers) {
        let body = if path.ends_with("secrets") {
            &json!({})
        } else {
            body
        };
        let again = keyed(&app, path, "k", body).token(&admin).send().await;
        assert_eq!(repeated(&again), repeated(first), "a second before");
    }
    app.clock.advance(1);
    for ((path, body), first) in firsts.iter().zip(&answers) {
        let body = if path.ends_with("secrets") {
            &json!({})
        } else {
            body
        };
        let anew = keyed(&app, path, "k", body).token(&admin).send().await;
        assert!(!replayed(&anew) && anew.status == 201, "{}", anew.body);
        assert_ne!(anew.body, first.body);
        let again = keyed(&app, path, "k", body).token(&admin).send().await;
        assert_eq!(repeated(&again), repeated(&anew));
    }
}

#[tokio::test]
async fn a_replay_after_its_result_was_deleted_is_409() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        let first = keyed(&app, &path, "k", &body).send().await;
        let place = first.header("location").unwrap();
        let delete = format!(
            "{place}{}",
            if path.ends_with("/secrets") {
                ""
            } else {
                "?force=true"
            }
        );
        assert_eq!(call(&app, "DELETE", &delete).send().await.status, 204);
        let before = count(&app);
        let again = keyed(&app, &path, "k", &body).send().await;
        assert_eq!(
            refusal(&again),
            (409, "idempotent-result-gone".into()),
            "{path}"
        );
        assert!(!again.body.contains("rsec_"));
        assert_eq!(count(&app), before);
    }
    // An expired secret is gone too.
    let (path, body) = creations(&made)[2].clone();
    assert_eq!(keyed(&app, &path, "l", &body).send().await.status, 201);
    app.clock.advance(3600);
    let admin = app
        .token(&app.management.client_id, &scopes::MANAGEMENT)
        .await;
    let again = keyed(&app, &path, "l", &body).token(&admin).send().await;
    assert_eq!(refusal(&again).0, 409);
}

#[tokio::test]
async fn a_full_client_answers_the_request_that_filled_it() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let (path, _) = creations(&made)[2].clone();
    for _ in 0..3 {
        issue(&app, &path, &json!({})).await;
    }
    let first = keyed(&app, &path, "fifth", &json!({})).send().await;
    let again = keyed(&app, &path, "fifth", &json!({})).send().await;
    assert_eq!(repeated(&again), repeated(&first));
    let sixth = keyed(&app, &path, "sixth", &json!({})).send().await;
    assert_eq!(refusal(&sixth), (409, "too-many-secrets".into()));
}

#[tokio::test]
async fn a_refused_request_keeps_no_answer() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        let mut bad = body.clone();
        bad["x"] = 1.into();
        assert_eq!(keyed(&app, &path, "k", &bad).send().await.status, 400);
        let response = keyed(&app, &path, "k", &body).send().await;
        assert!(!replayed(&response) && response.status == 201);
    }
    let mut taken = new_app("Taken");
    taken["app_code_name"] = "myapp".into();
    for _ in 0..2 {
        let response = keyed(&app, "/v1/applications", "t", &taken).send().await;
        assert_eq!(refusal(&response), (409, "code-name-taken".into()));
    }
}

#[tokio::test]
async fn a_key_is_up_to_255_visible_characters() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (path, body) in creations(&made) {
        for bad in [" ", "a\u{7f}", "é", &"k".repeat(256)] {
            let response = keyed(&app, &path, bad, &body).send().await;
            let found = testkit::faults(&response);
            assert_eq!(found[0].0, "Idempotency-Key", "{bad:?}");
        }
        let longest = "k".repeat(255);
        assert_eq!(keyed(&app, &path, &longest, &body).send().await.status, 201);
    }
}
