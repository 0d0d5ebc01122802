//! Who publishes a key: the root of the key set, and nobody who writes to the table.

use std::sync::Arc;

use api::{Registry, claims::TYP, jws, system::system_random};
use data_encoding::BASE64;
use domain::{ClientId, PublicRoot, TenantId, scopes};
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use rotate_keys::Scheduled;
use testkit::{ISSUER, SharedMaster, Value, body, json};

use crate::setup::{MASTER, Network, World, text};

/// Someone who writes to the table, and nothing else.
struct Intruder {
    pair: EcdsaKeyPair,
    kid: String,
}

impl Intruder {
    fn new() -> Self {
        let (alg, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, system_random());
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(alg, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(alg, pkcs8.as_ref(), &random).unwrap();
        Self {
            pair,
            kid: "intruder".into(),
        }
    }

    /// Puts its key beside the others, with the signatures that it finds there.
    fn publish(&self, world: &World) {
        let query = json!({"TableName": "roster", "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "SIGNING_KEYS"}}});
        let found = world.app.engine.ask("Query", &query);
        let items = found["Items"].as_array().unwrap().clone();
        let is_key = |item: &Value| item["kind"]["S"] == "signing_key";
        let mut forged = items.into_iter().find(is_key).unwrap();
        forged["sk"] = json!({"S": format!("KEY#{}", self.kid)});
        let point = BASE64.encode(self.pair.public_key().as_ref());
        forged["public_key"] = json!({ "B": point });
        let put = json!({"TableName": "roster", "Item": forged});
        world.app.engine.ask("PutItem", &put);
    }

    /// A token with every scope.
    fn token(&self, world: &World) -> String {
        let management: &ClientId = &world.app.management.client_id;
        let claims = world.app.claims(ISSUER, management, &scopes::MANAGEMENT);
        jws::sign(&self.pair, &self.kid, TYP, &claims).unwrap()
    }
}

fn with_roots(world: &World, roots: &str) -> Registry {
    let roots = PublicRoot::parse_list(roots).unwrap();
    let network = Arc::new(Network::default());
    world.instance(None, &network).trusting(None, roots)
}

async fn published(world: &World) -> Vec<String> {
    let keys = body(&world.get("/oauth2/jwks", "").await);
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| text(&key["kid"])).collect()
}

#[tokio::test]
async fn whoever_writes_to_the_table_publishes_no_key() {
    let mut world = World::new().await;
    let intruder = Intruder::new();
    intruder.publish(&world);
    let token = intruder.token(&world);
    let roots = world.registry.keys.roots().unwrap();
    for vouched in [
        world.started(&SharedMaster::new(MASTER)),
        with_roots(&world, &roots),
    ] {
        world.registry = vouched;
        // Neither taken nor called forged: it may be a key of ours that was damaged.
        assert_eq!(world.get("/v1/applications", &token).await.status, 500);
        assert!(!published(&world).await.contains(&intruder.kid));
        let admin = world.app.admin.clone();
        assert_eq!(world.get("/v1/applications", &admin).await.status, 200);
    }
    // What the setting is for: docs/adr/0011 says so.
    world.registry = world.instance(None, &Arc::new(Network::default()));
    assert!(published(&world).await.contains(&intruder.kid));
    assert_eq!(world.get("/v1/applications", &token).await.status, 200);
}

#[tokio::test]
async fn a_public_half_that_was_changed_is_left_out() {
    let mut world = World::new().await;
    let kid = jws::parse(&world.app.admin, TYP).unwrap().kid;
    let change = json!({"TableName": "roster",
        "Key": {"pk": {"S": "SIGNING_KEYS"}, "sk": {"S": format!("KEY#{kid}")}},
        "UpdateExpression": "SET signs_from = :at", "ExpressionAttributeValues": {":at": {"N": "7"}}});
    world.app.engine.ask("UpdateItem", &change);
    world.registry = world.started(&SharedMaster::new(MASTER));
    assert!(published(&world).await.is_empty());
    // A new key would be no remedy: who changed one can change another.
    let run = rotate_keys::handle(world.registry.clone(), Scheduled {}).await;
    run.unwrap_err();
}

/// While the master secret is rotated, functions have the old root, the new one or both.
#[tokio::test]
async fn the_root_of_either_version_is_enough_while_there_are_two() {
    let mut world = World::new().await;
    let old = world.registry.keys.roots().unwrap();
    let both = json!({"1": MASTER, "2": "the next master secret of every test registry"});
    let ahead = world.started(&SharedMaster::new(&both.to_string()));
    let rotated = rotate_keys::handle(ahead.clone(), Scheduled {}).await;
    let all = rotated.unwrap().key_set_roots;
    let new = all.split(',').next().unwrap();
    assert_eq!(all, format!("{new},{old}"));
    let admin = world.app.admin.clone();
    for roots in [&old, new, &all] {
        world.registry = with_roots(&world, roots);
        assert_eq!(
            world.get("/v1/applications", &admin).await.status,
            200,
            "{roots}"
        );
    }
    let stranger = SharedMaster::new("the master secret of quite another deployment");
    let stranger = world.started(&stranger).keys.roots().unwrap();
    world.registry = with_roots(&world, &stranger);
    assert_eq!(world.get("/v1/applications", &admin).await.status, 500);
}

#[tokio::test]
async fn no_key_is_made_that_the_configured_roots_would_refuse() {
    let world = World::new().await;
    let stranger = SharedMaster::new("the master secret of quite another deployment");
    let stranger = world.started(&stranger).keys.roots().unwrap();
    let secret = SharedMaster::new(MASTER).secret(world.app.registry.now());
    let roots = PublicRoot::parse_list(&stranger).unwrap();
    let network = Arc::new(Network::default());
    let misled = world.instance(None, &network).trusting(Some(secret), roots);
    world.app.clock.advance(domain::key_rotation::PERIOD);
    let run = rotate_keys::handle(misled, Scheduled {}).await;
    assert!(run.unwrap_err().detail().contains("KEY_SET_ROOTS"));
    assert_eq!(published(&world).await.len(), 1);
}

/// A run that broke off after the first half of a removal.
#[tokio::test]
async fn a_private_half_without_a_public_one_is_swept_and_never_signs() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let old = world.token_of(&client).await;
    let kid = jws::parse(&old, TYP).unwrap().kid;
    // What docs/OPERATIONS.md has an operator do when a signing key has leaked.
    let key = json!({"pk": {"S": "SIGNING_KEYS"}, "sk": {"S": format!("KEY#{kid}")}});
    let delete = json!({"TableName": "roster", "Key": key});
    world.app.engine.ask("DeleteItem", &delete);
    rotate_keys::handle(world.app.registry.clone(), Scheduled {})
        .await
        .unwrap();
    let halves = world.registry.table.signing_key_halves().await.unwrap();
    assert_eq!(halves.len(), 1);
    assert_ne!(halves[0].kid, kid);
}

/// Lesson 17: a forged cursor shows nothing, since a query never leaves its caller's tenant; it is refused all the
/// same, by a key that is no part of the master secret.
#[tokio::test]
async fn a_forged_cursor_is_400_and_lists_need_no_master_secret() {
    let mut world = World::new().await;
    for name in ["One", "Two", "Three"] {
        world.register(name, |_| {}).await;
    }
    let admin = world.app.admin.clone();
    let bearer = format!("Bearer {admin}");
    let headers = [("authorization", bearer.as_str())];
    world.registry = world.instance(None, &Arc::new(Network::default()));
    let page = async |world: &World, query: &str| {
        let (route, path) = api::routes::resolve("GET", "/v1/applications").unwrap();
        let headers = headers.map(|(n, v)| (n.to_owned(), v.to_owned()));
        let request = api::Request {
            route,
            path,
            query: query.to_owned(),
            headers: headers.into(),
            body: Vec::new(),
            host: "roster.test".into(),
            id: "request-1".into(),
        };
        let handlers = local::operations::all();
        api::dispatch(&world.registry, &handlers[route.operation], request).await
    };
    let first = page(&world, "limit=1").await;
    assert_eq!(first.status, 200, "{}", first.body);
    let cursor = text(&body(&first)["next_cursor"]);
    // Another instance, with or without the master secret, takes it.
    for registry in [
        world.started(&SharedMaster::new(MASTER)),
        world.instance(None, &Arc::new(Network::default())),
    ] {
        world.registry = registry;
        let query = format!("limit=1&cursor={cursor}");
        assert_eq!(page(&world, &query).await.status, 200);
        // By the key that older builds derived from the master secret, by none, and by the wrong one.
        let tenant = TenantId::first();
        for key in [[0; 32], [1; 32]] {
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
            let forged = api::cursor::encode(&key, &tenant, "apps", "x");
            let query = format!("limit=1&cursor={forged}");
            assert_eq!(page(&world, &query).await.status, 400);
        }
    }
}
