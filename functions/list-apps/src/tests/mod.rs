//! `list-apps` through the dispatcher, on the embedded engine.

use testkit::{Registered, TestApp, TestRequest, Value, answer, body, json};

mod filling;
mod filters;
mod openid;
mod pages;

const PATH: &str = "/v1/applications";

fn list<'a>(app: &'a TestApp, query: &str) -> TestRequest<'a> {
    app.request(super::handle, "GET", &format!("{PATH}?{query}"))
}

/// Apps of these names, each made a second after the one before.
async fn registered(app: &TestApp, names: &[&str]) -> Vec<Registered> {
    let mut made = Vec::new();
    for name in names {
        app.clock.advance(1);
        made.push(app.register(name, |_| ()).await);
    }
    made
}

/// The names in a native answer, which must be a success.
async fn names(request: TestRequest<'_>) -> Vec<String> {
    let response = request.send().await;
    assert_eq!(response.status, 200, "{}", response.body);
    names_in(&body(&response))
}

fn names_in(shown: &Value) -> Vec<String> {
    let apps = shown["result"].as_array().unwrap();
    apps.iter()
        .map(|app| app["app_name"].as_str().unwrap().to_owned())
        .collect()
}

/// That the answer is a 400 for this parameter alone.
async fn refused(app: &TestApp, query: &str, parameter: &str, code: &str) {
    let response = list(app, query).send().await;
    assert_eq!(response.status, 400, "{query}: {}", response.body);
    let shown = body(&response);
    let errors = shown["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{query}: {errors:?}");
    assert_eq!(errors[0]["parameter"], parameter, "{query}");
    assert_eq!(errors[0]["code"], code, "{query}");
}
