//! What no client should send, at every route that changes things: a clear 4xx, and nothing written.

use testkit::{Registered, faults, refusal};

use super::*;

/// Every route that takes a body, with one that it would take.
fn with_bodies(made: &Registered, client: &str) -> Vec<(&'static str, String, Value)> {
    let app = format!("/v1/applications/{}", made.id());
    let short = format!("/v1/clients/{client}");
    let long = format!("{app}/clients/{client}");
    let resources = || json!({"resource_ids": ["urn:a"]});
    let mut of_app = new_client("x");
    of_app["app_id"] = made.id().into();
    vec![
        ("PUT", app.clone(), json!({"app_name": "x"})),
        ("PATCH", app.clone(), json!({"app_name": "x"})),
        ("PUT", format!("{app}/resources"), resources()),
        ("PUT", format!("{app}/status"), json!({"active": true})),
        ("POST", format!("{app}/clients"), new_client("x")),
        ("POST", "/v1/clients".into(), of_app),
        ("PUT", long.clone(), json!({"name": "x"})),
        ("PATCH", long.clone(), json!({"name": "x"})),
        ("PUT", short.clone(), json!({"name": "x"})),
        ("PATCH", short.clone(), json!({"name": "x"})),
        ("PUT", format!("{short}/resources"), resources()),
        ("PUT", format!("{short}/status"), json!({"active": true})),
        ("POST", format!("{short}/secrets"), json!({})),
        ("PUT", format!("{long}/resources"), resources()),
        ("PUT", format!("{long}/status"), json!({"active": true})),
        ("POST", format!("{long}/secrets"), json!({})),
    ]
}

/// Every other route.
fn without_bodies(made: &Registered, client: &str, secret: &str) -> Vec<(&'static str, String)> {
    let app = format!("/v1/applications/{}", made.id());
    let long = format!("{app}/clients/{client}");
    vec![
        ("DELETE", app.clone()),
        ("GET", format!("{app}/clients")),
        ("GET", "/v1/clients".into()),
        ("GET", long.clone()),
        ("GET", format!("/v1/clients/{client}")),
        ("DELETE", long.clone()),
        ("DELETE", format!("/v1/clients/{client}")),
        ("GET", format!("{long}/secrets")),
        ("GET", format!("{long}/secrets/{secret}")),
        ("DELETE", format!("{long}/secrets/{secret}")),
        ("GET", format!("/v1/clients/{client}/secrets")),
        ("GET", format!("/v1/clients/{client}/secrets/{secret}")),
        ("DELETE", format!("/v1/clients/{client}/secrets/{secret}")),
    ]
}

struct World {
    app: TestApp,
    made: Registered,
    client: String,
    secret: String,
}

async fn world() -> World {
    let app = TestApp::new().await;
    let made = app.register("My app", |create| create.active = false).await;
    let client = app.register_client(&made.app, "Backend", |_| ()).await;
    let secret = app.issue(client.id(), None).await.id().to_string();
    World {
        client: client.id().to_string(),
        app,
        made,
        secret,
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_object() {
    let w = world().await;
    let before = w.app.items();
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"{\"name\": \"x\"",
        b"{\"name\": \"x\",}",
        b"{\"name\": \"x\"} {}",
        b"{'name': 'x'}",
        b"[]",
        b"null",
        b"\"x\"",
        b"1e999",
        b"\xef\xbb\xbf{}",
        b"{\"name\": \"\xff\xfe\"}",
        deep.as_bytes(),
    ];
    for (method, path, _) in with_bodies(&w.made, &w.client) {
        for body in bodies {
            // A secret needs no body.
            if body.is_empty() && path.ends_with("/secrets") {
                continue;
            }
            let request = call(&w.app, method, &path).body("application/json", body);
            let response = request.send().await;
            let shown = String::from_utf8_lossy(body.get(..30).unwrap_or(body));
            let expected = (400, "malformed-body".into());
            assert_eq!(refusal(&response), expected, "{method} {path} {shown}");
        }
    }
    assert_eq!(w.app.items(), before);
}

#[tokio::test]
async fn bodies_of_another_type() {
    let w = world().await;
    let before = w.app.items();
    for (method, path, body) in with_bodies(&w.made, &w.client) {
        for media_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/jsonp",
            "application/xml",
            "application/json-patch+json",
            "application/scim+json",
            "multipart/form-data; boundary=x",
            "json",
        ] {
            let text = body.to_string();
            let request = call(&w.app, method, &path).body(media_type, text.as_bytes());
            let response = request.send().await;
            let expected = (415, "unsupported-media-type".into());
            assert_eq!(refusal(&response), expected, "{method} {path} {media_type}");
        }
    }
    assert_eq!(w.app.items(), before);
    // Case and parameters of the right one are of no account.
    for (method, path, body) in with_bodies(&w.made, &w.client) {
        let text = body.to_string();
        let request = call(&w.app, method, &path);
        let request = request.body("Application/JSON; charset=utf-8", text.as_bytes());
        let status = request.send().await.status;
        assert!([200, 201].contains(&status), "{method} {path}: {status}");
    }
}

#[tokio::test]
async fn bodies_that_are_too_long() {
    let w = world().await;
    let before = w.app.items();
    let long = vec![b' '; 64 * 1024 + 1];
    let mut routes: Vec<_> = without_bodies(&w.made, &w.client, &w.secret);
    let bodies = with_bodies(&w.made, &w.client).into_iter();
    routes.extend(bodies.map(|(method, path, _)| (method, path)));
    for (method, path) in routes {
        let request = call(&w.app, method, &path).body("application/json", &long);
        let response = request.send().await;
        assert_eq!(
            refusal(&response),
            (413, "body-too-large".into()),
            "{method} {path}"
        );
    }
    assert_eq!(w.app.items(), before);
    assert!(!w.app.recorder.summary().wrote());
}

#[tokio::test]
async fn members_of_another_type() {
    let w = world().await;
    let before = w.app.items();
    let odd = [
        json!(1),
        json!(-1.5),
        json!(true),
        json!([]),
        json!([1]),
        json!([[]]),
        json!({}),
        json!({"a": {"b": []}}),
        json!("\u{0}"),
        json!("x".repeat(3000)),
    ];
    for (method, path, good) in with_bodies(&w.made, &w.client) {
        for member in good.as_object().unwrap().keys() {
            for value in &odd {
                let mut body = good.clone();
                body[member] = value.clone();
                let response = call(&w.app, method, &path).json(&body).send().await;
                // Like a name in a path, of no app.
                if member == "app_id" && value.is_string() {
                    assert_eq!(refusal(&response), (404, "not-found".into()), "{body}");
                    continue;
                }
                let taken = response.status < 300;
                // true is an active status, [] a list that may be empty.
                let fits = (member == "active" && value == &json!(true))
                    || (member == "resource_ids" && value == &json!([]));
                assert_eq!(taken, fits, "{method} {path} {body}: {}", response.body);
                if !taken {
                    let found = faults(&response);
                    let pointer = format!("/{member}");
                    assert!(
                        found.iter().all(|(at, _)| at.starts_with(&pointer)),
                        "{found:?}"
                    );
                }
            }
        }
        let mut unknown = good.clone();
        unknown["nmae"] = json!(1);
        let found = faults(&call(&w.app, method, &path).json(&unknown).send().await);
        assert_eq!(found, [("/nmae".into(), "unknown_member".into())]);
    }
    // What fitted changed no more than versions and resources.
    assert_eq!(w.app.items().len(), before.len());
}

#[tokio::test]
async fn unknown_query_parameters() {
    let w = world().await;
    let before = w.app.items();
    let mut requests = Vec::new();
    for (method, path, body) in with_bodies(&w.made, &w.client) {
        requests.push((method, path, Some(body)));
    }
    for (method, path) in without_bodies(&w.made, &w.client, &w.secret) {
        requests.push((method, path, None));
    }
    for (method, path, body) in requests {
        for query in ["expires_in=60", "dry_run", "a%20b=1", "x=1&x=2"] {
            let mut request = call(&w.app, method, &format!("{path}?{query}"));
            if let Some(body) = &body {
                request = request.json(body);
            }
            let found = faults(&request.send().await);
            let name = query.split(['=', '&']).next().unwrap().replace("%20", " ");
            assert_eq!(
                found[0],
                (name, "unknown_member".into()),
                "{method} {path}?{query}"
            );
        }
    }
    assert_eq!(w.app.items(), before);
    assert!(!w.app.recorder.summary().wrote());
}

#[tokio::test]
async fn names_in_paths_that_can_name_nothing() {
    let w = world().await;
    let before = w.app.items();
    let upper = w.made.id().to_uppercase();
    let odd = [
        "%00",
        "%20",
        "..",
        "a%23b",
        "a%5cb",
        "%F0%9F%A6%80",
        "*",
        "null",
        "0",
        "-1",
        &upper,
        "%7B%7D",
        "a%0d%0ab",
        "MYAPP-",
        "app%2Ename",
        &"x".repeat(5000),
    ];
    for name in odd {
        let mut requests = Vec::new();
        for (method, path, body) in with_bodies(&w.made, &w.client) {
            requests.push((method, path, Some(body)));
        }
        for (method, path) in without_bodies(&w.made, &w.client, &w.secret) {
            requests.push((method, path, None));
        }
        for (method, path, body) in requests {
            for known in [w.made.id(), w.client.clone(), w.secret.clone()] {
                if !path.contains(&known) {
                    continue;
                }
                let path = path.replace(&known, name);
                let mut request = call(&w.app, method, &path);
                if let Some(body) = &body {
                    request = request.json(body);
                }
                let response = request.send().await;
                assert_eq!(
                    refusal(&response),
                    (404, "not-found".into()),
                    "{method} {path}"
                );
            }
        }
    }
    assert_eq!(w.app.items(), before);
}

#[tokio::test]
async fn a_body_of_nothing_but_faults_is_not_answered_at_length() {
    let app = TestApp::new().await;
    let members: testkit::Map<_, _> = (0..4000).map(|n| (format!("m{n}"), json!(n))).collect();
    for path in ["/v1/applications", "/platform/v1/apps", "/admin/v1/Apps"] {
        let media = match path {
            "/admin/v1/Apps" => "application/scim+json",
            _ => "application/json",
        };
        let body = Value::Object(members.clone()).to_string();
        let request = call(&app, "POST", path).body(media, body.as_bytes());
        let response = request.send().await;
        assert!([400, 422].contains(&response.status), "{path}");
        assert!(
            response.body.len() < 20_000,
            "{path}: {}",
            response.body.len()
        );
        // The other dialects take members that they do not know.
        if path == "/v1/applications" {
            assert!(
                response.body.contains("more faults, which are not listed"),
                "{path}"
            );
        }
    }
}
