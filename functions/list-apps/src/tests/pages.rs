//! Order, pages and cursors.

use domain::TenantId;

use super::*;

#[tokio::test]
async fn apps_stand_in_the_order_of_creation_each_with_its_default_client() {
    let app = TestApp::new().await;
    let made = registered(&app, &["Zebra", "Apple"]).await;
    let response = list(&app, "").send().await;
    let shown = body(&response);
    assert_eq!(names_in(&shown), ["Management", "Zebra", "Apple"]);
    assert_eq!(
        shown["result"][1],
        json!({
            "app_id": made[0].id(),
            "tenant_id": "default",
            "app_code_name": "zebra",
            "app_name": "Zebra",
            "active": true,
            "client_id": made[0].client_id().as_str(),
            "client_type": "web",
            "client_display_name": "Zebra",
            "redirect_uris": ["https://app.example.com/cb"],
            "client_auth_method": "client_secret_basic",
            "client_grant_types": ["authorization_code", "client_credentials"],
            "client_scopes": ["apps:read", "apps:edit"],
            "resources": [],
            "service_providers": [],
            "authenticator_preferences": {"is_centralized": false},
            "device_authorization": {"enabled": false},
            "ciba_authorization": {"enabled": false},
            "access_token_lifetime": 3600,
            "allow_public_signup": false,
            "invite_member_email_expiration_minutes": 2880,
            "trusted": false,
            "login_preferences": {},
            "effective": true,
            "effective_scopes": ["apps:read", "apps:edit"],
            "created_at": "2026-01-02T03:04:06Z",
            "created_by": app.management.client_id.as_str(),
            "updated_at": "2026-01-02T03:04:06Z",
            "updated_by": app.management.client_id.as_str(),
            "version": 1,
        })
    );
    assert_eq!(response.header("link"), None);
    assert_eq!(shown.get("next_cursor"), None);
}

#[tokio::test]
async fn no_list_shows_a_logo_or_a_secret() {
    let app = TestApp::new().await;
    let uri = domain::WebUri::parse("https://cdn.example.com/logo.png").unwrap();
    let mine = app
        .register("Mine", |app| app.profile.logo = Some(uri))
        .await;
    let by_code = "app_code_name=mine".to_owned();
    for query in [
        String::new(),
        by_code,
        format!("client_id={}", mine.client_id()),
    ] {
        let response = list(&app, &query).send().await;
        assert!(response.body.contains("\"Mine\""), "{query}");
        for word in ["logo", "secret\":", "digest", "rsec_"] {
            assert!(!response.body.contains(word), "{query}: {word}");
        }
        for call in app.recorder.take() {
            assert!(!call.response.to_string().contains("digest"), "{query}");
        }
    }
}

#[tokio::test]
async fn a_page_is_one_query_of_the_index() {
    let app = TestApp::new().await;
    registered(&app, &["A", "B", "C"]).await;
    for query in ["", "limit=2", "app_name=A", "contains=a", "active=true"] {
        list(&app, query).send().await;
        let calls = app.recorder.take();
        let [call] = calls.as_slice() else {
            panic!("{query}: {calls:?}")
        };
        assert_eq!(call.operation, "Query");
        assert_eq!(call.index.as_deref(), Some("apps_by_tenant"));
    }
}

/// Every page of a list, following `next_cursor`, with its names.
async fn pages(app: &TestApp, query: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut next = query.to_owned();
    loop {
        let response = list(app, &next).send().await;
        assert_eq!(response.status, 200, "{next}: {}", response.body);
        let shown = body(&response);
        found.push(names_in(&shown));
        let Some(cursor) = shown.get("next_cursor").and_then(Value::as_str) else {
            assert_eq!(response.header("link"), None);
            return found;
        };
        next = format!("{query}&cursor={cursor}");
        // RFC 8288: the link leads to the same page.
        let link = format!("<{PATH}?{next}>; rel=\"next\"");
        assert_eq!(response.header("link").unwrap(), link);
        assert!(found.len() < 20);
    }
}

#[tokio::test]
async fn following_the_cursor_shows_every_app_once_and_no_empty_last_page() {
    let app = TestApp::new().await;
    registered(&app, &["A", "B", "C", "D", "E"]).await;
    let expected = ["Management", "A", "B", "C", "D", "E"];
    for (limit, count) in [
        (1, 6),
        (2, 3),
        (3, 2),
        (4, 2),
        (5, 2),
        (6, 1),
        (7, 1),
        (100, 1),
    ] {
        let found = pages(&app, &format!("limit={limit}")).await;
        assert_eq!(found.len(), count, "{limit}: {found:?}");
        assert!(
            found
                .iter()
                .all(|page| !page.is_empty() && page.len() <= limit)
        );
        assert_eq!(found.concat(), expected, "{limit}");
    }
}

#[tokio::test]
async fn a_filtered_list_is_whole_when_its_cursors_are_followed() {
    let app = TestApp::new().await;
    registered(&app, &["A1", "B1", "A2", "B2", "B3", "A3"]).await;
    for limit in 1..8 {
        let found = pages(&app, &format!("limit={limit}&app_name=A")).await;
        assert_eq!(found.concat(), ["A1", "A2", "A3"], "{limit}");
    }
}

#[tokio::test]
async fn an_app_that_comes_between_two_pages_is_not_lost() {
    let app = TestApp::new().await;
    registered(&app, &["A", "B"]).await;
    let first = body(&list(&app, "limit=2").send().await);
    registered(&app, &["C"]).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    // The page length is free to change.
    let rest = names(list(&app, &format!("limit=50&cursor={cursor}"))).await;
    assert_eq!(rest, ["B", "C"]);
}

#[tokio::test]
async fn limits_are_from_1_to_100_and_50_by_default() {
    let app = TestApp::new().await;
    for n in 0..101 {
        app.register(&format!("App {n}"), |_| ()).await;
    }
    for (query, count) in [("", 50), ("limit=1", 1), ("limit=100", 100)] {
        assert_eq!(names(list(&app, query)).await.len(), count, "{query}");
    }
    for bad in [
        "0",
        "101",
        "-1",
        "1.5",
        "",
        "x",
        "1e2",
        "99999999999999999999",
        "%31%30%31",
        "%EF%BC%91",
    ] {
        refused(&app, &format!("limit={bad}"), "limit", "out_of_range").await;
    }
}

#[tokio::test]
async fn unknown_and_repeated_parameters_are_refused_by_name() {
    let app = TestApp::new().await;
    for (query, name, code) in [
        ("offset=1", "offset", "unknown_member"),
        ("Limit=1", "Limit", "unknown_member"),
        ("tenant_id=b", "tenant_id", "unknown_member"),
        ("app%5Fnames=a", "app_names", "unknown_member"),
        ("limit=1&limit=1", "limit", "duplicate"),
        ("cursor=a&cursor=b", "cursor", "duplicate"),
        ("active=true&active=false", "active", "duplicate"),
        ("app_name=a&app%5Fname=b", "app_name", "duplicate"),
    ] {
        refused(&app, query, name, code).await;
    }
    assert!(app.recorder.take().is_empty());
}

#[tokio::test]
async fn several_bad_parameters_are_reported_together() {
    let app = TestApp::new().await;
    let query = "limit=0&active=yes&cursor=x&app_code_name=a&client_id=b";
    let shown = body(&list(&app, query).send().await);
    let errors = shown["errors"].as_array().unwrap();
    let at: Vec<_> = errors
        .iter()
        .map(|e| e["parameter"].as_str().unwrap())
        .collect();
    assert_eq!(at, ["limit", "active", "client_id", "cursor"]);
}

// CVE-2026-33504: forged page tokens.
#[tokio::test]
async fn forged_foreign_and_misplaced_cursors_are_refused_unread() {
    let app = TestApp::new().await;
    registered(&app, &["A", "B"]).await;
    let b = TenantId::parse("b").unwrap();
    let admin_of_b = app.tenant("b").await.client_id;
    let token_of_b = app.token_in(&b, &admin_of_b, &["apps:list"]).await;
    app.register_in(&b, "Theirs", |_| ()).await;
    let cursor_of = |shown: Value| shown["next_cursor"].as_str().unwrap().to_owned();
    let ours = cursor_of(body(&list(&app, "limit=1").send().await));
    let theirs = list(&app, "limit=1").token(&token_of_b).send().await;
    let theirs = cursor_of(body(&theirs));
    let filtered = cursor_of(body(&list(&app, "limit=1&app_name=").send().await));
    let active = cursor_of(body(&list(&app, "limit=1&active=true").send().await));
    app.recorder.take();

    let mut bad: Vec<String> = vec![
        String::new(),
        "x".into(),
        "AAAA".into(),
        theirs,
        filtered,
        active.clone(),
        ours.replace('A', "B"),
        format!("{ours}A"),
        format!("{ours}="),
        ours.to_uppercase(),
        "x".repeat(5000),
        "%00".into(),
        "019b7ca9-8c88-7150-a17a-a00ce50f1b08".into(),
        "eyJwayI6IkFQUCMxIn0".into(),
    ];
    bad.extend((1..ours.len()).map(|end| ours[..end].to_owned()));
    for cursor in bad {
        let query = format!("cursor={cursor}");
        refused(&app, &query, "cursor", "conflict").await;
    }
    for (query, cursor) in [
        ("app_name=A", &ours),
        ("active=true", &ours),
        ("active=false", &active),
        ("app_code_name=a", &ours),
        ("client_id=a", &ours),
    ] {
        refused(
            &app,
            &format!("{query}&cursor={cursor}"),
            "cursor",
            "conflict",
        )
        .await;
    }
    assert!(app.recorder.take().is_empty());
    let good = list(&app, &format!("active=true&cursor={active}"));
    assert_eq!(names(good).await, ["A", "B"]);
}

#[tokio::test]
async fn a_cursor_needs_no_escaping_in_a_query_and_names_no_tenant() {
    let app = TestApp::new().await;
    registered(&app, &["A"]).await;
    let shown = body(&list(&app, "limit=1").send().await);
    let cursor = shown["next_cursor"].as_str().unwrap();
    assert!(!cursor.contains("default"));
    assert!(
        cursor
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    );
}

#[tokio::test]
async fn another_tenants_apps_are_invisible() {
    let app = TestApp::new().await;
    let b = TenantId::parse("b").unwrap();
    let admin_of_b = app.tenant("b").await.client_id;
    let token_of_b = app.token_in(&b, &admin_of_b, &["apps:list"]).await;
    // What is made later is listed later.
    app.clock.advance(1);
    let ours = app.register("Ours", |_| ()).await;
    let theirs = app.register_in(&b, "Theirs", |_| ()).await;
    for (token, visible, hidden) in [
        (&app.admin, "Ours", &theirs),
        (&token_of_b, "Theirs", &ours),
    ] {
        let all = names(list(&app, "").token(token)).await;
        assert_eq!(all, ["Management", visible]);
        let code_name = &hidden.app.code_name;
        for query in [
            format!("app_code_name={code_name}"),
            format!("client_id={}", hidden.client_id()),
            format!("app_name={}", hidden.app.profile.app_name),
        ] {
            let found = list(&app, &query).token(token);
            assert_eq!(
                answer(&found.send().await),
                (200, json!({"result": []})),
                "{query}"
            );
        }
    }
}
