//! What a client can do and may ask for in the end, in the words of each dialect: its own switch and its app's,
//! its own scopes and its role's, and what follows from how it authenticates.

use testkit::{Value, json};

use crate::{
    ground::{Ground, NATIVE, OPENID, SCIM, patch_op, scim, text},
    mapping::{create, native, views},
    roles::grant,
};

const ME: &str = "urn:opc:idm:t.user.me";

fn to_public() -> Value {
    patch_op(&json!([{"op": "replace", "path": "clientType", "value": "public"}]))
}

#[tokio::test]
async fn a_patch_of_the_client_type_alone_takes_along_what_nobody_set() {
    let ground = Ground::new().await;
    let defaults = native(&json!({"client_scopes": null}));
    let id = create(&ground, NATIVE, &defaults).await;
    let path = format!("{SCIM}/{id}");
    let shown = ground.expect(200, "PATCH", &path, &to_public()).await;
    assert_eq!(shown["clientType"], "public");
    assert_eq!(
        shown["basedOnTemplate"]["value"],
        "CustomBrowserMobileTemplateId"
    );
    assert_eq!(shown["allowedGrants"], json!(["authorization_code"]));
    assert_eq!(shown.get("allowedScopes"), None);
    // Back: this dialect gives no grants or scopes by default.
    let back = patch_op(&json!([{"op": "replace", "value": {"clientType": "confidential"}}]));
    let shown = ground.expect(200, "PATCH", &path, &back).await;
    assert!(shown["clientSecret"].is_string());
    assert_eq!(shown["basedOnTemplate"]["value"], "CustomWebAppTemplateId");
    assert_eq!(shown["allowedGrants"], json!(["authorization_code"]));
    assert_eq!(shown.get("allowedScopes"), None);
}

#[tokio::test]
async fn a_patch_keeps_grants_and_scopes_that_somebody_set() {
    let ground = Ground::new().await;
    let set = json!({
        "allowedGrants": ["client_credentials"], "allowedScopes": [{"fqs": "photos"}],
    });
    let made = ground.scim_app(&set).await;
    let path = format!("{SCIM}/{}", text(&made["id"]));
    let refused = ground.expect(400, "PATCH", &path, &to_public()).await;
    assert_eq!(
        refused["detail"],
        "allowedGrants has client_credentials, which is not for public clients; send the list without it, or set \
         clientType to confidential or trusted"
    );
    let with_grants = patch_op(&json!([
        {"op": "replace", "path": "clientType", "value": "public"},
        {"op": "replace", "path": "allowedGrants", "value": ["authorization_code"]},
    ]));
    let shown = ground.expect(200, "PATCH", &path, &with_grants).await;
    assert_eq!(shown["allowedScopes"], json!([{"fqs": "photos"}]));
    // A template that is sent is held to the type.
    let wrong = patch_op(&json!([
        {"op": "replace", "path": "clientType", "value": "confidential"},
        {"op": "replace", "path": "basedOnTemplate.value", "value": "Other"},
    ]));
    let refused = ground.expect(400, "PATCH", &path, &wrong).await;
    assert!(
        text(&refused["detail"]).starts_with("basedOnTemplate must be "),
        "{refused}"
    );
}

#[tokio::test]
async fn a_put_says_all_grants_and_one_that_does_not_fit_is_refused_with_what_to_do() {
    let ground = Ground::new().await;
    let made = ground.scim_app(&json!({})).await;
    let path = format!("{SCIM}/{}", text(&made["id"]));
    let public = json!({
        "active": true, "clientType": "public",
        "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
    });
    let refused = ground.expect(400, "PUT", &path, &scim(&public)).await;
    let detail = text(&refused["detail"]);
    assert!(
        detail.starts_with("allowedGrants has client_credentials, "),
        "{detail}"
    );
}

#[tokio::test]
async fn the_scope_of_a_granted_role_shows_in_what_the_client_may_ask_for() {
    let ground = Ground::new().await;
    let id = create(&ground, NATIVE, &native(&json!({}))).await;
    let further = json!({"name": "Further", "redirect_uris": ["https://a.example/cb"]});
    let clients = format!("{NATIVE}/{id}/clients");
    ground.expect(201, "POST", &clients, &further).await;
    let before = views(&ground, &id).await;
    let own = json!(["photos", "prints"]);
    assert_eq!(before.native["effective_scopes"], own);
    assert_eq!(before.scim.get("grantedAppRoles"), None);

    let granted = ground
        .expect(201, "POST", "/admin/v1/Grants", &grant(&id))
        .await;
    let shown = views(&ground, &id).await;
    let all = json!(["photos", "prints", ME]);
    for of in [&shown.native, &shown.client] {
        assert_eq!(of["effective_scopes"], all);
    }
    // What the owner set is as it was.
    assert_eq!(shown.native["client_scopes"], own);
    assert_eq!(shown.client["scopes"], own);
    let role = json!({
        "value": "me", "display": "Me", "appId": "IDCSAppId",
        "$ref": format!("{}/admin/v1/AppRoles/me", testkit::ISSUER),
    });
    assert_eq!(shown.scim["grantedAppRoles"], json!([role]));
    assert_eq!(
        shown.scim["allowedScopes"],
        json!([{"fqs": "photos"}, {"fqs": "prints"}])
    );
    let role = ground
        .expect(200, "GET", "/admin/v1/AppRoles/me", &Value::Null)
        .await;
    assert!(text(&role["description"]).contains(ME), "{role}");
    // It is the default client's alone, in lists too.
    let listed = ground.expect(200, "GET", &clients, &Value::Null).await;
    assert_eq!(listed["result"][0]["effective_scopes"], all);
    assert_eq!(listed["result"][1]["effective_scopes"], json!([]));
    let listed = ground.expect(200, "GET", NATIVE, &Value::Null).await;
    assert_eq!(listed["result"][1]["effective_scopes"], all, "{listed}");

    // What was read is taken back as it is, and changes nothing.
    let path = format!("{SCIM}/{id}");
    let again = ground.expect(200, "PUT", &path, &shown.scim).await;
    assert_eq!(again["grantedAppRoles"], shown.scim["grantedAppRoles"]);
    assert_eq!(again["allowedScopes"], shown.scim["allowedScopes"]);

    let path = format!("/admin/v1/Grants/{}", text(&granted["id"]));
    ground.expect(204, "DELETE", &path, &Value::Null).await;
    let shown = views(&ground, &id).await;
    assert_eq!(shown.native["effective_scopes"], own);
    assert_eq!(shown.scim.get("grantedAppRoles"), None);
}

#[tokio::test]
async fn an_app_whose_client_was_switched_off_by_itself_says_so_in_every_dialect() {
    let ground = Ground::new().await;
    let id = create(&ground, NATIVE, &native(&json!({}))).await;
    let shown = views(&ground, &id).await;
    let client = text(&shown.native["client_id"]);
    assert_eq!(shown.native["effective"], true);
    let off = json!({"active": false});
    let switch = format!("/v1/clients/{client}/status");
    ground.expect(200, "PUT", &switch, &off).await;
    let shown = views(&ground, &id).await;
    assert_eq!(
        (&shown.native["active"], &shown.native["effective"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        (&shown.client["active"], &shown.client["effective"]),
        (&json!(false), &json!(false))
    );
    // SCIM's switch is the app's, and openid-apps has one word for both.
    assert_eq!(shown.scim["active"], true);
    assert_eq!(
        shown.scim["warnings"],
        json!([
            "the grant authorization_code is stored as asked, and no endpoint serves it yet",
            "the application is active, but its client was switched off by itself and gets no tokens; \
                switch it on with PUT /v1/clients/<name>/status"
        ])
    );
    assert_eq!(shown.openid["active"], false);
    let listed = ground.expect(200, "GET", OPENID, &Value::Null).await;
    assert_eq!(listed["apps"][1]["active"], false, "{listed}");

    // The app off, its client on: neither works, and there is nothing to warn of.
    ground
        .expect(200, "PUT", &switch, &json!({"active": true}))
        .await;
    ground.activate(&id, false).await;
    let shown = views(&ground, &id).await;
    assert_eq!(
        (&shown.native["active"], &shown.native["effective"]),
        (&json!(false), &json!(false))
    );
    assert_eq!(
        (&shown.client["active"], &shown.client["effective"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(shown.client["app"]["effective"], false);
    assert_eq!(shown.scim["active"], false);
    assert!(
        !shown.scim["warnings"].to_string().contains("switched off"),
        "the app says so itself: {}",
        shown.scim["warnings"]
    );
    assert_eq!(shown.openid["active"], false);
}

#[tokio::test]
async fn the_credentials_of_a_minimal_further_client_get_a_token() {
    let ground = Ground::new().await;
    let id = create(&ground, NATIVE, &native(&json!({}))).await;
    let minimal = json!({"name": "Further", "redirect_uris": ["https://a.example/cb"]});
    let made = ground
        .expect(201, "POST", &format!("{NATIVE}/{id}/clients"), &minimal)
        .await;
    let part = |name: &str| text(&made["result"][name]);
    let got = ground
        .token_of(&part("client_id"), &part("client_secret"))
        .await;
    assert_eq!(got.status, 200, "{}", got.body);
}
