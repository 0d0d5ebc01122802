//! A write that was carried out, and whose answer was lost on the way (aws-sdk-java#2667).

use testkit::{Failure, Intercept, refusal};

use super::*;

const LOST: Intercept = Intercept::ExecuteThenFail(Failure::Io);

/// Creations by path and body, and which of their answers' members name what was made.
async fn creations(app: &TestApp) -> [(String, Value); 3] {
    let made = app.register("My app", |_| ()).await;
    let clients = format!("/v1/applications/{}/clients", made.id());
    let secrets = format!("{clients}/{}/secrets", made.client_id());
    let mut client = new_client("New");
    client["grant_types"] = json!(["client_credentials"]);
    [
        ("/v1/applications".into(), new_app("New")),
        (clients, client),
        (secrets, json!({})),
    ]
}

/// That the secret of an answer works.
async fn works(app: &TestApp, path: &str, response: &Response) {
    let shown = result(response, 201);
    let in_path = path.split('/').nth(5).unwrap_or_default();
    let client = shown.get("client_id").map_or(in_path.to_owned(), text);
    assert!(
        authenticates(app, client, &text(&shown["client_secret"])).await,
        "{path}"
    );
}

#[tokio::test]
async fn the_sdks_own_retry_gets_the_answer() {
    let app = TestApp::new().await;
    for (path, body) in creations(&app).await {
        for key in ["", "k"] {
            let mut body = body.clone();
            if path == "/v1/applications" {
                body["app_name"] = json!(format!("New{key}"));
            }
            let before = app.items().len();
            app.recorder.take();
            app.recorder.script("TransactWriteItems", [LOST, LOST]);
            let request = call(&app, "POST", &path).header("idempotency-key", key);
            let response = request.json(&body).send().await;
            let sent = app.recorder.take();
            let tokens: Vec<_> = sent
                .iter()
                .filter(|call| call.operation == "TransactWriteItems")
                .map(|call| text(&call.request["ClientRequestToken"]))
                .collect();
            assert_eq!(tokens.len(), 3);
            assert!(tokens.iter().all(|token| *token == tokens[0]));
            works(&app, &path, &response).await;
            let items = match path.rsplit('/').next().unwrap() {
                "applications" => 2,
                "clients" => 1,
                _ => 0,
            };
            assert_eq!(
                app.items().len() - before,
                items + usize::from(!key.is_empty())
            );
        }
    }
}

#[tokio::test]
async fn when_every_answer_is_lost_the_callers_own_retry_gets_the_secret() {
    let app = TestApp::new().await;
    for (path, body) in creations(&app).await {
        app.recorder
            .script("TransactWriteItems", [LOST, LOST, LOST]);
        let request = || {
            call(&app, "POST", &path)
                .header("idempotency-key", "k")
                .json(&body)
        };
        let lost = request().send().await;
        assert_eq!(refusal(&lost), (503, "unavailable".into()), "{path}");
        assert_eq!(lost.header("retry-after"), Some("1"));
        assert!(!lost.body.contains("rsec_"));
        let before = app.items();
        let response = request().send().await;
        assert_eq!(response.header("idempotent-replayed"), Some("true"));
        assert_eq!(app.items(), before, "carried out once");
        works(&app, &path, &response).await;
    }
}

#[tokio::test]
async fn a_request_that_never_arrived_is_carried_out_by_the_retry() {
    let app = TestApp::new().await;
    for (path, body) in creations(&app).await {
        let never = Intercept::Fail(Failure::Io);
        app.recorder
            .script("TransactWriteItems", std::iter::repeat_n(never, 3));
        let request = || {
            call(&app, "POST", &path)
                .header("idempotency-key", "k")
                .json(&body)
        };
        assert_eq!(request().send().await.status, 503);
        let response = request().send().await;
        assert_eq!(response.header("idempotent-replayed"), None);
        works(&app, &path, &response).await;
    }
}

#[tokio::test]
async fn a_replay_that_can_not_be_checked_is_503_and_gives_no_secret() {
    let app = TestApp::new().await;
    for (path, body) in creations(&app).await {
        let request = || {
            call(&app, "POST", &path)
                .header("idempotency-key", "k")
                .json(&body)
        };
        assert_eq!(request().send().await.status, 201);
        for operation in ["GetItem", "BatchGetItem"] {
            let down = Intercept::Fail(Failure::Io);
            app.recorder.script(operation, std::iter::repeat_n(down, 3));
        }
        let response = request().send().await;
        assert_eq!(response.status, 503, "{path}");
        assert!(!response.body.contains("rsec_"));
        // Use up what is left of the script.
        app.recorder.clear_script();
        works(&app, &path, &request().send().await).await;
    }
}
