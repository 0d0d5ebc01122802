//! What the token endpoint issues: both forms, and the openid-apps route.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use domain::{AccessTokenFormat, GrantType, TokenEndpointAuthMethod};
use testkit::{ISSUER, Value, body, json};

use crate::setup::{GRANT, MASTER, Network, Registered, TOKEN, World, text};

const SERVICE: &str = "/oauth/service/token";

async fn opaque(world: &World) -> Registered {
    world
        .register("Opaque", |s| {
            s.access_token_format = AccessTokenFormat::Opaque;
        })
        .await
}

// CVE-2024-29892: what a client sends overwrites no claim.
#[tokio::test]
async fn a_jwt_says_what_roster_knows_and_nothing_that_was_sent() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let form = [
        GRANT,
        ("scope", "apps:read apps:read"),
        ("iss", "https://evil.example"),
        ("sub", "admin"),
        ("exp", "9999999999"),
        ("aud", "https://evil.example"),
        ("claims", r#"{"sub":"admin"}"#),
        ("jti", "mine"),
    ];
    let answer = world.form(TOKEN, &client.basic(), &form).await;
    assert_eq!(world.calls(), ["GetItem"]);
    let said = body(&answer);
    assert_eq!(said["token_type"], "Bearer");
    assert_eq!(said["expires_in"], 3600);
    assert_eq!(said["scope"], "apps:read");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let token = text(&said["access_token"]);
    let parts: Vec<_> = token.split('.').collect();
    let read = |at: usize| -> Value {
        let bytes = BASE64URL_NOPAD.decode(parts[at].as_bytes()).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        text.parse().unwrap()
    };
    assert_eq!(
        (&read(0)["alg"], &read(0)["typ"]),
        (&json!("ES256"), &json!("at+jwt"))
    );
    let (mut claims, now) = (read(1), world.registry.now().unix());
    // The secret's id, a dot, and 16 random bytes.
    assert_eq!(text(&claims["jti"].take()).len(), 10 + 1 + 22);
    let expected = json!({
        "iss": ISSUER, "sub": client.client_id, "client_id": client.client_id, "aud": ISSUER,
        "exp": now + 3600, "iat": now, "jti": null, "scope": "apps:read",
    });
    assert_eq!(claims, expected);
}

#[tokio::test]
async fn a_shorter_life_is_kept_and_a_longer_one_is_not_given() {
    let world = World::new().await;
    for (asked, given) in [(60, 60), (0, 1), (86_400, 3600)] {
        let client = world
            .register(&format!("Life {asked}"), |s| {
                s.access_token_expiry = Some(asked);
            })
            .await;
        let answer = world.form(TOKEN, &client.basic(), &[GRANT]).await;
        let said = body(&answer);
        assert_eq!(said["expires_in"], given);
        let about = world
            .introspect(&client, &text(&said["access_token"]))
            .await;
        assert_eq!(about["exp"], world.registry.now().unix() + given);
    }
}

#[tokio::test]
async fn an_opaque_token_is_introspected_used_and_revoked_like_any() {
    let world = World::new().await;
    let client = opaque(&world).await;
    let token = world.token_of(&client).await;
    assert!(token.starts_with("roat_"), "{token}");
    assert!(!token.contains('.') && token.len() < 1024);
    assert_ne!(token, world.token_of(&client).await);
    // Nothing of it is stored: one read, no write.
    assert_eq!(world.calls(), ["GetItem", "GetItem"]);
    let said = world.introspect(&client, &token).await;
    assert_eq!(
        (&said["active"], &said["sub"]),
        (&json!(true), &json!(client.client_id))
    );
    let path = format!("/v1/applications/{}", client.app.app_id);
    assert_eq!(world.get(&path, &token).await.status, 200);
    let answer = world
        .form("/oauth2/revoke", &client.basic(), &[("token", &token)])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        world.introspect(&client, &token).await,
        json!({"active": false})
    );
    let other = world.token_of(&client).await;
    world.app.clock.advance(3600);
    assert_eq!(
        world.introspect(&client, &other).await,
        json!({"active": false})
    );
    assert_eq!(world.get(&path, &other).await.status, 401);
}

// CVE-2026-27840: truncated tokens stayed valid.
#[tokio::test]
async fn an_opaque_token_opens_only_whole_and_where_it_was_sealed() {
    let mut world = World::new().await;
    let client = opaque(&world).await;
    let token = world.token_of(&client).await;
    let path = format!("/v1/applications/{}", client.app.app_id);
    let mut bent = vec![
        token.replace("roat_", "ROAT_"),
        token.replace("roat_", "roat_roat_"),
        format!("{token}{token}"),
        format!("roat_{}", "A".repeat(9000)),
    ];
    bent.extend((0..token.len()).map(|end| token[..end].to_owned()));
    bent.extend(["A", "AA", "AAAA", "=", ".", "_"].map(|more| format!("{token}{more}")));
    for at in 5..token.len() {
        let mut flipped = token.clone();
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        flipped.replace_range(at..=at, other);
        bent.push(flipped);
    }
    for bent in bent.iter().filter(|bent| **bent != token) {
        assert_eq!(world.get(&path, bent).await.status, 401, "{bent}");
        let form = [("token", bent.as_str())];
        let answer = world
            .form("/oauth2/introspect", &client.basic(), &form)
            .await;
        let nothing = bent.is_empty();
        assert_eq!(answer.status, if nothing { 400 } else { 200 });
        assert!(
            nothing || body(&answer) == json!({"active": false}),
            "{bent}"
        );
    }
    let network = Arc::new(Network::default());
    world.registry = world.instance(Some(MASTER), &network);
    assert_eq!(world.get(&path, &token).await.status, 200);
    world.registry = world.instance(
        Some("the master secret of quite another deployment"),
        &network,
    );
    assert_eq!(world.get(&path, &token).await.status, 401);
    // A function without the master secret says so instead of guessing.
    world.registry = world.instance(None, &network);
    let answer = world.get(&path, &token).await;
    assert_eq!(answer.status, 401);
    assert!(answer.body.contains("format jwt only"), "{}", answer.body);
}

#[tokio::test]
async fn the_service_route_issues_the_same_tokens_in_its_own_words() {
    let world = World::new().await;
    let json = [("content-type", "application/json")];
    let send = async |id: &str, secret: &str| {
        let asked = json!({"service_id": id, "service_secret": secret, "ignored": 1});
        world.send("POST", SERVICE, &json, &asked.to_string()).await
    };
    for method in [
        TokenEndpointAuthMethod::ClientSecretBasic,
        TokenEndpointAuthMethod::ClientSecretPost,
    ] {
        let client = world
            .register(method.as_str(), |s| s.token_endpoint_auth_method = method)
            .await;
        let answer = send(client.client_id.as_str(), &client.secret).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(world.calls(), ["GetItem"]);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let mut said = body(&answer);
        let token = text(&said["access_token"].take());
        let expected = json!({
            "access_token": null, "token_type": "Bearer", "expires_in": 3600,
            "created_at": world.registry.now().unix(),
        });
        assert_eq!(said, expected);
        let about = world.introspect(&world.management(), &token).await;
        assert_eq!(about["client_id"], json!(client.client_id));
        world.calls();
    }
    let signer = world
        .register("Signer", |s| {
            s.token_endpoint_auth_method = TokenEndpointAuthMethod::PrivateKeyJwt;
        })
        .await;
    let coder = world
        .register("Coder", |s| s.grant_types = vec![GrantType::RefreshToken])
        .await;
    let known = world.register("Known", |_| {}).await;
    for (id, secret, status, code) in [
        (
            known.client_id.as_str(),
            signer.secret.as_str(),
            401,
            "invalid_client",
        ),
        ("nobody", &known.secret, 401, "invalid_client"),
        (
            signer.client_id.as_str(),
            &signer.secret,
            401,
            "invalid_client",
        ),
        (coder.client_id.as_str(), &coder.secret, 422, "invalid"),
    ] {
        let answer = send(id, secret).await;
        assert_eq!(answer.status, status, "{}", answer.body);
        let said = body(&answer);
        assert_eq!(said["success"], false);
        assert_eq!(said["errors"][0]["code"], code);
    }
    let answer = world.send("POST", SERVICE, &json, "{}").await;
    assert_eq!(answer.status, 422);
    let missing: Vec<_> = body(&answer)["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["code"].clone())
        .collect();
    assert_eq!(missing, ["missing", "missing"]);
    let answer = world.send(
        "POST",
        SERVICE,
        &json,
        r#"{"service_id": 1, "service_secret": []}"#,
    );
    assert_eq!(answer.await.status, 422);
}
