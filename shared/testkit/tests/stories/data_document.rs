//! `docs/DATA.md` tells what each access pattern costs; here each is carried out and billed.

use super::*;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DATA.md");

/// A pattern's name, and the request that shows it.
struct Shown {
    pattern: &'static str,
    method: &'static str,
    path: String,
    body: Value,
}

fn shown(
    pattern: &'static str,
    method: &'static str,
    path: impl Into<String>,
    body: Value,
) -> Shown {
    Shown {
        pattern,
        method,
        path: path.into(),
        body,
    }
}

/// The management requests whose bills the document tells, in an order in which each finds what it needs.
fn requests(app: &str, client: &str, further: &str, switched: &str) -> Vec<Shown> {
    let create = "/v1/applications";
    let path = format!("{create}/{app}");
    let clients = format!("{path}/clients");
    let default = format!("{clients}/{client}");
    let other = format!("{clients}/{further}");
    let nothing = || Value::Null;
    let (on, off) = (json!({"active": true}), || json!({"active": false}));
    let status = format!("{create}/{switched}/status");
    let secrets = format!("{default}/secrets");
    vec![
        shown("create an app", "POST", create, new_app("New")),
        shown(
            "create an app, code name taken",
            "POST",
            create,
            new_app("New"),
        ),
        shown(
            "create an app, with a key",
            "POST",
            create,
            new_app("Keyed"),
        ),
        shown("create an app, replayed", "POST", create, new_app("Keyed")),
        shown("app by id", "GET", &path, nothing()),
        shown(
            "app by code name",
            "GET",
            "/v1/applications/myapp",
            nothing(),
        ),
        shown("page of apps", "GET", create, nothing()),
        shown(
            "page of apps, filtered, with nothing that fits",
            "GET",
            "/v1/applications?contains=nothing&limit=1",
            nothing(),
        ),
        shown(
            "update an app",
            "PUT",
            &path,
            json!({"client_description": "new"}),
        ),
        shown("status of an app", "PUT", &status, off()),
        shown("status of an app, as it was", "PUT", &status, off()),
        shown("status of an app, back", "PUT", &status, on),
        shown("create a client", "POST", &clients, new_client("New")),
        shown("page of clients", "GET", &clients, nothing()),
        shown("client, default", "GET", &default, nothing()),
        shown("client, further", "GET", &other, nothing()),
        shown(
            "update a further client",
            "PUT",
            &other,
            json!({"description": "new"}),
        ),
        shown(
            "status of a further client",
            "PUT",
            format!("{other}/status"),
            off(),
        ),
        shown("issue a secret", "POST", &secrets, json!({})),
        shown("list secrets", "GET", &secrets, nothing()),
    ]
}

/// Every pattern that the document prices, with its bill.
async fn bills() -> Vec<(&'static str, String)> {
    let app = TestApp::new().await;
    let mut bills = Vec::new();
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Further", |_| ()).await;
    let switched = app.register("Switched", |_| ()).await;
    let (id, client) = (made.id(), made.client_id().as_str());
    for Shown {
        pattern,
        method,
        path,
        body,
    } in requests(&id, client, further.id().as_str(), &switched.id())
    {
        app.recorder.take();
        let mut request = call(&app, method, &path);
        if body["app_name"] == "Keyed" {
            request = request.header("idempotency-key", "one-key");
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await;
        assert!(response.status < 300, "{pattern}: {}", response.body);
        bills.push((pattern, app.recorder.bill()));
    }
    for (pattern, query, name) in [
        ("revoke a secret", "", "Two"),
        ("revoke a secret with its tokens", "?tokens=end", "Three"),
    ] {
        let other = app.register(name, |_| ()).await;
        let (id, client) = (other.id(), other.client_id());
        let secret = app.issue(client, None).await.id();
        let path = format!("/v1/applications/{id}/clients/{client}/secrets/{secret}{query}");
        let response = call(&app, "DELETE", &path).send().await;
        assert_eq!(response.status, 204, "{}", response.body);
        bills.push((pattern, app.recorder.bill()));
    }
    for pattern in ["token, first of the day", "token"] {
        app.recorder.take();
        let response = token_answer(&app, made.client_id(), &made.secret).await;
        assert_eq!(response.status, 200, "{}", response.body);
        bills.push((pattern, app.recorder.bill()));
    }
    let lone = app.register("Lone", |_| ()).await;
    let forced = format!("/v1/applications/{}?force=true", lone.id());
    assert_eq!(call(&app, "DELETE", &forced).send().await.status, 204);
    bills.push(("delete an app", app.recorder.bill()));
    app.clock.advance(60);
    sweep::handle(app.registry.clone(), sweep::Scheduled::default())
        .await
        .unwrap();
    bills.push(("its last sweep, a minute later", app.recorder.bill()));
    bills
}

#[tokio::test]
async fn the_document_prices_every_pattern_as_it_is_billed() {
    let document = std::fs::read_to_string(DOCUMENT).unwrap();
    let written: Vec<_> = document
        .lines()
        .filter(|line| line.contains(" WU, "))
        .collect();
    let bills = bills().await;
    let mut expected = Vec::new();
    for (pattern, bill) in &bills {
        expected.push(format!("| {pattern} | `{bill}` |"));
    }
    let missing: Vec<_> = expected
        .iter()
        .filter(|row| !written.iter().any(|line| line.ends_with(row.as_str())))
        .collect();
    assert!(missing.is_empty(), "docs/DATA.md lacks:\n{missing:#?}");
    assert_eq!(
        written.len(),
        expected.len(),
        "docs/DATA.md prices more:\n{written:#?}"
    );
}
