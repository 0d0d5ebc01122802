//! Key rotation: never without a signer, never a token that nobody can verify.

use std::{sync::Arc, time::Duration};

use domain::key_rotation::{LEAD, OVERLAP, PERIOD};
use engine::{Failure, Intercept};
use futures_util::future::join_all;
use rotate_keys::Scheduled;
use testkit::{Value, body, json};

use crate::setup::{MASTER, Network, World, text};

async fn rotate(world: &World) -> (bool, usize) {
    let done = rotate_keys::handle(world.app.registry.clone(), Scheduled {})
        .await
        .unwrap();
    (done.made.is_some(), done.retired.len())
}

fn kid(token: &str) -> String {
    let header = token.split('.').next().unwrap();
    let header = data_encoding::BASE64URL_NOPAD.decode(header.as_bytes());
    let header: Value = String::from_utf8(header.unwrap()).unwrap().parse().unwrap();
    text(&header["kid"])
}

fn delay() -> Intercept {
    Intercept::Delay(Duration::from_millis(50))
}

async fn published(world: &World) -> Vec<String> {
    let keys = body(&world.get("/oauth2/jwks", "").await);
    let keys = keys["keys"].as_array().unwrap();
    keys.iter().map(|key| text(&key["kid"])).collect()
}

#[tokio::test]
async fn rotation_in_mid_load_breaks_no_token() {
    let mut world = World::new().await;
    let client = world.register("Load", |_| {}).await;
    let path = format!("/v1/applications/{}", client.app.app_id);
    // Another instance verifies: its own memory of keys, no private halves.
    let verifier = world.instance(None, &Arc::new(Network::default()));
    let issuer = world.registry.clone();
    world.app.clock.advance(PERIOD - 3600);
    let mut tokens: Vec<(i64, String)> = Vec::new();
    let mut rotations = Vec::new();
    // Three hours around the rotation, a token each five minutes, a run each ten.
    for minute in (0..180_i64).step_by(5) {
        if minute % 10 == 0 {
            rotations.push(rotate(&world).await);
        }
        world.registry = issuer.clone();
        let token = world.token_of(&client).await;
        assert!(published(&world).await.contains(&kid(&token)));
        tokens.push((minute, token));
        world.registry = verifier.clone();
        for (made, token) in tokens.iter().filter(|(made, _)| minute - made < 60) {
            let status = world.get(&path, token).await.status;
            assert_eq!(status, 200, "a token of {made} at {minute}");
        }
        world.app.clock.advance(5 * 60);
    }
    let made = rotations.iter().filter(|(made, _)| *made).count();
    let retired: usize = rotations.iter().map(|(_, retired)| retired).sum();
    assert_eq!((made, retired), (1, 1), "{rotations:?}");
    let kids: Vec<_> = tokens.iter().map(|(_, token)| kid(token)).collect();
    let change = kids.iter().position(|k| *k != kids[0]).unwrap();
    // Made at the minute 60, it signs 15 minutes later.
    assert_eq!(tokens[change].0, 60 + LEAD / 60);
    assert!(kids[change..].iter().all(|k| *k == kids[change]));
    world.registry = issuer;
    assert_eq!(published(&world).await, [kids[change].clone()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_runs_at_once_one_makes_a_key() {
    let world = World::new().await;
    assert_eq!(rotate(&world).await, (false, 0));
    assert_eq!(world.calls(), ["Query", "GetItem", "Query"]);
    world.app.clock.advance(PERIOD);
    // Every run has read what there is before the first one writes.
    let network = Arc::new(Network::default());
    let slow = world.instance(Some(MASTER), &network);
    network.set("TransactWriteItems", delay(), u32::MAX);
    let runs = (0..20).map(|_| rotate_keys::handle(slow.clone(), Scheduled {}));
    let all = join_all(runs).await.into_iter();
    let all: Vec<_> = all.map(|run| run.unwrap().made).collect();
    assert_eq!(all.iter().flatten().count(), 1);
    assert_eq!(published(&world).await.len(), 2);
    assert_eq!(rotate(&world).await, (false, 0));
    world.app.clock.advance(LEAD + OVERLAP);
    network.set("DeleteItem", delay(), u32::MAX);
    let runs = (0..20).map(|_| rotate_keys::handle(slow.clone(), Scheduled {}));
    for run in join_all(runs).await {
        assert_eq!(run.unwrap().retired.len(), 1);
    }
    assert_eq!(published(&world).await.len(), 1);
    let client = world.register("Any", |_| {}).await;
    world.token_of(&client).await;
}

#[tokio::test]
async fn a_run_that_breaks_off_is_made_up_by_the_next() {
    let mut world = World::new().await;
    let network = Arc::new(Network::default());
    let client = world.register("Any", |_| {}).await;
    world.app.clock.advance(PERIOD);
    let broken = world.instance(Some(MASTER), &network);
    for fate in [
        Intercept::Fail(Failure::Other),
        Intercept::ExecuteThenFail(Failure::Other),
    ] {
        network.set("TransactWriteItems", fate, 1);
        let run = rotate_keys::handle(broken.clone(), Scheduled {}).await;
        assert!(run.is_err());
        world.token_of(&client).await;
    }
    // The second run's answer was lost, its key was not.
    assert_eq!(rotate(&world).await, (false, 0));
    world.app.clock.advance(LEAD + OVERLAP);
    network.set("DeleteItem", Intercept::Fail(Failure::Other), 1);
    assert!(
        rotate_keys::handle(broken.clone(), Scheduled {})
            .await
            .is_err()
    );
    assert_eq!(rotate(&world).await, (false, 1));
    world.registry = broken;
    world.token_of(&client).await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_stops_no_signer() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    world.app.clock.advance(-600);
    let token = world.token_of(&client).await;
    assert_eq!(world.introspect(&client, &token).await["active"], true);
    assert_eq!(rotate(&world).await, (false, 0));
    world.app.clock.advance(1200);
    assert_eq!(world.introspect(&client, &token).await["active"], true);
}

#[tokio::test]
async fn who_has_not_heard_of_keys_for_long_does_not_sign() {
    let mut world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let network = Arc::new(Network::default());
    world.registry = world.instance(Some(MASTER), &network);
    world.token_of(&client).await;
    network.set("Query", Intercept::Fail(Failure::Io), u32::MAX);
    world.app.clock.advance(LEAD - 1);
    world.token_of(&client).await;
    world.app.clock.advance(1);
    let form = [crate::setup::GRANT];
    let answer = world.form("/oauth2/token", &client.basic(), &form).await;
    assert_eq!(answer.status, 503);
}

/// What docs/OPERATIONS.md has an operator do when a signing key has leaked.
#[tokio::test]
async fn a_key_that_leaked_is_removed_and_another_signs_at_once() {
    let world = World::new().await;
    let client = world.register("Any", |_| {}).await;
    let old = world.token_of(&client).await;
    assert_eq!(world.introspect(&client, &old).await["active"], true);
    let key = json!({"pk": {"S": "SIGNING_KEYS"}, "sk": {"S": format!("KEY#{}", kid(&old))}});
    let delete = json!({"TableName": "roster", "Key": key});
    world.app.engine.ask("DeleteItem", &delete);
    let done = rotate_keys::handle(world.app.registry.clone(), Scheduled {}).await;
    let done = done.unwrap();
    assert!(done.made.is_some());
    assert_eq!(done.signing_key_age_days, 0);
    // When the kept keys are read again, the old one's tokens are nothing, whatever their end.
    world.app.clock.advance(300);
    assert_eq!(world.introspect(&client, &old).await["active"], false);
    let new = world.token_of(&client).await;
    assert_ne!(kid(&new), kid(&old));
    assert_eq!(world.introspect(&client, &new).await["active"], true);
    world.app.clock.advance(40 * 86_400);
    let done = rotate_keys::handle(world.app.registry.clone(), Scheduled {}).await;
    assert_eq!(done.unwrap().signing_key_age_days, 40);
}
