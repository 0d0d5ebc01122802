//! `private_key_jwt` (RFC 7523 §3).

use std::{sync::Arc, time::Duration};

use engine::{Failure, Intercept};
use futures_util::future::join_all;
use testkit::{ISSUER, Value, json};

use crate::{
    keys::{ClientKey, b64, private_key_jwt},
    setup::{GRANT, MASTER, Network, Registered, TOKEN, World, error},
};

const TYPE: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);

fn claims(world: &World, client: &Registered) -> Value {
    let now = world.registry.now().unix();
    json!({
        "iss": client.client_id, "sub": client.client_id, "aud": ISSUER,
        "exp": now + 300, "iat": now, "nbf": now, "jti": "once",
    })
}

async fn send(world: &World, assertion: &str) -> (u16, String) {
    let form = [GRANT, TYPE, ("client_assertion", assertion)];
    let answer = world.form(TOKEN, "", &form).await;
    match answer.status {
        200 => (200, String::new()),
        _ => error(&answer),
    }
}

fn refused() -> (u16, String) {
    (401, "invalid_client".into())
}

#[tokio::test]
async fn an_assertions_algorithm_is_the_registered_one_of_the_key_that_it_names() {
    let world = World::new().await;
    let (ec, rsa) = (ClientKey::ec(), ClientKey::rsa());
    let mut pss = rsa.public("p");
    pss["alg"] = json!("PS256");
    let keys = vec![rsa.public("r"), ec.public("e"), pss];
    let client = world.register("Signer", private_key_jwt(keys)).await;
    let now = world.registry.now().unix();
    for (at, (key, header, taken)) in [
        (&ec, json!({"alg": "ES256", "kid": "e"}), true),
        (
            &rsa,
            json!({"alg": "RS256", "kid": "r", "typ": "JWT"}),
            true,
        ),
        (
            &rsa,
            json!({"alg": "PS256", "kid": "p", "x5t": "a-hint"}),
            true,
        ),
        // The same key, by the algorithm that it is not registered for.
        (&rsa, json!({"alg": "PS256", "kid": "r"}), false),
        (&rsa, json!({"alg": "RS256", "kid": "p"}), false),
        (&ec, json!({"alg": "ES256", "kid": "r"}), false),
        (&rsa, json!({"alg": "ES256", "kid": "r"}), false),
        (&ec, json!({"alg": "RS256", "kid": "e"}), false),
        // Of several keys none is guessed.
        (&ec, json!({"alg": "ES256"}), false),
        (&rsa, json!({"alg": "PS256"}), false),
        (&ec, json!({"alg": "ES256", "kid": ""}), false),
        (&ec, json!({"alg": "ES256", "kid": "E"}), false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&world, &client);
        claims["jti"] = json!(format!("j{at}"));
        claims["exp"] = json!(now + 1);
        let answer = send(&world, &key.sign(&header, &claims.to_string())).await;
        assert_eq!(answer.0 == 200, taken, "{header} {answer:?}");
    }
}

#[tokio::test]
async fn the_audience_of_an_assertion_has_one_member() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let endpoint = "https://roster.test/oauth2/token";
    for (at, (aud, taken)) in [
        (json!(ISSUER), true),
        (json!([ISSUER]), true),
        (json!(endpoint), true),
        (json!([endpoint]), true),
        (json!(["x", ISSUER]), false),
        (json!([ISSUER, "x"]), false),
        (json!([ISSUER, endpoint]), false),
        (json!([ISSUER, ISSUER]), false),
        (json!([]), false),
        (json!(["x"]), false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut claims = claims(&world, &client);
        claims["aud"] = aud.clone();
        claims["jti"] = json!(format!("j{at}"));
        // Of one key, an assertion need not say which it is.
        let assertion = key.sign(&json!({"alg": "ES256"}), &claims.to_string());
        let answer = send(&world, &assertion).await;
        assert_eq!(answer.0 == 200, taken, "{aud} {answer:?}");
    }
}

#[tokio::test]
async fn it_costs_one_read_and_one_write_and_works_once() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let assertion = key.sign(
        &json!({"alg": "ES256"}),
        &claims(&world, &client).to_string(),
    );
    assert_eq!(send(&world, &assertion).await.0, 200);
    assert_eq!(world.calls(), ["GetItem", "PutItem"]);
    assert_eq!(send(&world, &assertion).await, refused());
    // Another assertion with the same jti is the same; the same jti of another client is not.
    let mut other = claims(&world, &client);
    other["exp"] = json!(world.registry.now().unix() + 30);
    let again = key.sign(&json!({"alg": "ES256"}), &other.to_string());
    assert_eq!(send(&world, &again).await, refused());
    let second = world
        .register("Second", private_key_jwt(vec![key.public("e")]))
        .await;
    let assertion = key.sign(
        &json!({"alg": "ES256"}),
        &claims(&world, &second).to_string(),
    );
    assert_eq!(send(&world, &assertion).await.0, 200);
}

/// What makes an assertion bad, with the header or the claims that do.
fn bad(world: &World, client: &Registered) -> Vec<(&'static str, Value, Value)> {
    let header = json!({"alg": "ES256", "kid": "e"});
    let good = claims(world, client);
    let now = world.registry.now().unix();
    let mut cases = Vec::new();
    for (what, member, value) in [
        ("alg none", "alg", json!("none")),
        ("alg nonE", "alg", json!("nonE")),
        ("HS256", "alg", json!("HS256")),
        ("ES384", "alg", json!("ES384")),
        ("EdDSA", "alg", json!("EdDSA")),
        ("alg is a list", "alg", json!(["ES256"])),
        ("another kid", "kid", json!("f")),
        ("path-like kid", "kid", json!("../e")),
        ("kid is a number", "kid", json!(1)),
        ("kid is null", "kid", json!(null)),
        ("jwk", "jwk", ClientKey::ec().public("e")),
        ("jku", "jku", json!("https://evil.example/jwks")),
        ("x5u", "x5u", json!("https://evil.example/cert")),
        ("x5c", "x5c", json!(["AA"])),
        ("crit", "crit", json!(["exp"])),
        ("zip", "zip", json!("DEF")),
        ("an access token's typ", "typ", json!("at+jwt")),
        ("typ is a number", "typ", json!(1)),
    ] {
        let mut header = header.clone();
        header[member] = value;
        cases.push((what, header, good.clone()));
    }
    for (what, member, value) in [
        ("another iss", "iss", json!("someone")),
        ("another sub", "sub", json!("someone")),
        ("sub is a list", "sub", json!([client.client_id])),
        ("another aud", "aud", json!("https://evil.example")),
        ("longer aud", "aud", json!(format!("{ISSUER}/"))),
        (
            "another tenant's issuer",
            "aud",
            json!(format!("{ISSUER}/t/acme")),
        ),
        ("aud without us", "aud", json!(["https://evil.example"])),
        ("no audience", "aud", json!([])),
        ("aud is an object", "aud", json!({ ISSUER: true })),
        ("expired this second", "exp", json!(now)),
        ("exp in the past", "exp", json!(now - 1)),
        ("lives 301 s", "exp", json!(now + 301)),
        ("exp as text", "exp", json!((now + 60).to_string())),
        ("exp as fraction", "exp", json!(60.5)),
        ("exp is null", "exp", json!(null)),
        ("exp beyond numbers", "exp", json!(u64::MAX)),
        ("iat too far ahead", "iat", json!(now + 61)),
        ("lived before", "iat", json!(now - 1)),
        ("iat as text", "iat", json!(now.to_string())),
        ("iat is null", "iat", json!(null)),
        ("iat below numbers", "iat", json!(i64::MIN)),
        ("nbf too far ahead", "nbf", json!(now + 61)),
        ("nbf as text", "nbf", json!("0")),
        ("empty jti", "jti", json!("")),
        ("long jti", "jti", json!("j".repeat(256))),
        ("jti is a number", "jti", json!(1)),
    ] {
        let mut claims = good.clone();
        claims[member] = value;
        cases.push((what, header.clone(), claims));
    }
    for missing in ["iss", "sub", "aud", "exp", "jti"] {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(missing);
        cases.push((missing, header.clone(), claims));
    }
    cases
}

#[tokio::test]
async fn every_bad_assertion_is_invalid_client_and_uses_up_nothing() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    for (what, header, claims) in bad(&world, &client) {
        let claims = claims.to_string();
        let answer = send(&world, &key.sign(&header, &claims)).await;
        assert_eq!(answer, refused(), "{what}");
    }
    let good = claims(&world, &client).to_string();
    let header = json!({"alg": "ES256", "kid": "e"});
    let token = key.sign(&header, &good);
    let public = b64(client.client_id.as_str().as_bytes());
    let twice = good.replacen('{', r#"{"jti":"other","#, 1);
    for (what, assertion) in [
        ("another key", ClientKey::ec().sign(&header, &good)),
        ("no signature", ClientKey::Nothing.sign(&header, &good)),
        (
            "unsigned",
            ClientKey::Nothing.sign(&json!({"alg": "none"}), &good),
        ),
        (
            "a MAC with the public key",
            ClientKey::Mac(public.into_bytes()).sign(&json!({"alg": "HS256", "kid": "e"}), &good),
        ),
        ("a member twice", key.sign(&header, &twice)),
        ("no JSON", key.sign(&header, "once")),
        ("a list", key.sign(&header, "[]")),
        (
            "too long",
            key.sign(
                &header,
                &good.replacen('{', &format!(r#"{{"x":"{}","#, "x".repeat(9000)), 1),
            ),
        ),
        ("five parts", format!("{token}.a.b")),
        ("doubled dots", token.replace('.', "..")),
        ("padded", format!("{token}=")),
        ("cut", token[..token.len() - 2].to_owned()),
        ("dots", ".".repeat(9000)),
        ("nothing", ".".to_owned()),
    ] {
        assert_eq!(send(&world, &assertion).await, refused(), "{what}");
    }
    assert!(!world.calls().contains(&"PutItem".to_owned()));
    // The jti that all of them named is still good.
    assert_eq!(send(&world, &token).await.0, 200);
}

#[tokio::test]
async fn the_form_around_an_assertion_must_fit() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let token = key.sign(
        &json!({"alg": "ES256"}),
        &claims(&world, &client).to_string(),
    );
    let (id, assertion) = (
        client.client_id.as_str(),
        ("client_assertion", token.as_str()),
    );
    let basic = client.basic();
    let saml = "urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
    for (auth, form, expected) in [
        ("", vec![GRANT, assertion], "invalid_client"),
        ("", vec![GRANT, TYPE], "invalid_client"),
        (
            "",
            vec![GRANT, ("client_assertion_type", saml), assertion],
            "invalid_client",
        ),
        (
            "",
            vec![GRANT, TYPE, assertion, ("client_id", "another")],
            "invalid_client",
        ),
        (
            "",
            vec![GRANT, TYPE, assertion, ("client_secret", &client.secret)],
            "invalid_request",
        ),
        (&basic, vec![GRANT, TYPE, assertion], "invalid_request"),
        ("", vec![GRANT, TYPE, TYPE, assertion], "invalid_request"),
    ] {
        let answer = world.form(TOKEN, auth, &form).await;
        assert_eq!(error(&answer).1, expected, "{form:?}");
    }
    let form = [GRANT, TYPE, assertion, ("client_id", id)];
    assert_eq!(world.form(TOKEN, "", &form).await.status, 200);
}

// CVE-2020-15222.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_callers_with_one_assertion_one_wins() {
    let mut world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let token = key.sign(
        &json!({"alg": "ES256"}),
        &claims(&world, &client).to_string(),
    );
    // All have found the assertion good before the first one uses it.
    let network = Arc::new(Network::default());
    world.registry = world.instance(Some(MASTER), &network);
    let delay = Intercept::Delay(Duration::from_millis(100));
    network.set("PutItem", delay, u32::MAX);
    let all = join_all((0..200).map(|_| send(&world, &token))).await;
    assert_eq!(all.iter().filter(|answer| answer.0 == 200).count(), 1);
    assert_eq!(
        all.iter().filter(|answer| **answer == refused()).count(),
        199
    );
}

#[tokio::test]
async fn a_lost_answer_is_no_second_use_and_an_unreachable_table_is_503() {
    let mut world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let network = Arc::new(Network::default());
    world.registry = world.instance(Some(MASTER), &network);
    let sign = |jti: &str| {
        let mut claims = claims(&world, &client);
        claims["jti"] = json!(jti);
        key.sign(&json!({"alg": "ES256"}), &claims.to_string())
    };
    network.set("PutItem", Intercept::ExecuteThenFail(Failure::Io), 1);
    assert_eq!(send(&world, &sign("lost")).await.0, 200);
    assert_eq!(send(&world, &sign("lost")).await, refused());
    network.set("PutItem", Intercept::Fail(Failure::Io), 99);
    let answer = send(&world, &sign("down")).await;
    assert_eq!(answer, (503, "temporarily_unavailable".into()));
}

#[tokio::test]
async fn the_assertion_of_a_deactivated_or_deleted_client_is_refused() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let client = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let token = key.sign(
        &json!({"alg": "ES256"}),
        &claims(&world, &client).to_string(),
    );
    world.set_active(&client.app, false).await;
    assert_eq!(send(&world, &token).await, refused());
    world.set_active(&client.app, true).await;
    assert_eq!(send(&world, &token).await.0, 200);
}
