//! "OpenID Applications", steps 2 to 4; step 1 is a token of the management client.

use serde_json::{Value, json};

use super::{send, text};
use crate::{
    client::{Credentials, Deployment},
    stories::eventually,
};

const APPS: &str = "/platform/v1/apps";

/// The body of step 2.
fn barebone() -> Value {
    json!({
        "name": "My app",
        "redirect_uri": "https://app.example.com/callback",
        "trusted": "true",
    })
}

#[test]
fn openid_step_2_create_an_app() {
    let roster = Deployment::new();
    let api_token = roster.token(&roster.management);
    let answer = send(&roster, &api_token, "POST", APPS, &barebone());
    let first = answer.expect(201);
    assert_eq!(first["status"], "OK");
    assert_eq!(first.as_object().unwrap().len(), 2);
    let members: Vec<_> = first["data"].as_object().unwrap().keys().collect();
    let documented = [
        "app_code_name",
        "app_id",
        "client_id",
        "client_secret",
        "name",
    ];
    assert_eq!(members, documented);
    assert_eq!(first["data"]["name"], "My app");
    let code_name = text(&first["data"]["app_code_name"]);
    assert!(code_name == "myapp" || code_name.starts_with("myapp_"));
    let path = format!("{APPS}/{code_name}");
    let read = roster.get(&api_token, &path).expect(200);
    assert_eq!(read["data"]["application"]["trusted"], true);

    let refused = roster.post(&api_token, APPS, &json!({"name": "My app"}));
    let body = refused.expect(422);
    assert_eq!(body["success"], false);
    assert_eq!(body["errors"][0]["code"], "missing");
}

#[test]
fn openid_step_3_store_the_client_id_and_secret_which_are_not_shown_again() {
    let roster = Deployment::new();
    let api_token = roster.token(&roster.management);
    let first = send(&roster, &api_token, "POST", APPS, &barebone()).expect(201);
    let code_name = text(&first["data"]["app_code_name"]);

    // "In cases where an app with the same code name already exists, a post-fix string will be added".
    let second = send(&roster, &api_token, "POST", APPS, &barebone()).expect(201);
    let postfixed = text(&second["data"]["app_code_name"]);
    assert!(postfixed.starts_with("myapp_"), "{postfixed}");

    // "There will be no way of retrieving the client_id and client_secret later on."
    let kept = Credentials::of(&first["data"]);
    let read = roster.get(&api_token, &format!("{APPS}/{code_name}"));
    assert_eq!(
        read.expect(200)["data"]["application"]["app_code_name"],
        code_name
    );
    let listed = eventually(
        || roster.get(&api_token, APPS),
        |list| {
            let apps = list["apps"].as_array().unwrap();
            apps.iter().any(|app| app["app_code_name"] == postfixed)
        },
    );
    for shown in [&read.text, &listed.to_string()] {
        assert!(
            !shown.contains(&kept.client_secret) && !shown.contains("client_id"),
            "{shown}"
        );
    }
}

#[test]
fn openid_step_4_usage() {
    let roster = Deployment::new();
    let api_token = roster.token(&roster.management);
    let made = send(&roster, &api_token, "POST", APPS, &barebone()).expect(201);
    let token = roster.token(&Credentials::of(&made["data"]));
    let path = format!("{APPS}/{}", text(&made["data"]["app_code_name"]));
    let read = roster.get(&token, &path).expect(200);
    assert_eq!(read["success"], true);
    assert_eq!(read["data"]["success"], true);
    assert_eq!(read["data"]["application"]["name"], "My app");
}
