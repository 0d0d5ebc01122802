//! The master secret: what it can't do alone, and its rotation.

use std::sync::Arc;

use api::{
    Registry,
    claims::{Claims, TYP},
    jws,
};
use domain::{AccessTokenFormat, ClientId, Master, TokenEndpointAuthMethod, master::Purpose};
use engine::{Failure, Intercept};
use futures_util::future::join_all;
use rotate_keys::Scheduled;
use testkit::{SeededEntropy, SharedMaster, json};

use crate::{
    keys::{ClientKey, b64},
    setup::{GRANT, MASTER, Network, Registered, TOKEN, World},
};

pub(crate) const NEW: &str = "the next master secret of every test registry";

pub(crate) fn both() -> String {
    json!({"1": MASTER, "2": NEW}).to_string()
}

pub(crate) fn newest() -> String {
    json!({ "2": NEW }).to_string()
}

pub(crate) async fn opaque(world: &World) -> Registered {
    let format = |s: &mut domain::ClientSettings| s.access_token_format = AccessTokenFormat::Opaque;
    world.register("Opaque", format).await
}

/// Seals a text as tokens are, by whatever master secret.
fn sealed(master: &str, text: &str) -> String {
    let master = Master::parse(master).unwrap();
    let entropy = SeededEntropy::new(5);
    let sealed = master.seal(Purpose::AccessToken, b"roat_", text.as_bytes(), &entropy);
    format!("roat_{}", b64(&sealed.unwrap()))
}

/// The version of the master secret that each digest of a client names.
pub(crate) async fn peppers(registry: &Registry, client: &ClientId) -> Vec<u32> {
    let found = registry.table.credentials(client).await.unwrap().unwrap();
    let secrets = found.secrets.iter();
    secrets.map(|s| s.digest.pepper_version()).collect()
}

/// Lesson 55: a sealed token that whoever holds the sealing key can make.
#[tokio::test]
async fn a_sealed_token_is_no_signature_who_holds_the_sealing_key_can_make_none() {
    let world = World::new().await;
    let asker = world.register("Asker", |_| {}).await;
    let header = world.app.admin.split('.').next().unwrap();
    let payload = world.app.admin.split('.').nth(1).unwrap();
    let claims: Claims = jws::parse(&world.app.admin, TYP).unwrap().claims().unwrap();
    let claims = serde_json::to_string(&claims).unwrap();
    let thief = ClientKey::ec();
    let header_of = |alg: &str| {
        let kid = jws::parse(&world.app.admin, TYP).unwrap().kid;
        json!({"alg": alg, "typ": TYP, "kid": kid})
    };
    for (what, forged) in [
        (
            "the claims alone",
            json!({"typ": TYP, "claims": claims}).to_string(),
        ),
        ("the claims as they are", claims.clone()),
        (
            "another's signature",
            thief.sign(&header_of("ES256"), &claims),
        ),
        (
            "no algorithm",
            ClientKey::Nothing.sign(&header_of("none"), &claims),
        ),
        (
            "the master secret as a key",
            ClientKey::Mac(MASTER.into()).sign(&header_of("HS256"), &claims),
        ),
        ("no signature", format!("{header}.{payload}.")),
        (
            "a sealed token in a sealed one",
            sealed(MASTER, &world.app.admin),
        ),
    ] {
        let token = sealed(MASTER, &forged);
        assert_eq!(
            world.get("/v1/applications", &token).await.status,
            401,
            "{what}"
        );
        let said = world.introspect(&asker, &token).await;
        assert_eq!(said, json!({"active": false}), "{what}");
    }
    // What is missing is the signature alone.
    let token = sealed(MASTER, &world.app.admin);
    assert_eq!(world.get("/v1/applications", &token).await.status, 200);
}

#[tokio::test]
async fn a_digest_moves_to_the_new_pepper_at_the_next_use_also_when_the_day_is_noted() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    world.registry = world.started(&SharedMaster::new(&both()));
    let before = world.registry.table.credentials(&client.client_id).await;
    let before = before.unwrap().unwrap().secrets[0].clone();
    world.token_of(&client).await;
    let after = world.registry.table.credentials(&client.client_id).await;
    let after = after.unwrap().unwrap().secrets[0].clone();
    assert_eq!(after.digest.pepper_version(), 2);
    assert_eq!(after.last_used_on, before.last_used_on);
    // It is the same secret, and no other write follows.
    world.app.recorder.take();
    world.token_of(&client).await;
    assert_eq!(peppers(&world.registry, &client.client_id).await, [2]);
    // An instance that knows the old version alone learns of the new one, since the digest names it.
    let shared = SharedMaster::new(MASTER);
    world.registry = world.started(&shared);
    shared.set(Some(&both()));
    world.token_of(&client).await;
    assert_eq!(shared.reads(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_uses_at_once_one_moves_a_digest_and_none_is_refused() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let shared = SharedMaster::new(MASTER);
    let old = world.started(&shared);
    shared.set(Some(&both()));
    world.registry = world.started(&shared);
    let basic = client.basic();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", basic.as_str()),
    ];
    let uses = (0..60).map(|n| {
        let registry = if n % 3 == 0 { &old } else { &world.registry };
        world.send_to(
            registry,
            "POST",
            TOKEN,
            &headers,
            "grant_type=client_credentials",
        )
    });
    for answer in join_all(uses).await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    assert_eq!(peppers(&world.registry, &client.client_id).await, [2]);
    // One reads for all that wait.
    assert!(shared.reads() <= 1, "{}", shared.reads());
    world.token_of(&client).await;
}

#[tokio::test]
async fn a_secret_that_was_not_used_since_dies_with_its_version() {
    let mut world = World::new().await;
    let (used, unused) = (
        world.register("Used", |_| {}).await,
        world.register("Unused", |_| {}).await,
    );
    let shared = SharedMaster::new(&both());
    world.registry = world.started(&shared);
    world.token_of(&used).await;
    shared.set(Some(&newest()));
    world.registry = world.started(&shared);
    rotate_keys::handle(world.registry.clone(), Scheduled {})
        .await
        .unwrap_err();
    // As OPERATIONS.md says it: first the keys, then the version goes.
    shared.set(Some(&both()));
    let all = world.started(&shared);
    rotate_keys::handle(all, Scheduled {}).await.unwrap();
    shared.set(Some(&newest()));
    world.registry = world.started(&shared);
    world.token_of(&used).await;
    let answer = world.form(TOKEN, &unused.basic(), &[GRANT]).await;
    assert_eq!(answer.status, 401);
}

#[tokio::test]
async fn a_version_that_is_not_known_yet_is_503_for_what_is_stored_and_forged_in_a_token() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let shared = SharedMaster::new(MASTER);
    let behind = world.started(&shared);
    // Somebody who is ahead has moved the digest.
    world.registry = world.started(&SharedMaster::new(&both()));
    world.token_of(&client).await;
    assert_eq!(peppers(&world.registry, &client.client_id).await, [2]);
    world.registry = behind;
    for _ in 0..3 {
        let answer = world.form(TOKEN, &client.basic(), &[GRANT]).await;
        assert_eq!(answer.status, 503, "{}", answer.body);
    }
    assert_eq!(shared.reads(), 1, "at most every ten seconds");
    let token = sealed(&both(), &world.app.admin);
    assert_eq!(world.get("/v1/applications", &token).await.status, 401);
    assert_eq!(shared.reads(), 1);
    // Whether there is such a version can't be said while nobody answers.
    world.app.clock.advance(10);
    shared.set(None);
    assert_eq!(world.get("/v1/applications", &token).await.status, 503);
    assert_eq!(world.get("/v1/applications", &token).await.status, 503);
    assert_eq!(shared.reads(), 2);
    // What names a known version is served meanwhile.
    let known = sealed(MASTER, &world.app.admin);
    assert_eq!(world.get("/v1/applications", &known).await.status, 200);
    world.app.clock.advance(10);
    shared.set(Some(&both()));
    assert_eq!(world.get("/v1/applications", &token).await.status, 200);
    world.token_of(&client).await;
    assert_eq!(shared.reads(), 3);
}

#[tokio::test]
async fn a_signer_that_cannot_read_the_new_version_goes_on_with_the_keys_it_has() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let shared = SharedMaster::new(MASTER);
    world.registry = world.started(&shared);
    let first = world.token_of(&client).await;
    let ahead = world.started(&SharedMaster::new(&both()));
    rotate_keys::handle(ahead, Scheduled {}).await.unwrap();
    shared.set(None);
    world.app.clock.advance(300);
    world.token_of(&client).await;
    shared.set(Some(&both()));
    world.app.clock.advance(300);
    world.token_of(&client).await;
    assert_eq!(world.introspect(&client, &first).await["active"], true);
}

/// A run that breaks off anywhere leaves a deployment that works, and the next run ends it.
#[tokio::test]
async fn a_resealing_that_breaks_off_is_made_up_by_the_next_run() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let shared = SharedMaster::new(&both());
    let network = Arc::new(Network::default());
    for fate in [
        Intercept::Fail(Failure::Other),
        Intercept::ExecuteThenFail(Failure::Other),
    ] {
        let secret = shared.secret(world.app.registry.now());
        let broken = world
            .instance(None, &network)
            .trusting(Some(secret), Vec::new());
        network.set("UpdateItem", fate, 1);
        let run = rotate_keys::handle(broken.clone(), Scheduled {}).await;
        run.unwrap_err();
        world.registry = world.started(&shared);
        world.token_of(&client).await;
    }
    let done = rotate_keys::handle(world.registry.clone(), Scheduled {}).await;
    assert_eq!(done.unwrap().resealed, 1);
    let done = rotate_keys::handle(world.registry.clone(), Scheduled {}).await;
    let done = done.unwrap();
    assert_eq!((done.resealed, done.on_older_versions), (0, 0));
    world.registry = world.started(&shared);
    world.token_of(&client).await;
}

/// A table with keys of a master secret that this deployment has not.
#[tokio::test]
async fn a_wrong_master_secret_makes_no_key_of_its_own() {
    let mut world = World::new().await;
    let client = world
        .register("Any", |s| {
            s.token_endpoint_auth_method = TokenEndpointAuthMethod::ClientSecretPost;
        })
        .await;
    world.registry = world.started(&SharedMaster::new(NEW));
    let run = rotate_keys::handle(world.registry.clone(), Scheduled {}).await;
    assert!(run.unwrap_err().detail().contains("this master secret"));
    assert_eq!(
        world
            .registry
            .table
            .signing_keys()
            .await
            .unwrap()
            .keys
            .len(),
        1
    );
    let form = [
        GRANT,
        ("client_id", client.client_id.as_str()),
        ("client_secret", &client.secret),
    ];
    assert_eq!(world.form(TOKEN, "", &form).await.status, 401);
}
