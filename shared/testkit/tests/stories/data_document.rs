//! `docs/DATA.md` tells what each access pattern costs; here each is carried out and billed.

use super::*;

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/DATA.md");

/// Every pattern that the document prices, with its bill.
async fn bills() -> Vec<(&'static str, String)> {
    let app = TestApp::new().await;
    let mut bills = Vec::new();
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Further", |_| ()).await;
    let path = format!("/v1/applications/{}", made.id());
    let clients = format!("{path}/clients");
    let default = format!("{clients}/{}", made.client_id());
    let other = format!("{clients}/{}", further.id());
    let (create, on) = ("/v1/applications", json!({"active": true}));
    let (off, again) = (
        json!({"active": false}),
        json!({"client_description": "new"}),
    );
    let described = json!({"description": "new"});
    for (pattern, method, path, key, body) in [
        ("create an app", "POST", create, "", new_app("New")),
        (
            "create an app, code name taken",
            "POST",
            create,
            "",
            new_app("New"),
        ),
        (
            "create an app, with a key",
            "POST",
            create,
            "k1",
            new_app("Keyed"),
        ),
        (
            "create an app, replayed",
            "POST",
            create,
            "k1",
            new_app("Keyed"),
        ),
        ("app by id", "GET", &path, "", Value::Null),
        (
            "app by code name",
            "GET",
            "/v1/applications/myapp",
            "",
            Value::Null,
        ),
        ("page of apps", "GET", create, "", Value::Null),
        ("update an app", "PUT", &path, "", again),
        (
            "status of an app",
            "PUT",
            &format!("{path}/status"),
            "",
            off.clone(),
        ),
        (
            "status of an app, as it was",
            "PUT",
            &format!("{path}/status"),
            "",
            off.clone(),
        ),
        (
            "status of an app, back",
            "PUT",
            &format!("{path}/status"),
            "",
            on,
        ),
        ("create a client", "POST", &clients, "", new_client("New")),
        ("page of clients", "GET", &clients, "", Value::Null),
        ("client, default", "GET", &default, "", Value::Null),
        ("client, further", "GET", &other, "", Value::Null),
        ("update a further client", "PUT", &other, "", described),
        (
            "status of a further client",
            "PUT",
            &format!("{other}/status"),
            "",
            off,
        ),
        (
            "issue a secret",
            "POST",
            &format!("{default}/secrets"),
            "",
            json!({}),
        ),
        (
            "list secrets",
            "GET",
            &format!("{default}/secrets"),
            "",
            Value::Null,
        ),
    ] {
        app.recorder.take();
        let mut request = call(&app, method, path).header("idempotency-key", key);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await;
        assert!(response.status < 300, "{pattern}: {}", response.body);
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
    bills.push(("delete an app, with its sweep", app.recorder.bill()));
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
