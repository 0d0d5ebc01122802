//! People send back what they read, and nothing changes by it.

use testkit::{Value, json, result};

use crate::ground::{Ground, NATIVE, OPENID, SCIM, laid, scim};

const KEY: &str = r#"{"keys": [{"kty": "EC", "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}"#;

pub(crate) fn native(name: &str, over: &Value) -> Value {
    let base = json!({
        "app_name": name, "client_display_name": name,
        "redirect_uris": ["https://app.example.com/cb"],
    });
    laid(base, over)
}

/// Apps of every kind, by the requests that make them.
fn kinds() -> Vec<(&'static str, Value)> {
    let keys: Value = serde_json::from_str(KEY).unwrap();
    vec![
        (NATIVE, native("Plain", &json!({}))),
        (
            NATIVE,
            native(
                "Full",
                &json!({
                    "app_description": "About", "client_description": "", "client_type": "native",
                    "client_auth_method": "client_secret_post",
                    "client_grant_types": ["client_credentials", "refresh_token"],
                    "client_scopes": ["apps:read", "photos"],
                    "redirect_uris": ["https://one.example/cb", "com.example.app:/cb"],
                    "resources": ["urn:example:one"], "logo": "https://app.example.com/logo.png",
                    "service_providers": ["google"], "trusted": "true",
                    "authenticator_preferences": {"is_centralized": true, "login_uri": "https://hub.example/login"},
                    "allow_public_signup": true, "login_uri": "https://app.example.com/login",
                    "subdomain": "acme", "invite_member_email_expiration_minutes": 60,
                    "access_token_lifetime": 300,
                    "device_authorization": {
                        "enabled": true, "approval_uri": "https://app.example.com/approve",
                        "success_uri": "https://app.example.com/done", "input_uri": "https://app.example.com/code",
                    },
                    "ciba_authorization": {"enabled": true, "login_uri": "https://app.example.com/ciba"},
                }),
            ),
        ),
        (
            NATIVE,
            native(
                "Public",
                &json!({
                    "client_type": "native", "client_auth_method": "none",
                    "client_grant_types": ["authorization_code"], "client_scopes": [],
                }),
            ),
        ),
        (
            NATIVE,
            native(
                "Keyed",
                &json!({"client_auth_method": "private_key_jwt", "jwks": keys}),
            ),
        ),
        (
            NATIVE,
            native(
                "Machine",
                &json!({"client_grant_types": ["client_credentials"], "redirect_uris": []}),
            ),
        ),
        (
            OPENID,
            json!({"name": "Open app", "redirect_uri": "https://a.example/cb", "access_token_format": "opaque"}),
        ),
        (
            SCIM,
            scim(&json!({
                "redirectUris": ["http://a.example/cb", "other.scheme:/cb"], "allUrlSchemesAllowed": true,
                "allowedGrants": ["authorization_code", "implicit", "password", "client_credentials"],
                "allowedScopes": [{"fqs": "http://example.com/photos"}], "accessTokenExpiry": 86400,
                "refreshTokenExpiry": 60, "allowedOperations": ["introspect"], "externalId": "e",
                "logoutUri": "http://a.example/out", "tags": [{"key": "a", "value": "b"}],
            })),
        ),
        (
            SCIM,
            scim(&json!({
                "displayName": "Idle", "active": false, "isOAuthResource": true, "audience": "urn:a",
                "scopes": [{"value": "photos"}], "accessTokenExpiry": 3600, "name": "chosen_id",
            })),
        ),
    ]
}

/// The ids of an app of each kind, of one that was switched, and of the management application.
async fn apps(ground: &Ground) -> Vec<String> {
    let mut ids = Vec::new();
    for (path, request) in kinds() {
        let made = ground.expect(201, "POST", path, &request).await;
        let id = [
            &made["result"]["app_id"],
            &made["data"]["app_id"],
            &made["id"],
        ];
        ids.push(id.into_iter().find_map(Value::as_str).unwrap().to_owned());
    }
    let switched = native("Switched", &json!({}));
    let made = ground.expect(201, "POST", NATIVE, &switched).await;
    let id = made["result"]["app_id"].as_str().unwrap().to_owned();
    let off = json!({"active": false, "reason": "leaked"});
    let path = format!("{NATIVE}/{id}/status");
    ground.expect(200, "PUT", &path, &off).await;
    ids.push(id);
    let management = ground.get(&format!("{NATIVE}/management")).await;
    ids.push(
        result(&management, 200)["app_id"]
            .as_str()
            .unwrap()
            .to_owned(),
    );
    ids
}

/// What is shown of the thing at `path`.
pub(crate) async fn shown(ground: &Ground, path: &str) -> Value {
    result(&ground.get(path).await, 200)
}

/// What stays when nothing is changed but the version, and who made it.
fn unmoved(mut shown: Value) -> Value {
    for (_, value) in shown.as_object_mut().unwrap() {
        if let Some(inner) = value.as_object_mut() {
            inner.remove("version");
            inner.remove("updated_at");
            inner.remove("updated_by");
        }
    }
    let members = shown.as_object_mut().unwrap();
    members.remove("version");
    members.remove("updated_at");
    members.remove("updated_by");
    shown
}

/// What is stored of an app, but for what moves with each write.
async fn kept(ground: &Ground, id: &str) -> Value {
    let id = domain::AppId::parse(id).unwrap();
    let tenant = domain::TenantId::first();
    let app = ground.registry.table.app(&tenant, &id).await.unwrap();
    let mut app = unmoved(json!(app.unwrap()));
    let client = app["default_client"].as_object_mut().unwrap();
    client.remove("version");
    client.remove("updated_at");
    client.remove("updated_by");
    app
}

#[tokio::test]
async fn what_a_get_shows_can_be_sent_back_whole_for_apps_and_clients_of_every_kind() {
    let ground = Ground::new().await;
    for id in apps(&ground).await {
        let before = kept(&ground, &id).await;
        let app = format!("{NATIVE}/{id}");
        let further = json!({
            "name": "Worker", "redirect_uris": [], "grant_types": ["client_credentials"],
            "access_token_lifetime": 60,
        });
        let further = ground
            .expect(201, "POST", &format!("{app}/clients"), &further)
            .await;
        let default = shown(&ground, &app).await["client_id"].clone();
        let mut paths = vec![app.clone()];
        for client in [&default, &further["result"]["client_id"]] {
            let client = client.as_str().unwrap();
            paths.push(format!("/v1/clients/{client}"));
            paths.push(format!("{app}/clients/{client}"));
        }
        for path in &paths {
            for method in ["PUT", "PATCH"] {
                ground.clock.advance(1);
                let read = shown(&ground, path).await;
                let response = ground.to(method, path).json(&read).send().await;
                assert_eq!(response.status, 200, "{method} {read}: {}", response.body);
                let now = shown(&ground, path).await;
                assert_ne!(now["version"], read["version"]);
                assert_eq!(unmoved(now), unmoved(read), "{method} {path}");
            }
        }
        assert_eq!(kept(&ground, &id).await, before);
    }
}

#[tokio::test]
async fn what_was_reset_by_null_can_be_sent_back_too() {
    let ground = Ground::new().await;
    for id in apps(&ground).await {
        let path = format!("{NATIVE}/{id}");
        let reset = json!({
            "app_description": null, "logo": null, "login_uri": null, "subdomain": null,
            "authenticator_preferences": null, "device_authorization": null, "ciba_authorization": null,
            "client_description": null, "service_providers": null,
            "password_sharing_group_id": null, "client_secret": null,
        });
        let response = ground.to("PATCH", &path).merge(&reset).send().await;
        let now = result(&response, 200);
        // Typed clients write null for what they have no value for; so do some for what is read-only.
        let mut read = shown(&ground, &path).await;
        assert_eq!(read, now);
        for absent in ["password_sharing_group_id", "client_secret"] {
            read[absent] = Value::Null;
        }
        let response = ground.to("PUT", &path).json(&read).send().await;
        assert_eq!(unmoved(result(&response, 200)), unmoved(now));
    }
}

#[tokio::test]
async fn what_openid_apps_shows_can_be_sent_back_in_its_words_too() {
    let ground = Ground::new().await;
    let mut ids = apps(&ground).await;
    let long = native("A name of more than twenty-five characters", &json!({}));
    let made = ground.expect(201, "POST", NATIVE, &long).await;
    ids.push(made["result"]["app_id"].as_str().unwrap().to_owned());
    for id in ids {
        let before = kept(&ground, &id).await;
        let path = format!("{OPENID}/{id}");
        let read =
            ground.expect(200, "GET", &path, &Value::Null).await["data"]["application"].take();
        ground.clock.advance(1);
        ground.expect(200, "PUT", &path, &read).await;
        assert_eq!(kept(&ground, &id).await, before, "{read}");
    }
}

#[tokio::test]
async fn an_item_of_a_list_can_be_sent_back() {
    let ground = Ground::new().await;
    apps(&ground).await;
    let list = shown(&ground, &format!("{NATIVE}?limit=100")).await;
    for app in list.as_array().unwrap() {
        let path = format!("{NATIVE}/{}", app["app_id"].as_str().unwrap());
        let logo = shown(&ground, &path).await.get("logo").cloned();
        let mut changed = app.clone();
        changed["app_description"] = json!("Changed");
        let now = result(&ground.to("PUT", &path).json(&changed).send().await, 200);
        assert_eq!(now["app_description"], "Changed");
        assert_eq!(now.get("logo"), logo.as_ref());
    }
}
