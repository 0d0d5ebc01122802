//! `PATCH`: an RFC 7396 merge patch.

use super::*;

#[tokio::test]
async fn null_resets_a_member_to_its_default() {
    let app = TestApp::new().await;
    let made = full(&app).await;
    for (member, default) in [
        ("app_description", Value::Null),
        ("client_description", Value::Null),
        ("client_auth_method", json!("client_secret_basic")),
        ("client_scopes", json!(["apps:read", "apps:edit"])),
        (
            "client_grant_types",
            json!(["authorization_code", "client_credentials"]),
        ),
        ("resources", json!([])),
        ("logo", Value::Null),
        ("service_providers", json!([])),
        (
            "authenticator_preferences",
            json!({"is_centralized": false}),
        ),
        ("allow_public_signup", json!(false)),
        ("login_uri", Value::Null),
        ("subdomain", Value::Null),
        ("invite_member_email_expiration_minutes", json!(2880)),
        ("trusted", json!(false)),
        ("device_authorization", json!({"enabled": false})),
        ("ciba_authorization", json!({"enabled": false})),
        ("jwks", Value::Null),
        ("access_token_lifetime", json!(3600)),
    ] {
        let response = patch(&app, &made)
            .merge(&json!({ member: null }))
            .send()
            .await;
        assert_eq!(result(&response, 200)[member], default, "{member}");
    }
    // web takes no private-use scheme, so the two go together.
    let change = json!({"client_type": null, "redirect_uris": ["https://one.example/cb"]});
    let shown = result(&patch(&app, &made).merge(&change).send().await, 200);
    assert_eq!(shown["client_type"], "web");
}

#[tokio::test]
async fn null_takes_no_required_member_away() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    for member in ["app_name", "client_display_name", "redirect_uris"] {
        let response = patch(&app, &made)
            .merge(&json!({ member: null }))
            .send()
            .await;
        assert_eq!(faults(&response), one(&format!("/{member}"), "required"));
    }
}

#[tokio::test]
async fn null_for_an_unknown_or_read_only_member_is_refused_too() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let change = json!({
        "app_code_name": null, "app_descripton": null, "a/b": null,
        "device_authorization": {"input_url": null},
        // Known, and absent already.
        "logo": null, "ciba_authorization": {"login_uri": null},
    });
    let mut found = faults(&patch(&app, &made).merge(&change).send().await);
    found.sort();
    let expected = [
        one("/app_code_name", "read_only"),
        one("/app_descripton", "unknown_member"),
        one("/a~1b", "unknown_member"),
        one("/device_authorization/input_url", "unknown_member"),
    ];
    assert_eq!(found, expected.concat());
}

#[tokio::test]
async fn objects_are_merged_and_lists_replaced() {
    let app = TestApp::new().await;
    let made = full(&app).await;
    let change = json!({
        "device_authorization": {"enabled": false, "success_uri": null},
        "ciba_authorization": {"login_uri": "https://app.example.com/other"},
        "redirect_uris": ["https://two.example/cb"],
    });
    let shown = result(&patch(&app, &made).merge(&change).send().await, 200);
    assert_eq!(
        shown["device_authorization"],
        json!({
            "enabled": false,
            "approval_uri": "https://app.example.com/approve",
            "input_uri": "https://app.example.com/code",
        })
    );
    assert_eq!(
        shown["ciba_authorization"],
        json!({"enabled": true, "login_uri": "https://app.example.com/other"})
    );
    assert_eq!(shown["redirect_uris"], json!(["https://two.example/cb"]));
}

#[tokio::test]
async fn a_merge_is_judged_by_what_comes_out() {
    let app = TestApp::new().await;
    let made = full(&app).await;
    let change = json!({"device_authorization": {"success_uri": null}});
    let found = faults(&patch(&app, &made).merge(&change).send().await);
    assert_eq!(found, one("/device_authorization/success_uri", "required"));
    let change = json!({"authenticator_preferences": {"login_uri": null}});
    let found = faults(&patch(&app, &made).merge(&change).send().await);
    let expected = one("/authenticator_preferences/login_uri", "required");
    assert_eq!(found, expected);
    let change = json!({"redirect_uris": {"0": "https://x.example/cb"}});
    let found = faults(&patch(&app, &made).merge(&change).send().await);
    assert_eq!(found, one("/redirect_uris", "wrong_type"));
}

#[tokio::test]
async fn a_merge_patch_may_come_as_plain_json_but_a_put_not_as_a_patch() {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let change = json!({"app_name": "x"});
    result(&patch(&app, &made).json(&change).send().await, 200);
    let response = put(&app, &made).merge(&change).send().await;
    let expected = (415, "unsupported-media-type".to_owned());
    assert_eq!(refusal(&response), expected);
    let other = patch(&app, &made).body("application/json-patch+json", b"[]");
    assert_eq!(refusal(&other.send().await), expected);
}
