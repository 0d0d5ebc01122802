//! Updates through one dialect keep what it can't express.

use testkit::{Value, json};

use crate::{
    ground::{Ground, NATIVE, OPENID, SCIM, patch_op, scim, text},
    mapping::{agree, create, native, views},
};

#[tokio::test]
async fn updates_in_other_dialects_keep_what_only_scim_can_say() {
    let ground = Ground::new().await;
    let only = json!({
        "redirectUris": ["http://a.example/cb", "com.example.app:/cb"],
        "allUrlSchemesAllowed": true,
        "logoutUri": "http://a.example/out",
        "postLogoutRedirectUris": ["http://a.example/bye"],
        "tags": [{"key": "env", "value": "prod"}],
        "audience": "https://api.example/",
        "isOAuthResource": true,
        "scopes": [{"value": "read", "description": "Reads", "requiresConsent": true}],
        "certificates": [{"certAlias": "SampleOAuthClient_1"}],
        "accessTokenExpiry": 600,
        "refreshTokenExpiry": 6000,
        "bypassConsent": true,
        "allowedOperations": ["introspect"],
        "externalId": "x-1",
    });
    let id = text(&ground.scim_app(&only).await["id"]);
    let client = text(
        &ground
            .expect(200, "GET", &format!("{SCIM}/{id}"), &Value::Null)
            .await["name"],
    );
    for (method, path, body) in [
        (
            "PUT",
            format!("{NATIVE}/{id}"),
            json!({"app_name": "Other", "app_description": "d"}),
        ),
        (
            "PATCH",
            format!("{NATIVE}/{id}"),
            json!({"app_description": null}),
        ),
        (
            "PUT",
            format!("/v1/clients/{client}"),
            json!({"description": "d"}),
        ),
        (
            "PUT",
            format!("{NATIVE}/{id}/resources"),
            json!({"resource_ids": ["r"]}),
        ),
        (
            "PUT",
            format!("{OPENID}/{id}"),
            json!({"name": "Third", "trusted": "true"}),
        ),
        (
            "PUT",
            format!("{NATIVE}/{id}/status"),
            json!({"active": false}),
        ),
    ] {
        ground.expect(200, method, &path, &body).await;
        let shown = views(&ground, &id).await;
        agree(&shown, &path);
        for (name, value) in only.as_object().unwrap() {
            assert_eq!(&shown.scim[name], value, "{method} {path}: {name}");
        }
    }
    // The flag stands, so one more plain URI is taken through a dialect that can't set it.
    let more = json!({"redirect_uris": ["http://b.example/cb"]});
    ground
        .expect(200, "PUT", &format!("{NATIVE}/{id}"), &more)
        .await;
}

#[tokio::test]
async fn a_scim_put_and_patch_keep_what_only_the_native_dialect_can_say() {
    let ground = Ground::new().await;
    let only = json!({
        "logo": "https://a.example/logo.png",
        "client_description": "The client",
        "resources": ["r1"],
        "service_providers": ["sp"],
        "allow_public_signup": true,
        "login_uri": "https://a.example/login",
        "subdomain": "photos",
        "invite_member_email_expiration_minutes": 5,
        "client_auth_method": "client_secret_post",
        "client_type": "native",
        "authenticator_preferences": {"is_centralized": true, "login_uri": "https://a.example/l"},
        "device_authorization": {"enabled": false},
        "ciba_authorization": {"enabled": false},
    });
    let id = create(&ground, NATIVE, &native(&only)).await;
    let before = views(&ground, &id).await.native;
    let renaming = patch_op(&json!([
        {"op": "replace", "path": "displayName", "value": "Fourth"},
    ]));
    for (method, body) in [
        (
            "PUT",
            scim(&json!({"displayName": "Third", "active": true})),
        ),
        ("PATCH", renaming),
    ] {
        let path = format!("{SCIM}/{id}");
        ground.expect(200, method, &path, &body).await;
        let shown = views(&ground, &id).await;
        agree(&shown, method);
        for name in only.as_object().unwrap().keys() {
            assert_eq!(shown.native[name], before[name], "{method}: {name}");
        }
        assert_eq!(shown.client["response_types"], json!(["code", "id_token"]));
    }
}

#[tokio::test]
async fn a_scim_put_keeps_the_keys_of_a_client_that_signs_assertions() {
    let ground = Ground::new().await;
    let jwks = json!({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k1", "alg": "ES256", "use": "sig",
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }]});
    let body = json!({"client_auth_method": "private_key_jwt", "jwks": jwks});
    let id = create(&ground, NATIVE, &native(&body)).await;
    let before = views(&ground, &id).await;
    agree(&before, "private_key_jwt");
    let answer = ground
        .expect(
            200,
            "PUT",
            &format!("{SCIM}/{id}"),
            &scim(&json!({"active": true})),
        )
        .await;
    assert!(answer.get("clientSecret").is_none());
    let after = views(&ground, &id).await.native;
    assert_eq!(after["jwks"], before.native["jwks"]);
    assert_eq!(after["client_auth_method"], "private_key_jwt");
}
