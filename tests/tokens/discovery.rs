//! What clients and verifiers learn by themselves (RFC 8414, OpenID Discovery).

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use engine::{Failure, Intercept};
use testkit::{ISSUER, body, json};

use crate::setup::{Network, World};

#[tokio::test]
async fn metadata_names_every_endpoint_and_the_issuer_of_its_path() {
    let world = World::new().await;
    let metadata = async |path| body(&world.get(path, "").await);
    let first = metadata("/.well-known/oauth-authorization-server").await;
    assert_eq!(first, metadata("/.well-known/openid-configuration").await);
    let methods = json!([
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt"
    ]);
    let algorithms = json!(["ES256", "ES384", "RS256", "PS256"]);
    let expected = json!({
        "issuer": ISSUER,
        "token_endpoint": "https://roster.test/oauth2/token",
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint": "https://roster.test/oauth2/introspect",
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint": "https://roster.test/oauth2/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "jwks_uri": "https://roster.test/oauth2/jwks",
        "scopes_supported": domain::scopes::MANAGEMENT,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    assert_eq!(first, expected);
    let acme = metadata("/.well-known/oauth-authorization-server/t/acme").await;
    assert_eq!(acme["issuer"], "https://roster.test/t/acme");
    assert_eq!(
        acme,
        metadata("/t/acme/.well-known/openid-configuration").await
    );
    assert_eq!(acme["token_endpoint"], expected["token_endpoint"]);
    assert!(world.calls().is_empty());
    for other in ["default", "ACME", "a-b", "%2e%2e"] {
        for path in [
            format!("/.well-known/oauth-authorization-server/t/{other}"),
            format!("/t/{other}/.well-known/openid-configuration"),
        ] {
            assert_eq!(world.get(&path, "").await.status, 404, "{path}");
        }
    }
}

#[tokio::test]
async fn keys_are_public_halves_alone() {
    let world = World::new().await;
    let answer = world.get("/oauth2/jwks", "").await;
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    let keys = body(&answer)["keys"].as_array().unwrap().clone();
    assert_eq!(keys.len(), 1);
    let members: Vec<_> = keys[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["alg", "crv", "kid", "kty", "use", "x", "y"]);
    assert!(world.calls().is_empty());
}

// October 2025: DynamoDB's name led nowhere.
#[tokio::test]
async fn the_keys_are_answered_from_memory_while_the_table_is_gone_or_silent() {
    let mut world = World::new().await;
    let network = Arc::new(Network::default());
    world.registry = world.instance(None, &network);
    world
        .registry
        .keys
        .refresh(world.registry.now())
        .await
        .unwrap();
    let before = world.get("/oauth2/jwks", "").await;
    for fate in [
        Intercept::Fail(Failure::Io),
        Intercept::Delay(Duration::from_secs(30)),
    ] {
        network.set("", fate, u32::MAX);
        for seconds in [301, 1, 1_000_000] {
            world.app.clock.advance(seconds);
            let asked = Instant::now();
            let answer = world.get("/oauth2/jwks", "").await;
            assert!(asked.elapsed() < Duration::from_millis(900));
            assert_eq!((answer.status, &answer.body), (200, &before.body));
            let metadata = world.get("/.well-known/openid-configuration", "").await;
            assert_eq!(metadata.status, 200);
        }
    }
    // Who never read them has nothing to answer.
    world.registry = world.instance(None, &network);
    assert_eq!(world.get("/oauth2/jwks", "").await.status, 503);
}
