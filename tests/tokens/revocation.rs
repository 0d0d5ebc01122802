//! Revocation (RFC 7009).

use std::sync::Arc;

use engine::{Failure, Intercept};

use crate::setup::{MASTER, Network, Registered, World, error};

async fn revoke(world: &World, asker: &Registered, token: &str) -> u16 {
    let form = [("token", token), ("token_type_hint", "refresh_token")];
    let answer = world.form("/oauth2/revoke", &asker.basic(), &form).await;
    if answer.status == 200 {
        assert_eq!(answer.body, "{}");
    } else {
        error(&answer);
    }
    answer.status
}

async fn is_live(world: &World, token: &str) -> bool {
    world.introspect(&world.management(), token).await["active"] == true
}

#[tokio::test]
async fn a_client_ends_its_own_token_alone() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let (stranger, sibling) = (
        world.register("Stranger", |_| {}).await,
        world.client(&owner.app).await,
    );
    let (token, kept) = (world.token_of(&owner).await, world.token_of(&owner).await);
    world.calls();
    for (asker, token) in [
        (&stranger, &*token),
        (&sibling, &token),
        (&owner, "a.b.c"),
        (&owner, "roat_"),
    ] {
        assert_eq!(revoke(&world, asker, token).await, 200);
        assert!(!world.calls().contains(&"PutItem".to_owned()));
    }
    assert!(is_live(&world, &token).await);
    world.calls();
    assert_eq!(revoke(&world, &owner, &token).await, 200);
    assert_eq!(world.calls(), ["GetItem", "PutItem"]);
    assert!(!is_live(&world, &token).await);
    assert!(is_live(&world, &kept).await);
    // Again is the same, and the management client may too.
    assert_eq!(revoke(&world, &owner, &token).await, 200);
    assert_eq!(revoke(&world, &world.management(), &kept).await, 200);
    assert!(!is_live(&world, &kept).await);
}

#[tokio::test]
async fn management_routes_hear_of_it_within_30_seconds() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let (token, kept) = (world.token_of(&owner).await, world.token_of(&owner).await);
    let path = format!("/v1/applications/{}", owner.app.app_id);
    world.calls();
    assert_eq!(world.get(&path, &token).await.status, 200);
    // One read for client, app and revocation, beside the operation's own.
    assert_eq!(world.calls(), ["BatchGetItem", "GetItem"]);
    assert_eq!(revoke(&world, &owner, &token).await, 200);
    world.calls();
    world.app.clock.advance(29);
    assert_eq!(world.get(&path, &token).await.status, 200);
    assert_eq!(world.calls(), ["GetItem"]);
    world.app.clock.advance(1);
    let answer = world.get(&path, &token).await;
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    // What is remembered of one token says nothing of another.
    assert_eq!(world.get(&path, &kept).await.status, 200);
}

#[tokio::test]
async fn what_is_kept_of_a_token_ends_with_it() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let token = world.token_of(&owner).await;
    world.app.recorder.take();
    assert_eq!(revoke(&world, &owner, &token).await, 200);
    let calls = world.app.recorder.take();
    let put = &calls
        .iter()
        .find(|c| c.operation == "PutItem")
        .unwrap()
        .request["Item"];
    let end = world.registry.now().unix() + 3600 + 60;
    assert_eq!(put["expires_at"]["N"], end.to_string());
    assert_eq!(put["kind"]["S"], "revoked_token");
    // Once it is over there is nothing to keep.
    world.app.clock.advance(3600);
    assert_eq!(revoke(&world, &owner, &token).await, 200);
    assert!(!world.calls().contains(&"PutItem".to_owned()));
}

// CVE-2020-15223: a storage error was swallowed and answered 200.
#[tokio::test]
async fn a_table_that_does_not_answer_is_503() {
    let mut world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let token = world.token_of(&owner).await;
    let network = Arc::new(Network::default());
    world.registry = world.instance(Some(MASTER), &network);
    for operation in ["PutItem", "GetItem"] {
        network.set(operation, Intercept::Fail(Failure::Io), 99);
        assert_eq!(revoke(&world, &owner, &token).await, 503);
    }
    network.set("BatchGetItem", Intercept::Fail(Failure::Io), 99);
    let form = [("token", token.as_str())];
    let answer = world
        .form("/oauth2/introspect", &owner.basic(), &form)
        .await;
    assert_eq!(error(&answer), (503, "temporarily_unavailable".into()));
}
