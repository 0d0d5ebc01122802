//! An app made through one dialect reads the same through the others.

use testkit::{Value, json};

use crate::ground::{Ground, NATIVE, OPENID, SCIM, expect, laid, scim, text};

/// One app as every dialect shows it.
pub(crate) struct Views {
    pub(crate) native: Value,
    pub(crate) client: Value,
    pub(crate) openid: Value,
    pub(crate) scim: Value,
}

pub(crate) async fn views(ground: &Ground, id: &str) -> Views {
    let native = ground.get(&format!("{NATIVE}/{id}")).await;
    let openid = ground.get(&format!("{OPENID}/{id}")).await;
    let scim = ground.get(&format!("{SCIM}/{id}")).await;
    for other in [&openid, &scim] {
        assert_eq!(other.header("etag"), native.header("etag"));
    }
    let version = scim.header("etag").unwrap().to_owned();
    let scim = expect(200, &scim);
    assert_eq!(scim["meta"]["version"], version.as_str());
    let native = expect(200, &native)["result"].take();
    let path = format!("/v1/clients/{}", text(&native["client_id"]));
    let client = ground.get(&path).await;
    Views {
        native,
        client: expect(200, &client)["result"].take(),
        openid: expect(200, &openid)["data"]["application"].take(),
        scim,
    }
}

/// An unassigned attribute of SCIM as the empty list that others show.
fn list(value: &Value) -> Value {
    if value.is_null() {
        json!([])
    } else {
        value.clone()
    }
}

/// That every shared field is the same in all of them.
#[track_caller]
pub(crate) fn agree(of: &Views, case: &str) {
    let Views {
        native,
        client,
        openid,
        scim,
    } = of;
    let fqs: Vec<_> = list(&scim["allowedScopes"])
        .as_array()
        .unwrap()
        .iter()
        .map(|scope| scope["fqs"].clone())
        .collect();
    for (what, left, right) in [
        ("id", &scim["id"], &native["app_id"]),
        ("id", &openid["app_id"], &native["app_id"]),
        ("id", &client["app_id"], &native["app_id"]),
        (
            "code name",
            &openid["app_code_name"],
            &native["app_code_name"],
        ),
        ("client id", &scim["name"], &native["client_id"]),
        ("client id", &client["client_id"], &native["client_id"]),
        ("name", &scim["displayName"], &native["app_name"]),
        ("name", &openid["name"], &native["app_name"]),
        (
            "client name",
            &client["name"],
            &native["client_display_name"],
        ),
        ("active", &scim["active"], &native["active"]),
        ("active", &openid["active"], &native["active"]),
        ("trusted", &openid["trusted"], &native["trusted"]),
        (
            "description",
            &scim["description"],
            &native["app_description"],
        ),
        (
            "redirect URIs",
            &list(&scim["redirectUris"]),
            &native["redirect_uris"],
        ),
        (
            "redirect URIs",
            &openid["oauth_redirect_uris"],
            &native["redirect_uris"],
        ),
        (
            "redirect URIs",
            &client["redirect_uris"],
            &native["redirect_uris"],
        ),
        (
            "first redirect URI",
            &openid["redirect_uri"],
            &native["redirect_uris"][0],
        ),
        ("logout URI", &scim["logoutUri"], &client["logout_uri"]),
        (
            "post-logout URIs",
            &list(&scim["postLogoutRedirectUris"]),
            &client["post_logout_redirect_uris"],
        ),
        (
            "grants",
            &list(&scim["allowedGrants"]),
            &native["client_grant_types"],
        ),
        (
            "grants",
            &client["grant_types"],
            &native["client_grant_types"],
        ),
        ("scopes", &json!(fqs), &native["client_scopes"]),
        ("scopes", &openid["scopes"], &native["client_scopes"]),
        ("created", &scim["meta"]["created"], &native["created_at"]),
        ("created", &openid["created_at"], &native["created_at"]),
        (
            "updated",
            &scim["meta"]["lastModified"],
            &native["updated_at"],
        ),
        ("updated", &openid["updated_at"], &native["updated_at"]),
    ] {
        assert_eq!(left, right, "{case}: {what}");
    }
    let (kind, template) = match (
        text(&native["client_type"]).as_str(),
        text(&native["client_auth_method"]).as_str(),
        native["trusted"] == true,
    ) {
        ("native", "none", _) => ("public", "CustomBrowserMobileTemplateId"),
        (_, _, true) => ("trusted", "CustomWebAppTemplateId"),
        _ => ("confidential", "CustomWebAppTemplateId"),
    };
    assert_eq!(scim["clientType"], kind, "{case}");
    assert_eq!(scim["basedOnTemplate"]["value"], template, "{case}");
    assert_eq!(scim["isOAuthClient"], true, "{case}");
}

pub(crate) fn native(over: &Value) -> Value {
    let base = json!({
        "app_name": "Photo printer",
        "app_description": "Prints photos",
        "client_display_name": "Printer client",
        "redirect_uris": ["https://a.example/cb", "https://a.example/two"],
        "client_scopes": ["photos", "prints"],
        "logo": "https://a.example/logo.png",
    });
    laid(base, over)
}

/// Creates through a dialect; the app's id.
pub(crate) async fn create(ground: &Ground, path: &str, body: &Value) -> String {
    let made = ground.expect(201, "POST", path, body).await;
    let id = [
        &made["result"]["app_id"],
        &made["data"]["app_id"],
        &made["id"],
    ];
    text(id.into_iter().find(|id| id.is_string()).unwrap())
}

#[tokio::test]
async fn an_app_made_through_any_dialect_reads_the_same_through_the_others() {
    let ground = Ground::new().await;
    let full = json!({
        "name": "chosen_name", "externalId": "x-1", "description": "A demo",
        "redirectUris": ["http://a.example/cb", "https://a.example/two"],
        "logoutUri": "http://a.example/out",
        "postLogoutRedirectUris": ["https://a.example/bye"],
        "allowedScopes": [{"fqs": "http://example.com/photos"}],
    });
    let public = json!({
        "clientType": "public", "displayName": "Public",
        "basedOnTemplate": {"value": "CustomBrowserMobileTemplateId"},
        "allowedGrants": ["authorization_code"],
    });
    let openid = json!({
        "name": "Dir app", "redirect_uri": "https://a.example/cb", "trusted": "true",
        "oauth_redirect_uris": ["https://a.example/two"], "scopes": ["photos"],
    });
    let public_native = json!({
        "app_name": "Phone", "client_type": "native", "client_auth_method": "none",
        "redirect_uris": ["com.example.app:/cb"], "client_scopes": null,
    });
    for (path, body, seen) in [
        (
            NATIVE,
            native(&json!({})),
            json!({"clientType": "confidential", "active": true}),
        ),
        (
            NATIVE,
            native(&json!({"trusted": true})),
            json!({"clientType": "trusted"}),
        ),
        (
            NATIVE,
            native(&public_native),
            json!({"clientType": "public"}),
        ),
        (
            NATIVE,
            native(&json!({"client_type": "native", "client_auth_method": "client_secret_post"})),
            json!({"clientType": "confidential"}),
        ),
        (
            OPENID,
            openid.clone(),
            json!({
                "clientType": "trusted",
                "displayName": "Dir app",
                "redirectUris": ["https://a.example/cb", "https://a.example/two"],
                "allowedGrants": ["authorization_code", "refresh_token", "client_credentials"],
                "allowedScopes": [{"fqs": "photos"}],
            }),
        ),
        (
            OPENID,
            laid(
                openid,
                &json!({"trusted": "false", "oauth_redirect_uris": null}),
            ),
            json!({"clientType": "confidential", "redirectUris": ["https://a.example/cb"]}),
        ),
        (SCIM, scim(&full), full.clone()),
        (
            SCIM,
            scim(&json!({"displayName": "Trusted", "clientType": "trusted"})),
            json!({"clientType": "trusted"}),
        ),
        (SCIM, scim(&public), public.clone()),
        (
            SCIM,
            scim(&json!({"displayName": "Off", "active": null})),
            json!({"active": false}),
        ),
    ] {
        let case = body.to_string();
        let id = create(&ground, path, &body).await;
        let shown = views(&ground, &id).await;
        agree(&shown, &case);
        for (name, value) in seen.as_object().unwrap() {
            assert_eq!(&shown.scim[name], value, "{case}: {name}");
        }
    }
}

#[tokio::test]
async fn an_update_through_any_dialect_reads_the_same_through_the_others() {
    let ground = Ground::new().await;
    let id = create(&ground, NATIVE, &native(&json!({}))).await;
    ground.activate(&id, false).await;
    agree(&views(&ground, &id).await, "switched off");
    for (path, body) in [
        (
            NATIVE,
            json!({"app_name": "One", "client_display_name": "One", "trusted": true}),
        ),
        (
            OPENID,
            json!({"name": "Two", "oauth_redirect_uris": ["https://b.example/cb"]}),
        ),
        (
            SCIM,
            scim(&json!({
                "displayName": "Three", "active": null, "description": "third",
                "postLogoutRedirectUris": ["http://a.example/bye"],
            })),
        ),
        (OPENID, json!({"trusted": false, "scopes": ["photos"]})),
        (
            NATIVE,
            json!({"redirect_uris": ["https://c.example/cb"], "app_description": "last"}),
        ),
    ] {
        ground.clock.advance(1);
        let path = format!("{path}/{id}");
        ground.expect(200, "PUT", &path, &body).await;
        agree(&views(&ground, &id).await, &body.to_string());
    }
    let shown = views(&ground, &id).await.scim;
    assert_eq!(shown["displayName"], "Three");
    assert_eq!(shown["description"], "last");
    assert_eq!(shown["redirectUris"], json!(["https://c.example/cb"]));
    assert_eq!(shown["allowedScopes"], json!([{"fqs": "photos"}]));
    assert_eq!(
        shown["postLogoutRedirectUris"],
        json!(["http://a.example/bye"])
    );
    assert_eq!(shown["active"], false);
}
