//! A leaked secret: with `?tokens=end` the tokens that were obtained with it end with it.

use domain::{AccessTokenFormat, Secret};
use testkit::{ISSUER, Value, body, json};

use crate::{
    keys::{ClientKey, private_key_jwt},
    setup::{GRANT, Registered, TOKEN, World},
};

const ASSERTION: (&str, &str) = (
    "client_assertion_type",
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
);
const REGENERATOR: &str = "/admin/v1/AppClientSecretRegenerator";

impl World {
    async fn by_admin(&self, method: &str, path: &str, content: &Value) -> api::Response {
        let bearer = format!("Bearer {}", self.app.admin);
        let mut headers = vec![("authorization", bearer.as_str())];
        let content = if content.is_null() {
            String::new()
        } else {
            headers.push(("content-type", "application/json"));
            content.to_string()
        };
        self.send(method, path, &headers, &content).await
    }

    async fn revoke_secret(&self, of: &Registered, query: &str) -> api::Response {
        let id = Secret::parse(&of.secret).unwrap().id();
        let (app, client) = (of.app.app_id, &of.client_id);
        let path = format!("/v1/applications/{app}/clients/{client}/secrets/{id}{query}");
        self.by_admin("DELETE", &path, &Value::Null).await
    }

    /// The same client with another secret of its.
    async fn with_new_secret(&self, of: &Registered) -> Registered {
        let secret = self.app.issue(&of.client_id, None).await;
        Registered {
            secret: secret.expose().to_owned(),
            ..of.clone()
        }
    }

    async fn is_live(&self, token: &str) -> bool {
        self.introspect(&self.management(), token).await["active"] == true
    }
}

fn of_format(format: AccessTokenFormat) -> impl FnOnce(&mut domain::ClientSettings) {
    move |client| client.access_token_format = format
}

#[tokio::test]
async fn a_leaked_secrets_tokens_end_with_it() {
    for (name, format) in [
        ("Signed", AccessTokenFormat::Jwt),
        ("Sealed", AccessTokenFormat::Opaque),
    ] {
        for default in [true, false] {
            let world = World::new().await;
            let app = world.register(name, of_format(format)).await;
            let leaked = if default {
                app
            } else {
                world.client(&app.app).await
            };
            let rotated = world.with_new_secret(&leaked).await;
            let stolen = [world.token_of(&leaked).await, world.token_of(&leaked).await];
            let own = world.token_of(&rotated).await;
            let done = world.revoke_secret(&leaked, "?tokens=end").await;
            assert_eq!((done.status, &*done.body), (204, ""));
            world.calls();
            for token in &stolen {
                let told = world.introspect(&world.management(), token).await;
                assert_eq!(told, json!({"active": false}), "{name}");
            }
            // The reads that introspection makes of any token.
            let calls = world.calls();
            let reads = |name: &str| calls.iter().filter(|call| *call == name).count();
            assert_eq!(
                (reads("GetItem"), reads("BatchGetItem")),
                (2, 2),
                "{calls:?}"
            );
            assert!(world.is_live(&own).await, "{name}");
            // What is remembered goes with the tokens, by the next write.
            world.app.clock.advance(3720);
            world.app.issue(&leaked.client_id, None).await;
            let table = &world.registry.table;
            let found = table.credentials(&leaked.client_id).await.unwrap().unwrap();
            assert!(found.ended_secrets.is_empty());
        }
    }
}

#[tokio::test]
async fn management_routes_hear_that_a_secrets_tokens_ended_within_30_seconds() {
    let world = World::new().await;
    let leaked = world.register("Owner", |_| {}).await;
    let rotated = world.with_new_secret(&leaked).await;
    let (stolen, own) = (
        world.token_of(&leaked).await,
        world.token_of(&rotated).await,
    );
    let path = format!("/v1/applications/{}", leaked.app.app_id);
    for token in [&stolen, &own] {
        assert_eq!(world.get(&path, token).await.status, 200);
    }
    let done = world.revoke_secret(&leaked, "?tokens=end").await;
    assert_eq!(done.status, 204);
    world.app.clock.advance(30);
    world.calls();
    let refused = world.get(&path, &stolen).await;
    assert_eq!(refused.status, 401, "{}", refused.body);
    assert!(refused.body.contains("with its secret"), "{}", refused.body);
    // The read that was made anyway.
    assert_eq!(world.calls(), ["BatchGetItem"]);
    assert_eq!(world.get(&path, &own).await.status, 200);
}

#[tokio::test]
async fn without_being_asked_a_secrets_tokens_go_on_and_can_be_ended_later() {
    let world = World::new().await;
    let leaked = world.register("Owner", |_| {}).await;
    world.with_new_secret(&leaked).await;
    let stolen = world.token_of(&leaked).await;
    assert_eq!(world.revoke_secret(&leaked, "").await.status, 204);
    assert!(world.is_live(&stolen).await);
    assert_eq!(world.revoke_secret(&leaked, "").await.status, 404);
    assert_eq!(
        world.revoke_secret(&leaked, "?tokens=end").await.status,
        204
    );
    assert!(!world.is_live(&stolen).await);
    assert_eq!(
        world.revoke_secret(&leaked, "?tokens=end").await.status,
        404
    );
    // A change of the way to authenticate does not bring them back.
    let path = format!("/v1/clients/{}", leaked.client_id);
    let other = json!({"token_endpoint_auth_method": "client_secret_post"});
    assert_eq!(world.by_admin("PUT", &path, &other).await.status, 200);
    assert!(!world.is_live(&stolen).await);
}

#[tokio::test]
async fn the_last_secret_stays_and_so_do_its_tokens() {
    let world = World::new().await;
    let leaked = world.register("Owner", |_| {}).await;
    let token = world.token_of(&leaked).await;
    let refused = world.revoke_secret(&leaked, "?tokens=end").await;
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(world.is_live(&token).await);
}

#[tokio::test]
async fn another_value_of_tokens_is_400_and_named() {
    let world = World::new().await;
    let leaked = world.register("Owner", |_| {}).await;
    world.with_new_secret(&leaked).await;
    let token = world.token_of(&leaked).await;
    let new = json!({
        "appId": leaked.app.app_id,
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
    });
    for query in [
        "?tokens=",
        "?tokens=all",
        "?tokens=END",
        "?tokens=end&tokens=end",
        "?token=end",
    ] {
        let native = world.revoke_secret(&leaked, query).await;
        let path = format!("{REGENERATOR}{query}");
        let scim = world.by_admin("POST", &path, &new).await;
        for refused in [native, scim] {
            assert_eq!(refused.status, 400, "{query}: {}", refused.body);
            assert!(refused.body.contains("token"), "{}", refused.body);
        }
    }
    assert!(world.is_live(&token).await);
    // A secret that is issued beside the others ends nothing.
    let (app, client) = (leaked.app.app_id, &leaked.client_id);
    let path = format!("/v1/applications/{app}/clients/{client}/secrets?tokens=end");
    assert_eq!(world.by_admin("POST", &path, &json!({})).await.status, 400);
}

#[tokio::test]
async fn regenerating_a_secret_ends_the_old_ones_tokens_where_that_is_asked() {
    let world = World::new().await;
    let leaked = world.register("Owner", |_| {}).await;
    let new = json!({
        "appId": leaked.app.app_id,
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"],
    });
    let stolen = world.token_of(&leaked).await;
    let made = world.by_admin("POST", REGENERATOR, &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    // The secret died, its tokens did not.
    assert!(world.is_live(&stolen).await);
    let path = format!("{REGENERATOR}?tokens=end");
    let made = world.by_admin("POST", &path, &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert!(!world.is_live(&stolen).await);
    let secret = body(&made)["clientSecret"].as_str().unwrap().to_owned();
    let rotated = Registered { secret, ..leaked };
    let own = world.token_of(&rotated).await;
    assert!(world.is_live(&own).await);
}

#[tokio::test]
async fn a_token_that_no_secret_obtained_ends_with_none() {
    let world = World::new().await;
    let key = ClientKey::ec();
    let signer = world
        .register("Signer", private_key_jwt(vec![key.public("e")]))
        .await;
    let now = world.registry.now().unix();
    let claims = json!({
        "iss": signer.client_id, "sub": signer.client_id, "aud": ISSUER,
        "exp": now + 300, "iat": now, "jti": "once",
    });
    let assertion = key.sign(&json!({"alg": "ES256"}), &claims.to_string());
    let form = [GRANT, ASSERTION, ("client_assertion", &assertion)];
    let answer = world.form(TOKEN, "", &form).await;
    let issued = body(&answer)["access_token"].as_str().unwrap().to_owned();
    let (_, rest) = issued.split_once('.').unwrap();
    let (claims, _) = rest.split_once('.').unwrap();
    let claims = data_encoding::BASE64URL_NOPAD
        .decode(claims.as_bytes())
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert!(!claims["jti"].as_str().unwrap().contains('.'), "{claims}");
    assert!(world.is_live(&issued).await);
}

#[tokio::test]
async fn fifty_secrets_an_hour_can_take_their_tokens_with_them() {
    let world = World::new().await;
    let mut now = world.register("Owner", |_| {}).await;
    for n in 0..51 {
        let next = world.with_new_secret(&now).await;
        let done = world.revoke_secret(&now, "?tokens=end").await;
        assert_eq!(
            done.status,
            if n < 50 { 204 } else { 409 },
            "{n}: {}",
            done.body
        );
        if n == 50 {
            assert!(done.body.contains("too-many-ended"), "{}", done.body);
            // The secret itself can still be revoked.
            assert_eq!(world.revoke_secret(&now, "").await.status, 204);
        }
        now = next;
    }
}
