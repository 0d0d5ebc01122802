//! Bad values, member by member: each a 400 that names its place, and nothing stored.

use testkit::{TestApp, json};

use super::*;

/// Every member with the JSON types that it is not.
#[tokio::test]
async fn a_value_of_a_wrong_type_is_refused_at_its_member() {
    let app = TestApp::new().await;
    let types = [
        ("null", Value::Null),
        ("boolean", json!(true)),
        ("number", json!(1)),
        ("string", json!("x")),
        ("array", json!([])),
        ("object", json!({})),
    ];
    for (name, own) in [
        ("app_name", "string"),
        ("app_description", "string"),
        ("app_code_name", "string"),
        ("client_display_name", "string"),
        ("client_description", "string"),
        ("client_type", "string"),
        ("client_auth_method", "string"),
        ("logo", "string"),
        ("login_uri", "string"),
        ("subdomain", "string"),
        ("redirect_uris", "array"),
        ("client_grant_types", "array"),
        ("client_scopes", "array"),
        ("resources", "array"),
        ("service_providers", "array"),
        ("allow_public_signup", "boolean"),
        ("authenticator_preferences", "object"),
        ("device_authorization", "object"),
        ("ciba_authorization", "object"),
    ] {
        for (other, value) in &types {
            if *other != own {
                let pointer = format!("/{name}");
                refused(&app, &with(name, value.clone()), &pointer, "wrong_type").await;
            }
        }
    }
    for value in [
        json!("yes"),
        json!("TRUE"),
        json!(1),
        Value::Null,
        json!([]),
        json!({}),
    ] {
        refused(&app, &with("trusted", value), "/trusted", "wrong_type").await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_list_item_of_a_wrong_type_is_refused_at_its_index() {
    let app = TestApp::new().await;
    for (name, first) in [
        ("redirect_uris", "https://app.example.com/cb"),
        ("client_grant_types", "authorization_code"),
        ("client_scopes", "a"),
        ("resources", "a"),
        ("service_providers", "a"),
    ] {
        let pointer = format!("/{name}/1");
        for value in [Value::Null, json!(1), json!(true), json!([]), json!({})] {
            let body = with(name, json!([first, value]));
            refused(&app, &body, &pointer, "wrong_type").await;
        }
        let twice = with(name, json!([first, first]));
        refused(&app, &twice, &pointer, "duplicate").await;
        let empty = with(name, json!([first, ""]));
        let found = faults(&app, &empty).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].0, pointer);
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_value_beyond_its_limit_is_refused() {
    let app = TestApp::new().await;
    let long = |n: usize| "x".repeat(n);
    let many = |n: usize| Value::from((0..n).map(|i| format!("r{i}")).collect::<Vec<_>>());
    let uris = |n: usize| {
        let uri = |i| format!("https://app.example.com/{i}");
        Value::from((0..n).map(uri).collect::<Vec<_>>())
    };
    for (name, most, beyond, code) in [
        (
            "app_name",
            json!("é".repeat(100)),
            json!("é".repeat(101)),
            "too_long",
        ),
        (
            "client_display_name",
            json!(long(100)),
            json!(long(101)),
            "too_long",
        ),
        (
            "app_description",
            json!(long(1000)),
            json!(long(1001)),
            "too_long",
        ),
        (
            "client_description",
            json!("é".repeat(1000)),
            json!("é".repeat(1001)),
            "too_long",
        ),
        (
            "app_code_name",
            json!(long(100)),
            json!(long(101)),
            "too_long",
        ),
        ("subdomain", json!(long(63)), json!(long(64)), "too_long"),
        ("resources", many(100), many(101), "too_many"),
        ("client_scopes", many(100), many(101), "too_many"),
        ("service_providers", many(100), many(101), "too_many"),
        ("redirect_uris", uris(50), uris(51), "too_many"),
        (
            "invite_member_email_expiration_minutes",
            json!(525_600),
            json!(525_601),
            "out_of_range",
        ),
        (
            "invite_member_email_expiration_minutes",
            json!(1),
            json!(0),
            "out_of_range",
        ),
    ] {
        let app = TestApp::new().await;
        refused(&app, &with(name, beyond), &format!("/{name}"), code).await;
        nothing_stored(&app).await;
        created(&app, &with(name, most)).await;
    }
    for (name, length) in [
        ("resources", 257),
        ("client_scopes", 257),
        ("service_providers", 257),
    ] {
        let body = with(name, json!([long(length)]));
        refused(&app, &body, &format!("/{name}/0"), "too_long").await;
    }
    for name in ["logo", "login_uri"] {
        let uri = format!("https://a.example/{}", long(2048));
        refused(&app, &with(name, uri), &format!("/{name}"), "too_long").await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn a_value_out_of_its_domain_is_refused() {
    let app = TestApp::new().await;
    let minutes = "invite_member_email_expiration_minutes";
    for (name, value, code) in [
        ("app_name", json!(""), "empty"),
        ("app_name", json!(" \t"), "empty"),
        ("app_name", json!("a\u{0}b"), "invalid_characters"),
        ("app_name", json!("a\u{1b}[31m"), "invalid_characters"),
        ("client_display_name", json!("\u{3000}"), "empty"),
        ("app_description", json!("a\u{8}"), "invalid_characters"),
        ("app_code_name", json!(""), "empty"),
        ("app_code_name", json!("my-app"), "invalid_characters"),
        ("app_code_name", json!("my_app"), "invalid_characters"),
        ("app_code_name", json!("my app"), "invalid_characters"),
        ("app_code_name", json!("m\u{212A}"), "invalid_characters"),
        ("app_code_name", json!("a#b"), "invalid_characters"),
        ("app_code_name", json!("../x"), "invalid_characters"),
        ("client_type", json!(""), "invalid_choice"),
        ("client_type", json!("Web"), "invalid_choice"),
        ("client_type", json!("service"), "invalid_choice"),
        (
            "client_auth_method",
            json!("client_secret_jwt"),
            "invalid_choice",
        ),
        ("client_auth_method", json!("NONE"), "invalid_choice"),
        ("subdomain", json!("-a"), "invalid_characters"),
        ("subdomain", json!("a.b"), "invalid_characters"),
        ("subdomain", json!("A"), "invalid_characters"),
        (minutes, json!(-1), "out_of_range"),
        (minutes, json!(1.5), "out_of_range"),
        (minutes, json!("2880"), "out_of_range"),
        (minutes, json!(1e300), "out_of_range"),
        (minutes, Value::Null, "wrong_type"),
    ] {
        refused(&app, &with(name, value), &format!("/{name}"), code).await;
    }
    for (name, value, code) in [
        (
            "client_grant_types",
            json!(["authorization_code", "x"]),
            "invalid_choice",
        ),
        (
            "client_grant_types",
            json!(["authorization_code", "implicit"]),
            "conflict",
        ),
        (
            "client_grant_types",
            json!(["authorization_code", "password"]),
            "conflict",
        ),
        ("client_scopes", json!(["a", "b c"]), "invalid_characters"),
        ("client_scopes", json!(["a", "b\"c"]), "invalid_characters"),
        ("client_scopes", json!(["a", "é"]), "invalid_characters"),
        ("resources", json!(["a", "b c"]), "invalid_characters"),
        (
            "service_providers",
            json!(["a", "\n"]),
            "invalid_characters",
        ),
    ] {
        refused(&app, &with(name, value), &format!("/{name}/1"), code).await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn starred_members_of_nested_objects_are_required_once_they_are_switched_on() {
    let app = TestApp::new().await;
    let hub = with("authenticator_preferences", json!({"is_centralized": true}));
    refused(
        &app,
        &hub,
        "/authenticator_preferences/login_uri",
        "required",
    )
    .await;
    let device = with("device_authorization", json!({"enabled": true}));
    let at = |name: &str| {
        (
            format!("/device_authorization/{name}"),
            "required".to_owned(),
        )
    };
    assert_eq!(
        faults(&app, &device).await,
        [at("approval_uri"), at("success_uri"), at("input_uri")]
    );
    nothing_stored(&app).await;
    for (name, value) in [
        ("authenticator_preferences", json!({})),
        (
            "authenticator_preferences",
            json!({"is_centralized": false}),
        ),
        ("device_authorization", json!({"enabled": false})),
        ("ciba_authorization", json!({})),
        ("ciba_authorization", json!({"enabled": true})),
    ] {
        created(&app, &with(name, value)).await;
    }
}

#[tokio::test]
async fn bad_members_of_nested_objects_are_refused_at_their_place() {
    let app = TestApp::new().await;
    for (name, value, pointer, code) in [
        (
            "device_authorization",
            json!({"enabled": "true"}),
            "enabled",
            "wrong_type",
        ),
        (
            "device_authorization",
            json!({"enable": true}),
            "enable",
            "unknown_member",
        ),
        (
            "device_authorization",
            json!({"input_uri": 1}),
            "input_uri",
            "wrong_type",
        ),
        (
            "device_authorization",
            json!({"success_uri": "javascript:x"}),
            "success_uri",
            "invalid_uri",
        ),
        (
            "ciba_authorization",
            json!({"login_uri": "http://a.example"}),
            "login_uri",
            "invalid_uri",
        ),
        (
            "ciba_authorization",
            json!({"a/b~c": 1}),
            "a~1b~0c",
            "unknown_member",
        ),
        (
            "authenticator_preferences",
            json!({"is_centralized": null}),
            "is_centralized",
            "wrong_type",
        ),
        (
            "authenticator_preferences",
            json!({"login_uri": "//a.example"}),
            "login_uri",
            "invalid_uri",
        ),
    ] {
        refused(
            &app,
            &with(name, value),
            &format!("/{name}/{pointer}"),
            code,
        )
        .await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn unknown_members_are_refused_by_name() {
    let app = TestApp::new().await;
    for (name, pointer) in [
        ("APP_NAME", "/APP_NAME"),
        ("name", "/name"),
        ("redirect_uri", "/redirect_uri"),
        ("jwks_uri", "/jwks_uri"),
        ("management", "/management"),
        ("allow_http_redirects", "/allow_http_redirects"),
        ("__proto__", "/__proto__"),
        ("", "/"),
        ("a/b", "/a~1b"),
        ("<script>", "/<script>"),
    ] {
        refused(&app, &with(name, true), pointer, "unknown_member").await;
    }
    for name in [
        "active",
        "login_preferences",
        "password_sharing_group_id",
        "version",
    ] {
        let pointer = format!("/{name}");
        refused(&app, &with(name, true), &pointer, "read_only").await;
    }
    nothing_stored(&app).await;
}

#[tokio::test]
async fn all_faults_of_a_request_are_reported_together_each_with_its_pointer() {
    let app = TestApp::new().await;
    let body = json!({
        "app_description": 1,
        "app_code_name": "a b",
        "redirect_uris": ["https://a.example/cb", "javascript:x", "http://a.example/cb"],
        "client_type": "desktop",
        "client_scopes": ["a", "a b"],
        "logo": "ftp://a.example",
        "device_authorization": {"enabled": true, "extra": 1},
        "extra": 1,
    });
    let found = faults(&app, &body).await;
    let found: Vec<_> = found.iter().map(|(p, c)| format!("{p} {c}")).collect();
    assert_eq!(
        found,
        [
            "/app_code_name invalid_characters",
            "/app_name required",
            "/app_description wrong_type",
            "/logo invalid_uri",
            "/client_display_name required",
            "/client_type invalid_choice",
            "/redirect_uris/1 invalid_uri",
            "/client_scopes/1 invalid_characters",
            "/device_authorization/extra unknown_member",
            "/extra unknown_member",
            "/redirect_uris/2 invalid_uri",
            "/device_authorization/approval_uri required",
            "/device_authorization/success_uri required",
            "/device_authorization/input_uri required",
        ]
    );
    nothing_stored(&app).await;
}
