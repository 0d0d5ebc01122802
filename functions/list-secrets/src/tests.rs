//! `list-secrets` through the dispatcher, on the embedded engine.

use domain::Secret;
use testkit::{TestApp, TestRequest, json, refusal, result};

fn get<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "GET", path)
}

#[tokio::test]
async fn what_is_kept_of_each_secret_is_shown_and_no_secret() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (client, text) in [
        (made.client_id(), &made.secret),
        (further.id(), &further.secret),
    ] {
        let first = Secret::parse(text).unwrap();
        let start = app.registry.now();
        app.clock.advance(5);
        let second = app.issue(client, Some(3600)).await;
        let table = &app.registry.table;
        let stored = app.stored_client(client).await.unwrap();
        table
            .note_use(&stored, &first.id(), start.day())
            .await
            .unwrap();
        app.recorder.take();
        for prefix in [
            "/v1".to_owned(),
            "/v1/applications/myapp".into(),
            format!("/v1/applications/{}", made.id()),
        ] {
            let path = format!("{prefix}/clients/{client}/secrets");
            let response = get(&app, &path).send().await;
            assert_eq!(
                result(&response, 200),
                json!([
                    {
                        "secret_id": first.id(),
                        "hint": format!("rsec_{}…", first.id()),
                        "created_at": stored.created_at.to_string(),
                        "last_used_on": "2026-01-02",
                    },
                    {
                        "secret_id": second.id(),
                        "hint": format!("rsec_{}…", second.id()),
                        "created_at": app.registry.now().to_string(),
                        "expires_at": app.registry.now().plus(3600).to_string(),
                        "last_used_on": "never",
                    },
                ])
            );
            assert!(!response.body.contains(second.expose()));
            assert!(!response.body.contains("digest"));
            let cost = app.recorder.summary();
            let one = if client == made.client_id() {
                "GetItem"
            } else {
                "BatchGetItem"
            };
            assert_eq!(cost.operations, [one]);
        }
    }
}

#[tokio::test]
async fn a_retired_one_is_left_out_and_an_expired_one_shown_with_its_end() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let client = made.client_id();
    let expired = app.issue(client, Some(10)).await;
    let retired = app.issue(client, None).await;
    app.retire(client, &retired.id()).await;
    app.clock.advance(11);
    let path = format!("/v1/applications/myapp/clients/{client}/secrets");
    let shown = result(&get(&app, &path).send().await, 200);
    let ids: Vec<_> = shown
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["secret_id"].clone())
        .collect();
    assert!(ids.contains(&json!(expired.id())) && !ids.contains(&json!(retired.id())));
    assert_eq!(ids.len(), 2);
}

#[tokio::test]
async fn one_secret_is_read_as_the_list_shows_it_and_a_retired_or_unknown_one_is_404() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for client in [made.client_id(), further.id()] {
        let retired = app.issue(client, None).await;
        app.retire(client, &retired.id()).await;
        app.issue(client, Some(3600)).await;
        for prefix in ["/v1", "/v1/applications/myapp"] {
            let list = format!("{prefix}/clients/{client}/secrets");
            let all = result(&get(&app, &list).send().await, 200);
            let all = all.as_array().unwrap();
            assert_eq!(all.len(), 2);
            for one in all {
                let path = format!("{list}/{}", one["secret_id"].as_str().unwrap());
                app.recorder.take();
                let response = get(&app, &path).send().await;
                assert_eq!(result(&response, 200), *one);
                assert_eq!(app.recorder.summary().operations.len(), 1);
            }
            for id in [retired.id().as_str(), "aaaaaaaaaa", "%20"] {
                let response = get(&app, &format!("{list}/{id}")).send().await;
                assert_eq!(refusal(&response), (404, "not-found".into()), "{id}");
                assert!(response.body.contains("There is no such secret."));
            }
        }
    }
}

#[tokio::test]
async fn a_client_without_secrets_has_an_empty_list() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let phone = app.register_client(&made.app, "Phone", |settings| {
        settings.client_type = domain::ClientType::Native;
        settings.token_endpoint_auth_method = domain::TokenEndpointAuthMethod::None;
    });
    let path = format!(
        "/v1/applications/myapp/clients/{}/secrets",
        phone.await.id()
    );
    assert_eq!(result(&get(&app, &path).send().await, 200), json!([]));
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let one = app.register("One", |_| ()).await;
    app.register("Two", |_| ()).await;
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    for path in [
        "/v1/applications/one/clients/nobody/secrets".to_owned(),
        "/v1/clients/nobody/secrets".into(),
        format!("/v1/clients/{}/secrets", theirs.client_id()),
        format!("/v1/applications/two/clients/{}/secrets", one.client_id()),
        format!(
            "/v1/applications/nosuchapp/clients/{}/secrets",
            one.client_id()
        ),
        format!(
            "/v1/applications/theirs/clients/{}/secrets",
            theirs.client_id()
        ),
        format!(
            "/v1/applications/{}/clients/{}/secrets",
            theirs.id(),
            theirs.client_id()
        ),
    ] {
        let response = get(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
}
