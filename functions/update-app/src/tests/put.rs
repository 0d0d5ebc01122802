//! `PUT`: members sent replace, absent ones stay.

use super::*;

#[tokio::test]
async fn absent_members_stay() {
    let app = TestApp::new().await;
    let made = full(&app).await;
    let before = app.stored(&made.app).await.unwrap();
    for change in [json!({}), json!({"app_description": "Other"})] {
        result(&put(&app, &made).json(&change).send().await, 200);
    }
    let after = app.stored(&made.app).await.unwrap();
    assert_eq!(after.default_client, before.default_client);
    let mut profile = before.profile;
    profile.app_description = after.profile.app_description.clone();
    assert_eq!(after.profile, profile);
    assert_eq!(after.profile.app_description.unwrap().as_str(), "Other");
}

#[tokio::test]
async fn an_object_is_replaced_whole_and_so_is_a_list() {
    let app = TestApp::new().await;
    let made = full(&app).await;
    let change = json!({
        "device_authorization": {"enabled": false, "input_uri": "https://app.example.com/new"},
        "authenticator_preferences": {},
        "redirect_uris": ["https://two.example/cb"],
    });
    let shown = result(&put(&app, &made).json(&change).send().await, 200);
    assert_eq!(
        shown["device_authorization"],
        json!({"enabled": false, "input_uri": "https://app.example.com/new"})
    );
    assert_eq!(
        shown["authenticator_preferences"],
        json!({"is_centralized": false})
    );
    assert_eq!(shown["redirect_uris"], json!(["https://two.example/cb"]));
}

#[tokio::test]
async fn null_is_no_value() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for member in [
        "app_name",
        "app_description",
        "client_display_name",
        "client_description",
        "client_type",
        "client_auth_method",
        "client_grant_types",
        "client_scopes",
        "redirect_uris",
        "resources",
        "logo",
        "service_providers",
        "authenticator_preferences",
        "allow_public_signup",
        "login_uri",
        "subdomain",
        "invite_member_email_expiration_minutes",
        "trusted",
        "device_authorization",
        "ciba_authorization",
        "jwks",
        "access_token_lifetime",
    ] {
        let change = json!({ member: null });
        let found = faults(&put(&app, &made).json(&change).send().await);
        let at: Vec<_> = found.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(at, [format!("/{member}")], "{found:?}");
    }
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn read_only_and_unknown_members_are_refused_by_name() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let (read_only, unknown) = ("read_only", "unknown_member");
    for (member, code) in [
        ("app_code_name", read_only),
        ("app_id", read_only),
        ("tenant_id", read_only),
        ("client_id", read_only),
        ("client_secret", read_only),
        ("active", read_only),
        ("status_change", read_only),
        ("previous_status_change", read_only),
        ("login_preferences", read_only),
        ("password_sharing_group_id", read_only),
        ("created_at", read_only),
        ("created_by", read_only),
        ("updated_at", read_only),
        ("updated_by", read_only),
        ("version", read_only),
        ("management", unknown),
        ("jwks_uri", unknown),
        ("app_nmae", unknown),
    ] {
        for method in ["PUT", "PATCH"] {
            let change = json!({ member: "other" });
            let request = request(&app, method, &made.id()).json(&change);
            let expected = one(&format!("/{member}"), code);
            assert_eq!(faults(&request.send().await), expected);
        }
    }
    let change = json!({"device_authorization": {"enabled": false, "x": 1}});
    let found = faults(&put(&app, &made).json(&change).send().await);
    assert_eq!(found, one("/device_authorization/x", "unknown_member"));
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn the_new_state_is_judged_whole() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (change, pointer, code) in [
        (json!({"redirect_uris": []}), "/redirect_uris", "conflict"),
        (
            json!({"authenticator_preferences": {"is_centralized": true}}),
            "/authenticator_preferences/login_uri",
            "required",
        ),
        (
            json!({"client_auth_method": "private_key_jwt"}),
            "/jwks",
            "required",
        ),
        (
            json!({"redirect_uris": ["com.example.app:/cb"]}),
            "/redirect_uris/0",
            "invalid_uri",
        ),
        (
            json!({"client_scopes": ["apps:read", "apps:delete"]}),
            "/client_scopes/1",
            "conflict",
        ),
        (
            json!({"client_grant_types": ["implicit"]}),
            "/client_grant_types/0",
            "conflict",
        ),
    ] {
        let response = put(&app, &made).json(&change).send().await;
        assert_eq!(faults(&response), one(pointer, code), "{change}");
    }
    // Both faults of one step.
    let change =
        json!({"client_auth_method": "none", "client_grant_types": ["client_credentials"]});
    let found = faults(&put(&app, &made).json(&change).send().await);
    let expected = [
        one("/client_auth_method", "conflict"),
        one("/client_grant_types", "conflict"),
    ];
    assert_eq!(found, expected.concat());
    assert!(!app.recorder.summary().wrote());
}

#[tokio::test]
async fn every_fault_of_a_request_is_reported_at_once() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let change = json!({
        "app_name": "", "redirect_uris": ["https://ok.example/cb", "http://bad.example/cb"],
        "trusted": 1, "logo": "javascript:alert(1)", "x": 1,
    });
    let mut found = faults(&put(&app, &made).json(&change).send().await);
    found.sort();
    let expected = [
        one("/app_name", "empty"),
        one("/logo", "invalid_uri"),
        one("/redirect_uris/1", "invalid_uri"),
        one("/trusted", "wrong_type"),
        one("/x", "unknown_member"),
    ];
    assert_eq!(found, expected.concat());
}

#[tokio::test]
async fn changes_that_are_small_alone_can_not_make_a_whole_that_is_too_large() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let long = |n: usize| format!("https://app.example.com/{n}/{}", "x".repeat(1900));
    let uris: Vec<_> = (0..30).map(long).collect();
    let change = json!({ "redirect_uris": uris });
    result(&put(&app, &made).json(&change).send().await, 200);
    let long = |n: usize| format!("{n}{}", "y".repeat(200));
    let resources: Vec<_> = (0..100).map(long).collect();
    let change = json!({ "resources": resources });
    let found = faults(&put(&app, &made).json(&change).send().await);
    assert_eq!(found, one("", "too_long"));
}

#[tokio::test]
async fn trusted_may_be_text_as_its_seed_sends_it() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for (sent, stored) in [
        (json!("true"), true),
        (json!("false"), false),
        (json!(true), true),
    ] {
        let change = json!({ "trusted": sent });
        let shown = result(&put(&app, &made).json(&change).send().await, 200);
        assert_eq!(shown["trusted"], stored);
    }
}
