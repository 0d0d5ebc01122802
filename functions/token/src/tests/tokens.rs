//! Tokens that are issued: what they say, whom they convince, what they cost.

use api::claims::{Claims, TYP};
use data_encoding::BASE64URL_NOPAD;
use domain::TenantId;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use testkit::{ISSUER, body};

use super::*;

fn decoded(part: &str) -> Vec<u8> {
    BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()
}

/// Header and claims of a token that the published keys verify, as any resource server would.
async fn verified(app: &TestApp, token: &str) -> (Value, Value) {
    let parts: Vec<_> = token.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("three parts: {token}")
    };
    let json = |part| serde_json::from_slice::<Value>(&decoded(part)).unwrap();
    let (header_json, claims) = (json(header), json(payload));
    let jwks = app.registry.keys.jwks(app.registry.now()).await.unwrap();
    let keys = jwks["keys"].as_array().unwrap();
    let key = keys
        .iter()
        .find(|k| k["kid"] == header_json["kid"])
        .unwrap();
    let member = |name: &str| decoded(key[name].as_str().unwrap());
    let point = [vec![4], member("x"), member("y")].concat();
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
        .verify(
            format!("{header}.{payload}").as_bytes(),
            &decoded(signature),
        )
        .unwrap();
    (header_json, claims)
}

/// The claims of the token that a request is answered with.
pub(super) async fn claims(app: &TestApp, request: TestRequest<'_>) -> Value {
    let response = request.send().await;
    assert_eq!(response.status, 200, "{}", response.body);
    let shown = body(&response);
    verified(app, shown["access_token"].as_str().unwrap())
        .await
        .1
}

#[tokio::test]
async fn client_credentials_answer_a_token_that_the_published_keys_verify() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let response = by_basic(&app, &client, GRANT).send().await;
    let mut shown = body(&response);
    let token = shown["access_token"].take();
    assert_eq!(
        (response.status, shown),
        (
            200,
            json!({
                "access_token": null,
                "token_type": "Bearer",
                "expires_in": 3600,
                "scope": "photos apps:read",
            })
        )
    );
    assert_eq!(response.header("cache-control").unwrap(), "no-store");
    assert_eq!(response.header("pragma").unwrap(), "no-cache");

    let (header, mut claims) = verified(&app, token.as_str().unwrap()).await;
    let kid = header["kid"].as_str().unwrap();
    assert_eq!(header, json!({"alg": "ES256", "typ": "at+jwt", "kid": kid}));
    let jti = claims["jti"].take();
    // The secret's id, a dot, and 16 random bytes.
    assert_eq!(jti.as_str().unwrap().len(), 10 + 1 + 22);
    assert_eq!(
        claims,
        json!({
            "iss": ISSUER,
            "sub": client.client_id().as_str(),
            "client_id": client.client_id().as_str(),
            "aud": ISSUER,
            "iat": 1_767_323_045,
            "exp": 1_767_326_645,
            "jti": null,
            "scope": "photos apps:read",
        })
    );
}

#[tokio::test]
async fn each_token_has_an_id_of_its_own() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let one = claims(&app, by_basic(&app, &client, GRANT)).await;
    let two = claims(&app, by_basic(&app, &client, GRANT)).await;
    assert_ne!(one["jti"], two["jti"]);
}

#[tokio::test]
async fn a_token_costs_one_strongly_consistent_read_and_the_days_first_a_write_too() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    for (hours, operations) in [
        (0, vec!["GetItem", "UpdateItem"]),
        (0, vec!["GetItem"]),
        (20, vec!["GetItem"]),
        (1, vec!["GetItem", "UpdateItem"]),
        (1, vec!["GetItem"]),
    ] {
        app.clock.advance(hours * 3600);
        // Keys are read again by and by, whoever asks.
        app.token(&app.management.client_id, &[]).await;
        app.recorder.take();
        by_basic(&app, &client, GRANT).send().await;
        let calls = app.recorder.take();
        let names: Vec<_> = calls.iter().map(|c| c.operation.as_str()).collect();
        assert_eq!(names, operations);
        assert!(calls[0].consistent);
        assert!(calls[0].capacity.total <= 1.0);
    }
}

#[tokio::test]
async fn the_tokens_of_another_tenant_have_its_issuer() {
    let app = TestApp::new().await;
    let theirs = app.tenant("b").await;
    let header = basic(&theirs.client_id, &theirs.client_secret);
    let request = post(&app, GRANT).header("authorization", &header);
    let claims = claims(&app, request).await;
    assert_eq!(claims["iss"], format!("{ISSUER}/t/b"));
    assert_eq!(claims["aud"], format!("{ISSUER}/t/b"));
    // Headers that a proxy or a liar may add change nothing.
    let lies = post(&app, GRANT)
        .header("authorization", &header)
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example;proto=http")
        .header("x-tenant-id", "default");
    assert_eq!(self::claims(&app, lies).await["iss"], claims["iss"]);
}

#[tokio::test]
async fn the_registrys_own_routes_take_the_token_for_what_it_says() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let response = by_basic(&app, &client, GRANT).send().await;
    let shown = body(&response);
    let token = shown["access_token"].as_str().unwrap();
    let now = app.registry.now();
    let claims: Claims = app
        .registry
        .keys
        .verify(token, TYP, now)
        .await
        .unwrap()
        .unwrap();
    assert!(claims.is_current(now));
    assert_eq!(claims.client_id, *client.client_id());
}

#[tokio::test]
async fn a_scope_that_is_asked_for_is_granted_alone_and_once() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    for (asked, granted) in [
        ("", "photos apps:read"),
        ("&scope=", "photos apps:read"),
        ("&scope=photos", "photos"),
        ("&scope=apps%3Aread", "apps:read"),
        ("&scope=apps:read+photos", "apps:read photos"),
        ("&scope=photos%20photos", "photos"),
    ] {
        let request = by_basic(&app, &client, &format!("{GRANT}{asked}"));
        assert_eq!(claims(&app, request).await["scope"], granted, "{asked}");
    }
}

#[tokio::test]
async fn the_resources_asked_for_become_the_audience() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    for (asked, audience) in [
        ("", json!(ISSUER)),
        ("&resource=two", json!("two")),
        (
            "&resource=https://api.example.com",
            json!("https://api.example.com"),
        ),
        ("&resource=two&resource=two", json!("two")),
        (
            "&resource=two&resource=https%3A%2F%2Fapi.example.com",
            json!(["two", "https://api.example.com"]),
        ),
        ("&resource=https://roster.test", json!(ISSUER)),
    ] {
        let request = by_basic(&app, &client, &format!("{GRANT}{asked}"));
        assert_eq!(claims(&app, request).await["aud"], audience, "{asked}");
    }
}

#[tokio::test]
async fn a_token_for_a_resource_opens_no_management_route() {
    let app = TestApp::new().await;
    let client = client(&app).await;
    let request = by_basic(&app, &client, &format!("{GRANT}&resource=two"));
    let shown = body(&request.send().await);
    let token = shown["access_token"].as_str().unwrap();
    let handle = |_, _| async { Ok(api::Response::empty(204)) };
    let path = format!("/v1/applications/{}", client.id());
    let request = app.request(handle, "GET", &path).token(token);
    assert_eq!(request.send().await.status, 401);
    let shown = body(&by_basic(&app, &client, GRANT).send().await);
    let token = shown["access_token"].as_str().unwrap();
    let request = app.request(handle, "GET", &path).token(token);
    assert_eq!(request.send().await.status, 204);
}

#[tokio::test]
async fn a_client_without_scopes_gets_a_token_without_any() {
    let app = TestApp::new().await;
    let client = app.register("None", |app| app.client.scopes.clear()).await;
    assert_eq!(
        claims(&app, by_basic(&app, &client, GRANT)).await["scope"],
        ""
    );
    let asked = by_basic(&app, &client, &format!("{GRANT}&scope=apps:read"));
    assert_eq!(asked.send().await.status, 400);
}

#[tokio::test]
async fn the_management_client_has_every_management_scope() {
    let app = TestApp::new().await;
    let header = basic(&app.management.client_id, &app.management.client_secret);
    let request = post(&app, GRANT).header("authorization", &header);
    assert_eq!(
        claims(&app, request).await["scope"],
        "apps:list apps:read apps:create apps:edit apps:delete apps:trust apps:access clients:secrets"
    );
    let tenant = TenantId::first();
    assert!(app.apps(&tenant).await.is_empty());
}
