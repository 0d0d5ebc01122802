//! `list-clients` through the dispatcher, on the embedded engine.

use domain::scopes;
use testkit::{Registered, TestApp, TestRequest, body, faults, json, refusal, result};

fn get<'a>(app: &'a TestApp, path: &str) -> TestRequest<'a> {
    app.request(super::handle, "GET", path)
}

/// An app with so many further clients, each a second younger than the last, and all its client ids.
async fn with_clients(app: &TestApp, count: usize) -> (Registered, Vec<String>) {
    let made = app.register("My app", |_| ()).await;
    let mut ids = vec![made.client_id().to_string()];
    for n in 0..count {
        app.clock.advance(1);
        let name = format!("Client {n}");
        let client = app.register_client(&made.app, &name, |_| ()).await;
        ids.push(client.id().to_string());
    }
    (made, ids)
}

#[tokio::test]
async fn the_default_client_comes_first_and_the_others_in_the_order_of_creation() {
    let app = TestApp::new().await;
    let (made, ids) = with_clients(&app, 2).await;
    let response = get(&app, "/v1/applications/myapp/clients").send().await;
    assert_eq!(response.header("link"), None);
    let shown = |at: usize, name: &str| {
        json!({
            "client_id": ids[at],
            "app_id": made.id(),
            "tenant_id": "default",
            "name": name,
            "client_type": "web",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "client_credentials"],
            "scopes": ["apps:read", "apps:edit"],
            "redirect_uris": ["https://app.example.com/cb"],
            "post_logout_redirect_uris": [],
            "response_types": ["code", "id_token"],
            "resources": [],
            "device_authorization": {"enabled": false},
            "ciba_authorization": {"enabled": false},
            "access_token_lifetime": 3600,
            "active": true,
            "default": at == 0,
            "effective": true,
            "effective_scopes": ["apps:read", "apps:edit"],
            "created_at": format!("2026-01-02T03:04:0{}Z", 5 + at),
            "created_by": app.management.client_id,
            "updated_at": format!("2026-01-02T03:04:0{}Z", 5 + at),
            "updated_by": app.management.client_id,
            "version": 1,
        })
    };
    let expected = [
        shown(0, "My app"),
        shown(1, "Client 0"),
        shown(2, "Client 1"),
    ];
    assert_eq!(body(&response), json!({ "result": expected }));
}

#[tokio::test]
async fn pages_of_any_length_give_each_client_once() {
    let app = TestApp::new().await;
    let (made, ids) = with_clients(&app, 6).await;
    for path in [
        format!("/v1/applications/{}/clients", made.id()),
        "/v1/applications/myapp/clients".into(),
    ] {
        for limit in [1, 2, 3, 6, 7, 8, 100] {
            let (mut seen, mut next) = (Vec::new(), format!("{path}?limit={limit}"));
            let mut pages = 0;
            loop {
                let response = get(&app, &next).send().await;
                let page = body(&response);
                let clients = page["result"].as_array().unwrap();
                assert!(!clients.is_empty() && clients.len() <= limit);
                seen.extend(
                    clients
                        .iter()
                        .map(|c| c["client_id"].as_str().unwrap().to_owned()),
                );
                pages += 1;
                let Some(cursor) = page["next_cursor"].as_str() else {
                    assert_eq!(response.header("link"), None);
                    break;
                };
                // RFC 8288: the link leads where the cursor leads.
                next = format!("{path}?limit={limit}&cursor={cursor}");
                let link = format!("<{next}>; rel=\"next\"");
                assert_eq!(response.header("link"), Some(&*link));
            }
            assert_eq!(seen, ids, "{limit}");
            assert_eq!(pages, ids.len().div_ceil(limit));
        }
    }
}

#[tokio::test]
async fn the_first_page_is_one_query_and_a_later_one_a_read_more() {
    let app = TestApp::new().await;
    let (made, _) = with_clients(&app, 6).await;
    let path = format!("/v1/applications/{}/clients?limit=3", made.id());
    let page = get(&app, &path).send().await;
    let bill = "Query: 1 RU, 0 WU, 0 of them the index's";
    assert_eq!(app.recorder.bill(), bill);
    let next = format!(
        "{path}&cursor={}",
        body(&page)["next_cursor"].as_str().unwrap()
    );
    result(&get(&app, &next).send().await, 200);
    let bill = "GetItem + Query: 2 RU, 0 WU, 0 of them the index's";
    assert_eq!(app.recorder.bill(), bill);
}

#[tokio::test]
async fn without_an_app_in_the_path_it_is_the_callers() {
    let app = TestApp::new().await;
    let (made, ids) = with_clients(&app, 1).await;
    let own = app.token(made.client_id(), &[scopes::READ]).await;
    let response = get(&app, "/v1/clients").token(&own).send().await;
    assert_eq!(result(&response, 200)[1]["client_id"], ids[1]);
    // It may name its own app, and no other.
    for named in ["myapp".to_owned(), made.id()] {
        let path = format!("/v1/clients?app_id={named}");
        let shown = result(&get(&app, &path).token(&own).send().await, 200);
        assert_eq!(shown[1]["client_id"], ids[1]);
    }
    app.register("Other", |_| ()).await;
    for named in ["other", "management", "nosuchapp", ""] {
        let path = format!("/v1/clients?app_id={named}");
        let response = get(&app, &path).token(&own).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{named}");
    }
}

#[tokio::test]
async fn a_management_token_says_whose_clients_are_wanted() {
    let app = TestApp::new().await;
    let (made, ids) = with_clients(&app, 3).await;
    let response = get(&app, "/v1/clients?limit=0").send().await;
    let expected = ["app_id", "limit"].map(str::to_owned);
    let found = faults(&response);
    let at: Vec<_> = found
        .iter()
        .map(|(parameter, _)| parameter.clone())
        .collect();
    assert_eq!(at, expected);
    let response = get(&app, "/v1/clients").send().await;
    assert_eq!(faults(&response), [("app_id".into(), "required".into())]);
    assert_eq!(
        body(&response)["detail"],
        "app_id is required with a token of the management application: the id or the code name of the \
         application whose clients are wanted"
    );
    for named in ["myapp".to_owned(), made.id()] {
        let (mut seen, mut next) = (Vec::new(), format!("/v1/clients?app_id={named}&limit=2"));
        loop {
            let response = get(&app, &next).send().await;
            let page = body(&response);
            let clients = page["result"].as_array().unwrap();
            seen.extend(
                clients
                    .iter()
                    .map(|c| c["client_id"].as_str().unwrap().to_owned()),
            );
            // The link names the app too.
            let Some(link) = response.header("link") else {
                break;
            };
            let (path, _) = link.trim_start_matches('<').split_once('>').unwrap();
            next = path.to_owned();
        }
        assert_eq!(seen, ids);
    }
    let shown = result(
        &get(&app, "/v1/clients?app_id=management").send().await,
        200,
    );
    assert_eq!(shown[0]["client_id"], json!(app.management.client_id));
    for named in ["nosuchapp", ""] {
        let response = get(&app, &format!("/v1/clients?app_id={named}"))
            .send()
            .await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{named}");
    }
    // A path that names the app takes no second name of it.
    let twice = get(&app, "/v1/applications/myapp/clients?app_id=myapp")
        .send()
        .await;
    assert_eq!(faults(&twice), [("app_id".into(), "unknown_member".into())]);
}

#[tokio::test]
async fn clients_of_an_app_that_is_off_are_active_and_not_effective_on_every_page() {
    let app = TestApp::new().await;
    let (made, _) = with_clients(&app, 3).await;
    app.switch(&made.app, false).await;
    let mut next = "/v1/applications/myapp/clients?limit=2".to_owned();
    for _ in 0..2 {
        let page = body(&get(&app, &next).send().await);
        for client in page["result"].as_array().unwrap() {
            let shown = (&client["active"], &client["effective"]);
            assert_eq!(shown, (&json!(true), &json!(false)), "{client}");
        }
        let cursor = page["next_cursor"].as_str().unwrap_or_default();
        next = format!("/v1/applications/myapp/clients?limit=2&cursor={cursor}");
    }
}

#[tokio::test]
async fn bad_queries_are_refused_by_parameter() {
    let app = TestApp::new().await;
    with_clients(&app, 1).await;
    let list = "/v1/applications/myapp/clients";
    for (query, parameter, code) in [
        ("limit=0", "limit", "out_of_range"),
        ("limit=101", "limit", "out_of_range"),
        ("limit=-1", "limit", "out_of_range"),
        ("limit=x", "limit", "out_of_range"),
        ("limit=", "limit", "out_of_range"),
        ("limit=99999999999999999999", "limit", "out_of_range"),
        ("cursor=", "cursor", "conflict"),
        ("cursor=forged", "cursor", "conflict"),
        ("limit=1&limit=2", "limit", "duplicate"),
        ("active=true", "active", "unknown_member"),
    ] {
        let found = faults(&get(&app, &format!("{list}?{query}")).send().await);
        assert_eq!(found, [(parameter.into(), code.into())], "{query}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_list_only() {
    let app = TestApp::new().await;
    with_clients(&app, 2).await;
    let other = app.register("Other", |_| ()).await;
    app.register_client(&other.app, "x", |_| ()).await;
    let page = body(
        &get(&app, "/v1/applications/myapp/clients?limit=1")
            .send()
            .await,
    );
    let cursor = page["next_cursor"].as_str().unwrap();
    for list in [
        "/v1/applications/other/clients?",
        "/v1/clients?app_id=other&",
        "/v1/clients?app_id=management&",
    ] {
        let found = faults(&get(&app, &format!("{list}cursor={cursor}")).send().await);
        assert_eq!(found, [("cursor".into(), "conflict".into())]);
    }
}

#[tokio::test]
async fn an_app_that_is_not_there_is_404_on_any_page() {
    let app = TestApp::new().await;
    let (made, _) = with_clients(&app, 2).await;
    let path = format!("/v1/applications/{}/clients", made.id());
    let page = body(&get(&app, &format!("{path}?limit=1")).send().await);
    let cursor = page["next_cursor"].as_str().unwrap();
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let (table, now) = (&app.registry.table, app.registry.now());
    table.delete_app(&made.app, now).await.unwrap();
    for path in [
        path.clone(),
        format!("{path}?cursor={cursor}"),
        "/v1/applications/myapp/clients".into(),
        "/v1/applications/nosuchapp/clients".into(),
        "/v1/applications/theirs/clients".into(),
        format!("/v1/applications/{}/clients", theirs.id()),
        "/v1/applications/01900000-0000-7000-8000-000000000000/clients".into(),
    ] {
        let response = get(&app, &path).send().await;
        assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
    }
}

#[tokio::test]
async fn a_client_that_can_not_be_read_is_left_out() {
    let app = TestApp::new().await;
    let (_, ids) = with_clients(&app, 3).await;
    let mut poison = app.items().into_iter().find(|item| {
        let sk = item["sk"]["S"].as_str().unwrap();
        sk == format!("CLIENT#{}", ids[2])
    });
    let item = poison.as_mut().unwrap();
    item["client"]["M"]["version"] = json!({"S": "two"});
    app.put_raw(item);
    for query in ["", "?limit=2"] {
        let path = format!("/v1/applications/myapp/clients{query}");
        let page = body(&get(&app, &path).send().await);
        let seen: Vec<_> = page["result"].as_array().unwrap().iter().collect();
        assert!(seen.iter().all(|c| c["client_id"] != ids[2]));
        assert_eq!(seen.len(), if query.is_empty() { 3 } else { 2 });
    }
}
