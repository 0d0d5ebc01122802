//! Code names: made, asked for, taken, and fought over.

use std::{collections::HashSet, sync::Arc};

use domain::{CodeName, TenantId};
use testkit::{TestApp, answer, json};

use super::*;

/// The code name of a new app of this name.
async fn named(app: &TestApp, name: &str) -> String {
    let shown = created(app, &with("app_name", name)).await;
    shown["app_code_name"].as_str().unwrap().to_owned()
}

fn is_postfixed(code_name: &str, base: &str) -> bool {
    code_name
        .strip_prefix(base)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|postfix| {
            postfix.len() == 8
                && postfix
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        })
}

#[tokio::test]
async fn apps_named_alike_get_code_names_of_their_own_and_the_first_has_no_postfix() {
    let app = TestApp::new().await;
    assert_eq!(named(&app, "My app").await, "myapp");
    let second = named(&app, "My app").await;
    let third = named(&app, "MY-APP!").await;
    assert!(is_postfixed(&second, "myapp"), "{second}");
    assert!(is_postfixed(&third, "myapp"), "{third}");
    assert_ne!(second, third);
}

#[tokio::test]
async fn a_name_without_ascii_letters_gets_a_made_code_name() {
    let app = TestApp::new().await;
    for name in [
        "日本語",
        "!!!",
        "\u{212A}",
        "Ωmega".trim_end_matches("mega"),
    ] {
        let code_name = named(&app, name).await;
        assert!(is_postfixed(&code_name, "app"), "{name}: {code_name}");
        assert_eq!(
            app.recorder.summary().operations[1..],
            ["TransactWriteItems"]
        );
    }
    // The plain name stays free for who is called so.
    assert_eq!(named(&app, "App").await, "app");
}

#[tokio::test]
async fn an_explicit_code_name_is_kept_in_lower_case_and_refused_when_taken() {
    let app = TestApp::new().await;
    let shown = created(&app, &with("app_code_name", "MyCode")).await;
    assert_eq!(shown["app_code_name"], "mycode");
    app.recorder.take();
    for spelling in ["MyCode", "mycode", "MYCODE"] {
        let body = with("app_code_name", spelling);
        let response = post(&app, NATIVE).json(&body).send().await;
        assert_eq!(
            answer(&response),
            (
                409,
                json!({
                    "type": "urn:roster:problem:code-name-taken",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "The code name mycode is taken; choose another, or leave app_code_name out to have one made.",
                    "message": ["The code name mycode is taken; choose another, or leave app_code_name out to have one made."],
                    "error_code": 409,
                    "request_id": "request-1",
                })
            )
        );
        assert_eq!(
            response.header("content-type").unwrap(),
            "application/problem+json"
        );
        assert_eq!(
            app.recorder.summary().operations[1..],
            ["TransactWriteItems"]
        );
    }
    assert_eq!(app.apps(&TenantId::first()).await.len(), 1);
}

#[tokio::test]
async fn a_taken_code_name_is_already_exists_in_the_openid_dialect() {
    let app = TestApp::new().await;
    created(&app, &with("app_code_name", "mycode")).await;
    let body = json!({"name": "Another", "redirect_uri": "https://a.example/cb", "app_code_name": "MyCode"});
    let response = post(&app, OPENID).json(&body).send().await;
    assert_eq!(
        answer(&response),
        (
            422,
            json!({
                "errors": [{
                    "code": "already_exists",
                    "message": "The code name mycode is taken; choose another, or leave app_code_name out to have one made.",
                }],
                "success": false,
            })
        )
    );
    assert_eq!(app.apps(&TenantId::first()).await.len(), 1);
}

#[tokio::test]
async fn a_made_code_name_steps_aside_for_an_explicit_one() {
    let app = TestApp::new().await;
    created(&app, &with("app_code_name", "myapp")).await;
    assert!(is_postfixed(&named(&app, "My app").await, "myapp"));
}

#[tokio::test]
async fn the_management_applications_code_name_is_taken_too() {
    let app = TestApp::new().await;
    let response = post(&app, NATIVE).json(&with("app_code_name", "management"));
    assert_eq!(response.send().await.status, 409);
    assert!(is_postfixed(&named(&app, "Management").await, "management"));
}

#[tokio::test]
async fn another_tenant_has_its_own_code_names() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    let theirs = app.tenant("b").await.client_id;
    let token = app
        .token_in(&b, &theirs, &["apps:create", "apps:read", "apps:edit"])
        .await;
    for token in [&app.admin, &token] {
        let body = with("app_code_name", "mycode");
        let response = post(&app, NATIVE).token(token).json(&body).send().await;
        assert_eq!(response.status, 201);
    }
}

#[tokio::test]
async fn a_long_name_gives_a_code_name_of_a_hundred_characters() {
    let app = TestApp::new().await;
    let name = "Z".repeat(100);
    assert_eq!(named(&app, &name).await, "z".repeat(100));
    let second = named(&app, &name).await;
    assert!(is_postfixed(&second, &"z".repeat(100)));
    assert!(CodeName::parse(&second).is_ok());
}

/// Sends `body` this often at once.
async fn at_once(app: TestApp, body: Value, count: usize) -> (Arc<TestApp>, Vec<(u16, Value)>) {
    let app = Arc::new(app);
    let start = Arc::new(tokio::sync::Barrier::new(count));
    let one = |_| {
        let (app, body, start) = (Arc::clone(&app), body.clone(), Arc::clone(&start));
        tokio::spawn(async move {
            start.wait().await;
            testkit::answer(&post(&app, NATIVE).json(&body).send().await)
        })
    };
    let sent: Vec<_> = (0..count).map(one).collect();
    let mut results = Vec::with_capacity(count);
    for task in sent {
        results.push(task.await.unwrap());
    }
    (app, results)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn two_hundred_concurrent_creates_of_one_name_all_succeed_with_names_of_their_own() {
    let (app, results) = at_once(TestApp::new().await, minimal(), 200).await;
    let mut names = HashSet::new();
    let mut clients = HashSet::new();
    let mut secrets = HashSet::new();
    for (status, body) in results {
        assert_eq!(status, 201, "{body}");
        let text = |name: &str| body["result"][name].as_str().unwrap().to_owned();
        let name = text("app_code_name");
        assert!(name == "myapp" || is_postfixed(&name, "myapp"), "{name}");
        names.insert(name);
        clients.insert(text("client_id"));
        secrets.insert(text("client_secret"));
    }
    assert_eq!((names.len(), clients.len(), secrets.len()), (200, 200, 200));
    assert!(names.contains("myapp"));
    let stored = app.apps(&TenantId::first()).await;
    let stored: HashSet<_> = stored.iter().map(|a| a.code_name.to_string()).collect();
    assert_eq!(stored, names);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_thirty_two_concurrent_creates_of_one_explicit_code_name_one_wins() {
    let body = with("app_code_name", "contested");
    let (app, results) = at_once(TestApp::new().await, body, 32).await;
    let count = |wanted| {
        results
            .iter()
            .filter(|(status, _)| *status == wanted)
            .count()
    };
    assert_eq!((count(201), count(409)), (1, 31));
    assert_eq!(app.apps(&TenantId::first()).await.len(), 1);
}
