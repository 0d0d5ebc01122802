//! `update-client` through the dispatcher, on the embedded engine.

use domain::{ClientId, ClientType, GrantType, Secret, TokenEndpointAuthMethod};
use testkit::{
    Failure, Intercept, Registered, TestApp, TestRequest, Value, faults, json, refusal,
    refused_condition, result,
};

mod defaults;

fn request<'a>(app: &'a TestApp, method: &str, path: &str) -> TestRequest<'a> {
    app.request(super::handle, method, path)
}

/// Every path that names a client.
fn paths(made: &Registered, client: &ClientId) -> [String; 3] {
    let (id, name) = (made.id(), &made.app.code_name);
    [
        format!("/v1/clients/{client}"),
        format!("/v1/applications/{id}/clients/{client}"),
        format!("/v1/applications/{name}/clients/{client}"),
    ]
}

fn short(client: &ClientId) -> String {
    format!("/v1/clients/{client}")
}

#[tokio::test]
async fn a_put_answers_the_whole_client_as_it_is_now() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    app.clock.advance(60);
    let change = json!({
        "name": "Worker", "description": "Works", "logout_uri": "https://app.example.com/out",
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "response_types": ["code"],
    });
    let response = request(&app, "PUT", &short(further.id())).json(&change);
    let response = response.send().await;
    assert_eq!(response.header("etag"), Some("\"2\""));
    assert_eq!(
        result(&response, 200),
        json!({
            "client_id": further.id(),
            "app_id": made.id(),
            "tenant_id": "default",
            "name": "Worker",
            "description": "Works",
            "client_type": "web",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code", "client_credentials"],
            "scopes": ["apps:read", "apps:edit"],
            "redirect_uris": ["https://app.example.com/cb"],
            "post_logout_redirect_uris": ["https://app.example.com/bye"],
            "logout_uri": "https://app.example.com/out",
            "response_types": ["code"],
            "resources": [],
            "device_authorization": {"enabled": false},
            "ciba_authorization": {"enabled": false},
            "access_token_lifetime": 3600,
            "active": true,
            "default": false,
            "effective": true,
            "effective_scopes": ["apps:read", "apps:edit"],
            "created_at": "2026-01-02T03:04:05Z",
            "created_by": app.management.client_id,
            "updated_at": "2026-01-02T03:05:05Z",
            "updated_by": app.management.client_id,
            "version": 2,
        })
    );
}

#[tokio::test]
async fn every_path_and_verb_changes_default_and_further_clients() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for client in [made.client_id(), further.id()] {
        let mut version = 1;
        for path in paths(&made, client) {
            for method in ["PUT", "PATCH"] {
                version += 1;
                let change = json!({"name": format!("{version}")});
                let response = request(&app, method, &path).json(&change).send().await;
                let shown = result(&response, 200);
                assert_eq!(shown["version"], version, "{method} {path}");
                assert_eq!(shown["default"], client == made.client_id());
                assert_eq!(response.header("etag"), Some(&*format!("\"{version}\"")));
                let stored = app.stored_client(client).await.unwrap();
                assert_eq!(stored.settings.name.as_str(), version.to_string());
            }
        }
    }
}

#[tokio::test]
async fn a_change_is_one_read_and_one_write() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let change = json!({"name": "New"});
    for (client, bill) in [
        (
            made.client_id(),
            "GetItem + UpdateItem: 1 RU, 2 WU, 1 of them the index's",
        ),
        (
            further.id(),
            "BatchGetItem + UpdateItem: 2 RU, 1 WU, 0 of them the index's",
        ),
    ] {
        for path in paths(&made, client) {
            let response = request(&app, "PUT", &path).json(&change).send().await;
            assert_eq!(response.status, 200);
            assert_eq!(app.recorder.bill(), bill, "{path}");
        }
    }
}

#[tokio::test]
async fn the_apps_version_moves_with_its_default_client_and_not_with_another() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let change = json!({"name": "New"});
    for (client, expected) in [(further.id(), 1), (made.client_id(), 2)] {
        app.clock.advance(1);
        let path = short(client);
        result(&request(&app, "PUT", &path).json(&change).send().await, 200);
        let stored = app.stored(&made.app).await.unwrap();
        assert_eq!(stored.version.to_string(), expected.to_string());
        assert_eq!(stored.updated_at > made.app.updated_at, expected == 2);
    }
}

#[tokio::test]
async fn absent_members_stay_and_null_resets_by_patch_alone() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let path = short(further.id());
    let all = json!({
        "description": "Works", "response_types": ["code"], "scopes": ["photos"],
        "grant_types": ["client_credentials"], "resources": ["https://api.example.com"],
        "logout_uri": "https://app.example.com/out",
        "post_logout_redirect_uris": ["https://app.example.com/bye"],
        "token_endpoint_auth_method": "client_secret_post",
        "device_authorization": {"enabled": false, "input_uri": "https://app.example.com/code"},
        "ciba_authorization": {"enabled": true, "login_uri": "https://app.example.com/ciba"},
        "access_token_lifetime": 900,
    });
    let set = result(&request(&app, "PUT", &path).json(&all).send().await, 200);
    let mut again = result(
        &request(&app, "PUT", &path).json(&json!({})).send().await,
        200,
    );
    assert_eq!(again["version"], 3);
    again["version"] = json!(2);
    assert_eq!(again, set);
    for (member, default) in [
        ("description", Value::Null),
        ("response_types", json!(["code", "id_token"])),
        ("scopes", json!([])),
        (
            "grant_types",
            json!(["authorization_code", "client_credentials"]),
        ),
        ("resources", json!([])),
        ("logout_uri", Value::Null),
        ("post_logout_redirect_uris", json!([])),
        ("token_endpoint_auth_method", json!("client_secret_basic")),
        ("device_authorization", json!({"enabled": false})),
        ("ciba_authorization", json!({"enabled": false})),
        ("client_type", json!("web")),
        ("jwks", Value::Null),
        ("access_token_lifetime", json!(3600)),
    ] {
        let reset = json!({ member: null });
        let found = faults(&request(&app, "PUT", &path).json(&reset).send().await);
        assert_eq!(found[0].0, format!("/{member}"), "{found:?}");
        let response = request(&app, "PATCH", &path).merge(&reset).send().await;
        assert_eq!(result(&response, 200)[member], default, "{member}");
    }
    for member in ["name", "redirect_uris"] {
        let reset = json!({ member: null });
        let found = faults(&request(&app, "PATCH", &path).merge(&reset).send().await);
        assert_eq!(found, [(format!("/{member}"), "required".into())]);
    }
}

#[tokio::test]
async fn read_only_and_unknown_members_are_refused_by_name() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let (read_only, unknown) = ("read_only", "unknown_member");
    for (member, code) in [
        ("client_id", read_only),
        ("app_id", read_only),
        ("tenant_id", read_only),
        ("active", read_only),
        ("default", read_only),
        ("created_at", read_only),
        ("created_by", read_only),
        ("updated_at", read_only),
        ("updated_by", read_only),
        ("version", read_only),
        ("jwks_uri", unknown),
        ("trusted", unknown),
        ("app_name", unknown),
        ("allow_http_redirects", unknown),
    ] {
        for (method, value) in [
            ("PUT", json!("x")),
            ("PATCH", json!("x")),
            ("PATCH", json!(null)),
        ] {
            let change = json!({ member: value });
            let path = short(made.client_id());
            let found = faults(&request(&app, method, &path).json(&change).send().await);
            assert_eq!(found, [(format!("/{member}"), code.into())]);
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn the_new_state_is_judged_whole() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for (change, expected) in [
        (json!({"redirect_uris": []}), vec!["/redirect_uris"]),
        (
            json!({"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]}),
            vec!["/token_endpoint_auth_method", "/grant_types"],
        ),
        (json!({"scopes": ["ok", "apps:trust"]}), vec!["/scopes/1"]),
        (json!({"logout_uri": "data:x"}), vec!["/logout_uri"]),
        (
            json!({"device_authorization": {"enabled": true}}),
            vec![
                "/device_authorization/approval_uri",
                "/device_authorization/success_uri",
                "/device_authorization/input_uri",
            ],
        ),
    ] {
        let path = short(further.id());
        let found = faults(&request(&app, "PUT", &path).json(&change).send().await);
        let at: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(at, expected, "{change}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn if_match_is_the_clients_own_version() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let (path, change) = (short(made.client_id()), json!({"name": "New"}));
    // The app's version moves without the client's.
    let renamed = made.app.clone().changed(
        domain::AppProfile::named(domain::Name::parse("Renamed").unwrap()),
        made.app.default_client.settings.clone(),
        "someone",
        app.registry.now(),
    );
    let keep = table::SecretsChange::Keep;
    let written = app
        .registry
        .table
        .update_app(&made.app, &renamed, &keep, "w");
    written.await.unwrap();
    for (tag, status) in [("\"2\"", 412), ("\"1\"", 200), ("\"1\"", 412), ("*", 200)] {
        let sent = request(&app, "PUT", &path)
            .header("if-match", tag)
            .json(&change);
        let response = sent.send().await;
        assert_eq!(response.status, status, "{tag}: {}", response.body);
    }
    let stored = app.stored(&made.app).await.unwrap();
    assert_eq!(stored.profile.app_name.as_str(), "Renamed");
}

#[tokio::test]
async fn a_default_client_whose_app_keeps_changing_is_503_and_not_412() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let met = refused_condition(Some(json!({"last_write": {"S": "another"}})));
    app.recorder
        .script("UpdateItem", std::iter::repeat_n(met, 3));
    let sent = request(&app, "PUT", &short(made.client_id())).header("if-match", "\"1\"");
    let response = sent.json(&json!({"name": "New"})).send().await;
    assert_eq!(refusal(&response), (503, "unavailable".into()));
}

#[tokio::test]
async fn a_lost_answer_is_no_lost_race() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    for client in [made.client_id(), further.id()] {
        let lost = Intercept::ExecuteThenFail(Failure::Io);
        app.recorder.script("UpdateItem", [lost]);
        let sent = request(&app, "PUT", &short(client)).header("if-match", "\"1\"");
        let response = sent.json(&json!({"name": "New"})).send().await;
        assert_eq!(result(&response, 200)["version"], 2);
        let stored = app.stored_client(client).await.unwrap();
        assert_eq!(stored.version.to_string(), "2");
    }
}

#[tokio::test]
async fn a_further_client_gets_and_loses_secrets_with_its_method() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Phone", |settings| {
        settings.client_type = ClientType::Native;
        settings.token_endpoint_auth_method = TokenEndpointAuthMethod::None;
        settings.grant_types = vec![GrantType::AuthorizationCode];
    });
    let further = further.await;
    let path = short(further.id());
    let secrets = async || {
        let found = app.registry.table.credentials(further.id()).await;
        found.unwrap().unwrap().secrets
    };
    let change = json!({"token_endpoint_auth_method": "client_secret_post"});
    let response = request(&app, "PUT", &path).json(&change).send().await;
    assert_eq!(response.header("cache-control"), Some("no-store"));
    let shown = result(&response, 200);
    let secret = Secret::parse(shown["client_secret"].as_str().unwrap()).unwrap();
    assert_eq!(secrets().await[0].id, secret.id());
    let change = json!({"token_endpoint_auth_method": "none"});
    let shown = result(&request(&app, "PUT", &path).json(&change).send().await, 200);
    assert_eq!(shown.get("client_secret"), None);
    assert!(secrets().await.is_empty());
}

#[tokio::test]
async fn what_is_not_there_is_404() {
    let app = TestApp::new().await;
    let (one, two) = (
        app.register("One", |_| ()).await,
        app.register("Two", |_| ()).await,
    );
    let other = app.tenant("other").await;
    let theirs = app.register_in(&other.tenant_id, "Theirs", |_| ()).await;
    let further = app.register_client(&one.app, "Backend", |_| ()).await;
    app.recorder.take();
    let id = further.id();
    for path in [
        "/v1/clients/nobody".to_owned(),
        "/v1/clients/%20".into(),
        format!("/v1/clients/{id}0"),
        short(theirs.client_id()),
        // Another app's client.
        format!("/v1/applications/{}/clients/{id}", two.id()),
        format!("/v1/applications/two/clients/{id}"),
        format!("/v1/applications/nosuchapp/clients/{id}"),
        format!("/v1/applications/NOT-AN-ID/clients/{id}"),
    ] {
        for method in ["PUT", "PATCH"] {
            let response = request(&app, method, &path)
                .json(&json!({"name": "x"}))
                .send()
                .await;
            assert_eq!(refusal(&response), (404, "not-found".into()), "{path}");
        }
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn the_management_client_keeps_its_last_secret() {
    let app = TestApp::new().await;
    let path = short(&app.management.client_id);
    let change = json!({
        "token_endpoint_auth_method": "none", "client_type": "native", "grant_types": [],
    });
    let response = request(&app, "PUT", &path).json(&change).send().await;
    assert_eq!(refusal(&response), (409, "management-application".into()));
}
