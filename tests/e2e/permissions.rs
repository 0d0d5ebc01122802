//! Least privilege, both ways: no operation asks the table for what it is not granted (every request of the
//! tests is held against that), and here, that nothing is granted which no request needs.

use std::collections::BTreeSet;

use api::{
    operations::{Grant, OPERATIONS, On},
    routes,
};
use create_tenant::CreateTenant;
use data_encoding::BASE64URL_NOPAD;
use domain::{
    ClientId, TenantId,
    key_rotation::{LEAD, OVERLAP, PERIOD},
    scopes,
};
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use table::keys::pattern;
use testkit::{SharedMaster, TestApp, Use};

use crate::events::{self, Seeded};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn every_grant_is_needed() {
    let mut used = start_up().await;
    for (operation, name) in events::names() {
        let world = Seeded::new().await;
        let event = events::text(&format!("{operation}/{name}"));
        // Twice: a repeated request may read what the first wrote.
        for _ in 0..2 {
            world.send(&operation, &event).await;
        }
        used.extend(world.app.recorder.used_grants());
    }
    used.extend(unrouted().await);
    used.extend(beyond_the_events().await);
    let unused: Vec<_> = granted()
        .difference(&used)
        .map(|(operation, grant, key)| format!("{operation}: {} {key:?}", grant.action))
        .collect();
    let unused = unused.join("\n");
    assert!(unused.is_empty(), "granted, but never used:\n{unused}");
}

/// Every request of every test is held against the grants, so what is not granted is not asked for.
#[test]
fn private_halves_of_signing_keys_are_within_reach_of_signers_and_makers_alone() {
    let may = |action: Option<&str>| {
        let touching = OPERATIONS.iter().filter(|operation| {
            operation.grants.iter().any(|grant| {
                let On::Keys(keys) = grant.on else {
                    return false;
                };
                action.is_none_or(|action| action == grant.action)
                    && keys
                        .iter()
                        .any(|key| pattern::fits(key, "SIGNING_KEY_HALVES"))
            })
        });
        touching.map(|operation| operation.name).collect::<Vec<_>>()
    };
    assert_eq!(may(Some("Query")), ["rotate-keys", "token"]);
    assert_eq!(may(Some("GetItem")), [""; 0]);
    assert_eq!(may(Some("BatchGetItem")), [""; 0]);
    assert_eq!(may(None), ["create-tenant", "rotate-keys", "token"]);
}

/// What is granted, each key pattern for itself.
fn granted() -> BTreeSet<Use> {
    let each = |name, grant: &'static Grant| match grant.on {
        On::Index(_) => vec![(name, grant, None)],
        On::Keys(patterns) => {
            let patterns = patterns.iter();
            patterns.map(|key| (name, grant, Some(*key))).collect()
        }
    };
    let grants = OPERATIONS.iter().flat_map(|operation| {
        let grants = operation.grants.iter();
        grants.flat_map(move |grant| each(operation.name, grant))
    });
    grants.collect()
}

/// Every function with a route reads the keys in INIT; the signer their private halves, too.
async fn start_up() -> BTreeSet<Use> {
    let world = Seeded::new().await;
    let (registry, recorder) = (&world.app.registry, &world.app.recorder);
    for route in &routes::ROUTES {
        let init = registry.keys.refresh(registry.now());
        let init = recorder.as_operation(route.operation, init);
        init.await.unwrap();
    }
    let secret = SharedMaster::new(testkit::MASTER).secret(registry.now());
    let signer = registry.clone().trusting(Some(secret), Vec::new());
    let claims = json!({});
    let token = signer.keys.sign("at+jwt", &claims, registry.now());
    recorder.as_operation("token", token).await.unwrap();
    recorder.used_grants()
}

/// What operators and schedules invoke.
async fn unrouted() -> BTreeSet<Use> {
    let world = Seeded::new().await;
    let (app, recorder) = (&world.app, &world.app.recorder);
    let registry = || app.registry.clone();
    for tenant in [None, Some("acme"), Some("acme")] {
        let tenant_id = tenant.map(|id| domain::TenantId::parse(id).unwrap());
        let made = create_tenant::handle(registry(), CreateTenant { tenant_id });
        recorder.as_operation("create-tenant", made).await.unwrap();
    }
    // The first call of all makes the first signing key.
    app.clear();
    let made = create_tenant::handle(registry(), CreateTenant::default());
    recorder.as_operation("create-tenant", made).await.unwrap();
    for seconds in [PERIOD, LEAD, OVERLAP] {
        app.clock.advance(seconds);
        let rotated = rotate_keys::handle(registry(), rotate_keys::Scheduled::default());
        recorder.as_operation("rotate-keys", rotated).await.unwrap();
    }
    // A rotation of the master secret, and what a removal that broke off has left.
    let rotated =
        json!({"1": testkit::MASTER, "2": "the next master secret of every test registry"});
    let secret = SharedMaster::new(&rotated.to_string()).secret(app.registry.now());
    let after = registry().trusting(Some(secret), Vec::new());
    let rotated = rotate_keys::handle(after, rotate_keys::Scheduled::default());
    let rotated = recorder.as_operation("rotate-keys", rotated).await.unwrap();
    assert!(rotated.resealed > 0);
    let doomed = app.register("Doomed", |_| {}).await.app;
    app.register_client(&doomed, "Further", |_| {}).await;
    app.switch(&doomed, false).await;
    let doomed = app.stored(&doomed).await.unwrap();
    let deleted = app.registry.table.delete_app(&doomed, app.registry.now());
    deleted.await.unwrap();
    app.clock.advance(60);
    let swept = sweep::handle(registry(), sweep::Scheduled::default());
    let swept = recorder.as_operation("sweep", swept).await.unwrap();
    assert_eq!(swept.finished, 1);
    recorder.used_grants()
}

/// Somebody who asks.
struct Caller<'a>(&'a Seeded, String);

impl Caller<'_> {
    async fn ask(&self, line: &str, body: Value) -> Value {
        let kind = if line.contains("/oauth2/") {
            FORM
        } else {
            JSON
        };
        self.0.ask(line, kind, &self.1, &body).await
    }

    /// Asks at every route. What is removed is removed from an unknown app only.
    async fn ask_everywhere(&self, app: &str, client: &str) {
        for route in &routes::ROUTES {
            let key = route.key().replace("{app}", app);
            let key = key.replace("{client_id}", client).replace(['{', '}'], "");
            if route.method != "DELETE" || app == "unknown" {
                self.ask(&key, json!({"active": true})).await;
            }
        }
    }
}

/// What the events leave out: chosen client ids, code names, unique names, audiences, repeated requests, assertions.
async fn beyond_the_events() -> BTreeSet<Use> {
    let world = Seeded::new().await;
    let app = &world.app;
    let manager = Caller(&world, format!("Bearer {}", app.admin));
    let made = manager.ask("POST /admin/v1/Apps", chosen_app()).await;
    let (id, secret) = (text(&made["id"]), text(&made["clientSecret"]));
    let chosen = ClientId::parse("chosen_one").unwrap();
    let token = app.token(&chosen, &scopes::MANAGEMENT).await;
    let further = world.filling.fill("{{client_id}}");
    let default = world.filling.fill("{{default_client_id}}");

    let stranger = Caller(&world, format!("Bearer {token}"));
    stranger.ask_everywhere("unknown", "unknown").await;
    for (app, client) in [
        ("seeded", &*default),
        ("seeded", &further),
        ("unknown", "chosen_one"),
    ] {
        manager.ask_everywhere(app, client).await;
    }

    // Requests that are repeated, also once there is no room for another secret.
    let secrets = format!("/v1/applications/seeded/clients/{default}/secrets");
    for body in [
        json!({}),
        json!({"expires_in": 60}),
        json!({"expires_in": 61}),
        json!({"expires_in": 62}),
        json!({}),
    ] {
        manager.ask(&format!("POST {secrets}"), body).await;
    }
    for _ in 0..2 {
        let another = json!({"name": "Another", "redirect_uris": ["https://a.example/cb"]});
        manager
            .ask("POST /v1/applications/seeded/clients", another)
            .await;
    }
    forget_counts(app);
    let another = json!({"name": "Counted", "redirect_uris": ["https://a.example/cb"]});
    manager
        .ask("POST /v1/applications/seeded/clients", another)
        .await;
    manager
        .ask(&format!("DELETE {secrets}/unknown"), Value::Null)
        .await;

    // A list's second page; names that are unique come and go; filters read what they need.
    let list = "GET /v1/applications/seeded/clients?limit=1";
    let cursor = text(&manager.ask(list, Value::Null).await["next_cursor"]);
    manager
        .ask(&format!("{list}&cursor={cursor}"), Value::Null)
        .await;
    unique_names(&manager, &id).await;
    let regenerator = "POST /admin/v1/AppClientSecretRegenerator";
    manager.ask(regenerator, secret_of("seeded")).await;
    for filter in ["name+eq+%22chosen_one%22", "displayName+co+%22e%22"] {
        let list = format!("GET /admin/v1/Apps?filter={filter}");
        manager.ask(&list, Value::Null).await;
    }

    // A token for a registered resource server.
    let chosen = Caller(&world, testkit::basic("chosen_one", &secret));
    let resources = json!({"resource_ids": ["Third"]});
    manager
        .ask("PUT /v1/clients/chosen_one/resources", resources)
        .await;
    let asked = json!("grant_type=client_credentials&resource=Third");
    chosen.ask("POST /oauth2/token", asked).await;

    // A client's three requests: by a chosen id, of a further client, with an assertion.
    let pair = key_pair();
    let signing = manager
        .ask("POST /v1/applications", signing_app(&pair))
        .await;
    let signing = text(&signing["result"]["client_id"]);
    let seeded = &app.apps(&TenantId::first()).await[0];
    let another = app.register_client(seeded, "Its own", |_| {}).await;
    let another = Caller(&world, testkit::basic(another.id(), &another.secret));
    let signing_one = Caller(&world, String::new());
    for line in [
        "POST /oauth2/token",
        "POST /oauth2/introspect",
        "POST /oauth2/revoke",
    ] {
        let form = format!("grant_type=client_credentials&token={token}");
        chosen.ask(line, json!(form)).await;
        another.ask(line, json!(form)).await;
        let assertion = assertion(&pair, &signing, app.registry.now().unix());
        let form = format!(
            "{form}&client_assertion={assertion}&client_assertion_type=\
             urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        );
        signing_one.ask(line, json!(form)).await;
    }
    for path in [
        format!("/admin/v1/Apps/{id}?forceDelete=true"),
        format!("/v1/clients/{further}?force=true"),
    ] {
        manager.ask(&format!("DELETE {path}"), Value::Null).await;
    }
    app.recorder.used_grants()
}

/// Every app as it was stored before its clients were counted.
fn forget_counts(app: &TestApp) {
    for mut item in app.items() {
        if item.as_object_mut().unwrap().remove("clients").is_some() {
            app.put_raw(&item);
        }
    }
}

/// A new secret of an app, in SCIM, by its code name.
fn secret_of(code_name: &str) -> Value {
    json!({"appId": code_name,
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:AppClientSecretRegenerator"]})
}

/// Names, audiences and subdomains come with an app, come to another, and move.
async fn unique_names(manager: &Caller<'_>, id: &str) {
    for name in ["Second", "Third"] {
        let renamed = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": [{"op": "replace", "path": "displayName", "value": name},
                {"op": "replace", "path": "audience", "value": name}]});
        manager
            .ask(&format!("PATCH /admin/v1/Apps/{id}"), renamed)
            .await;
    }
    manager.ask("POST /v1/applications", portal_app()).await;
    for subdomain in ["first", "second"] {
        let portal = json!({ "subdomain": subdomain });
        let path = format!("PUT /v1/applications/{id}");
        manager.ask(&path, portal).await;
    }
}

fn portal_app() -> Value {
    json!({"app_name": "Portal", "client_display_name": "Portal", "subdomain": "third",
        "redirect_uris": ["https://portal.example/"]})
}

/// An app, in SCIM, whose client id is chosen and whose name and audience are unique.
fn chosen_app() -> Value {
    json!({"schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:App"], "displayName": "First",
        "name": "chosen_one", "isOAuthClient": true, "active": true, "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"}, "allowedGrants": ["client_credentials"],
        "isOAuthResource": true, "audience": "First"})
}

fn text(value: &Value) -> String {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| panic!("no text: {value}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "a client outside Roster has its own randomness"
)]
fn random() -> SystemRandom {
    SystemRandom::new()
}

fn key_pair() -> EcdsaKeyPair {
    let random = random();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random).unwrap()
}

/// An app whose client authenticates with `pair`.
fn signing_app(pair: &EcdsaKeyPair) -> Value {
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let [x, y] = [x, y].map(|half| BASE64URL_NOPAD.encode(half));
    json!({"app_name": "Signing", "client_display_name": "Signing", "client_grant_types": ["client_credentials"],
        "client_auth_method": "private_key_jwt", "redirect_uris": [],
        "jwks": {"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": x, "y": y}]}})
}

/// A client assertion (RFC 7523 §2.2).
fn assertion(pair: &EcdsaKeyPair, client: &str, now: i64) -> String {
    let part = |value: Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let claims = json!({"iss": client, "sub": client, "aud": testkit::ISSUER, "jti": "one", "iat": now,
        "exp": now + 60});
    let signed = format!(
        "{}.{}",
        part(json!({"alg": "ES256", "kid": "k"})),
        part(claims)
    );
    let signature = pair.sign(&random(), signed.as_bytes()).unwrap();
    format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
}
