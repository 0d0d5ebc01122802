//! A deleted app is gone for every reader at once, whatever the sweep has done by then.

use domain::scopes;
use sweep::Scheduled;
use testkit::{Registered, RegisteredClient, refusal};

use super::*;

struct World {
    app: TestApp,
    made: Registered,
    further: RegisteredClient,
}

/// An app and its further client, and a token of each that was used a moment ago.
async fn world() -> (World, [String; 2]) {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let tokens = [
        token(&app, made.client_id(), &made.secret).await,
        token(&app, further.id(), &further.secret).await,
    ];
    (World { app, made, further }, tokens)
}

/// Everything that could still lead to the app.
async fn assert_gone(w: &World) {
    let client = w.further.id();
    let (app, default) = (w.made.id(), w.made.client_id());
    for (method, path) in [
        ("GET", format!("/v1/applications/{app}")),
        ("GET", "/v1/applications/myapp".into()),
        ("PUT", format!("/v1/applications/{app}")),
        ("PUT", format!("/v1/applications/{app}/status")),
        ("DELETE", format!("/v1/applications/{app}?force=true")),
        ("GET", format!("/v1/applications/{app}/clients")),
        ("GET", format!("/v1/clients/{client}")),
        ("GET", format!("/v1/clients/{default}")),
        ("PUT", format!("/v1/clients/{client}")),
        ("DELETE", format!("/v1/clients/{client}")),
        ("DELETE", format!("/v1/clients/{default}")),
        (
            "GET",
            format!("/v1/applications/{app}/clients/{client}/secrets"),
        ),
        (
            "POST",
            format!("/v1/applications/{app}/clients/{client}/secrets"),
        ),
        ("POST", format!("/v1/applications/{app}/clients")),
    ] {
        let body = match path.rsplit('/').next().unwrap() {
            "status" => json!({"active": true}),
            "clients" => new_client("New"),
            _ => json!({}),
        };
        let mut request = call(&w.app, method, &path);
        if method != "GET" && method != "DELETE" {
            request = request.json(&body);
        }
        let response = request.send().await;
        assert_eq!(
            refusal(&response),
            (404, "not-found".into()),
            "{method} {path}"
        );
    }
    assert!(w.app.apps(&w.made.app.tenant_id).await.is_empty(), "listed");
    assert!(!authenticates(&w.app, default, &w.made.secret).await);
    assert!(!authenticates(&w.app, client, &w.further.secret).await);
}

#[tokio::test]
async fn before_any_sweep_it_is_gone_for_every_reader() {
    let (w, _) = world().await;
    let (table, now) = (&w.app.registry.table, w.app.registry.now());
    table.delete_app(&w.made.app, now).await.unwrap();
    let items = w.app.items();
    assert_gone(&w).await;
    assert_eq!(w.app.items(), items, "and nothing of it changed by asking");
    sweep::handle(w.app.registry.clone(), Scheduled::default())
        .await
        .unwrap();
    assert_gone(&w).await;
}

#[tokio::test]
async fn tokens_of_a_deleted_apps_clients_open_nothing_after_half_a_minute() {
    let (w, tokens) = world().await;
    let path = format!("/v1/applications/{}", w.made.id());
    let own = async |token| call(&w.app, "GET", &path).token(token).send().await.status;
    for token in &tokens {
        assert_eq!(own(token).await, 200);
    }
    let delete = format!("{path}?force=true");
    assert_eq!(call(&w.app, "DELETE", &delete).send().await.status, 204);
    for token in &tokens {
        assert_eq!(
            own(token).await,
            404,
            "the caller is known for a moment, the app is not"
        );
    }
    w.app.clock.advance(30);
    for token in &tokens {
        assert_eq!(own(token).await, 401);
        let create = call(&w.app, "POST", "/v1/clients")
            .token(token)
            .json(&new_client("x"));
        assert_eq!(create.send().await.status, 401);
    }
}

#[tokio::test]
async fn a_client_whose_app_is_deleted_in_the_same_half_minute_makes_no_client() {
    let (w, tokens) = world().await;
    for token in &tokens {
        let read = call(&w.app, "GET", "/v1/clients").token(token);
        assert_eq!(read.send().await.status, 200);
    }
    let delete = format!("/v1/applications/{}?force=true", w.made.id());
    assert_eq!(call(&w.app, "DELETE", &delete).send().await.status, 204);
    let keys = w.app.keys();
    for token in &tokens {
        let create = call(&w.app, "POST", "/v1/clients")
            .token(token)
            .json(&new_client("x"));
        assert_eq!(create.send().await.status, 404);
    }
    assert_eq!(w.app.keys(), keys);
}

#[tokio::test]
async fn a_deleted_client_gets_no_token_and_its_siblings_do() {
    let (w, tokens) = world().await;
    let path = format!("/v1/clients/{}?force=true", w.further.id());
    assert_eq!(call(&w.app, "DELETE", &path).send().await.status, 204);
    assert!(!authenticates(&w.app, w.further.id(), &w.further.secret).await);
    assert!(authenticates(&w.app, w.made.client_id(), &w.made.secret).await);
    w.app.clock.advance(30);
    let app = format!("/v1/applications/{}", w.made.id());
    for (token, status) in tokens.iter().zip([200, 401]) {
        let response = call(&w.app, "GET", &app).token(token).send().await;
        assert_eq!(response.status, status);
    }
}

#[tokio::test]
async fn the_code_name_of_a_deleted_app_stays_reserved() {
    let (w, _) = world().await;
    let delete = "/v1/applications/myapp?force=true";
    assert_eq!(call(&w.app, "DELETE", delete).send().await.status, 204);
    let mut explicit = new_app("Heir");
    explicit["app_code_name"] = "myapp".into();
    let request = call(&w.app, "POST", "/v1/applications").json(&explicit);
    assert_eq!(
        refusal(&request.send().await),
        (409, "code-name-taken".into())
    );
    let request = call(&w.app, "POST", "/v1/applications").json(&new_app("My app"));
    let heir = result(&request.send().await, 201);
    let name = text(&heir["app_code_name"]);
    assert!(
        name.starts_with("myapp_") && name.len() == "myapp_".len() + 8,
        "{name}"
    );
    // Nothing of the old app leads to the new one.
    assert_eq!(
        call(&w.app, "GET", "/v1/applications/myapp")
            .send()
            .await
            .status,
        404
    );
    assert!(!authenticates(&w.app, w.made.client_id(), &w.made.secret).await);
    // Another tenant's names are its own.
    let other = w.app.tenant("other").await;
    let token = w
        .app
        .token_in(&other.tenant_id, &other.client_id, &scopes::MANAGEMENT)
        .await;
    let request = call(&w.app, "POST", "/v1/applications")
        .token(&token)
        .json(&explicit);
    assert_eq!(result(&request.send().await, 201)["app_code_name"], "myapp");
}

#[tokio::test]
async fn sixty_clients_go_with_their_app_in_one_request() {
    let (w, _) = world().await;
    for n in 0..59 {
        w.app
            .register_client(&w.made.app, &format!("Client {n}"), |_| ())
            .await;
    }
    assert_eq!(w.app.keys().len(), 62);
    let delete = "/v1/applications/myapp?force=true";
    assert_eq!(call(&w.app, "DELETE", delete).send().await.status, 204);
    assert_eq!(w.app.keys().len(), 3, "no client is left");
    assert_gone(&w).await;
}

#[tokio::test]
async fn a_sweep_that_the_request_left_undone_is_finished_by_the_schedule() {
    let (w, _) = world().await;
    let down = testkit::Intercept::Fail(testkit::Failure::Other);
    w.app.recorder.script("BatchWriteItem", [down]);
    let delete = "/v1/applications/myapp?force=true";
    assert_eq!(call(&w.app, "DELETE", delete).send().await.status, 204);
    assert_gone(&w).await;
    assert_eq!(w.app.keys().len(), 4);
    w.app.clock.advance(60);
    let swept = sweep::handle(w.app.registry.clone(), Scheduled::default())
        .await
        .unwrap();
    assert_eq!((swept.finished, swept.unfinished), (1, 0));
    assert_eq!(
        w.app.keys(),
        [("CODE#default#myapp".into(), "GUARD".into())]
    );
}
