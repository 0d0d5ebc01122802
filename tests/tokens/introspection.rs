//! Introspection (RFC 7662): to whom it answers, and for how long.

use domain::AllowedOperation;
use testkit::{ISSUER, json};

use crate::setup::{Registered, World};

fn inactive() -> testkit::Value {
    json!({"active": false})
}

#[tokio::test]
async fn the_owner_the_management_client_and_the_allowed_hear_the_same() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let allowed = world
        .register("Gateway", |s| {
            s.allowed_operations = vec![AllowedOperation::Introspect];
        })
        .await;
    let stranger = world
        .register("Stranger", |s| {
            s.allowed_operations = vec![AllowedOperation::OnBehalfOfUser];
        })
        .await;
    let token = world.token_of(&owner).await;
    let said = world.introspect(&owner, &token).await;
    let now = world.registry.now().unix();
    let mut shown = said.clone();
    // The secret's id, a dot, and 16 random bytes.
    assert_eq!(shown["jti"].take().as_str().unwrap().len(), 10 + 1 + 22);
    let expected = json!({
        "active": true, "scope": "apps:read apps:edit", "client_id": owner.client_id,
        "token_type": "Bearer", "exp": now + 3600, "iat": now, "sub": owner.client_id,
        "aud": ISSUER, "iss": ISSUER, "jti": null,
    });
    assert_eq!(shown, expected);
    assert_eq!(world.introspect(&allowed, &token).await, said);
    assert_eq!(world.introspect(&world.management(), &token).await, said);
    assert_eq!(world.introspect(&stranger, &token).await, inactive());
    // Nor does the sibling client of the same app hear of it.
    let sibling = world.client(&owner.app).await;
    assert_eq!(world.introspect(&sibling, &token).await, inactive());
}

#[tokio::test]
async fn it_takes_two_round_trips_and_one_to_tell_a_stranger_nothing() {
    let world = World::new().await;
    let (owner, stranger) = (
        world.register("Owner", |_| {}).await,
        world.register("Stranger", |_| {}).await,
    );
    let further = world.client(&owner.app).await;
    let (token, other) = (world.token_of(&owner).await, world.token_of(&further).await);
    world.calls();
    world.introspect(&owner, &token).await;
    assert_eq!(world.calls(), ["GetItem", "BatchGetItem"]);
    world.introspect(&further, &other).await;
    assert_eq!(world.calls(), ["BatchGetItem", "BatchGetItem"]);
    for (asker, token) in [
        (&stranger, &*token),
        (&owner, "forged"),
        (&owner, "roat_AAAA"),
    ] {
        assert_eq!(world.introspect(asker, token).await, inactive());
        assert_eq!(world.calls(), ["GetItem"]);
    }
    let read = |call: &engine::Call| call.consistent;
    world.introspect(&owner, &token).await;
    assert!(world.app.recorder.take().iter().all(read));
}

// CVE-2025-64521: deactivated, and still served.
#[tokio::test]
async fn a_deactivated_app_gets_no_token_and_its_tokens_are_dead_at_once() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let further = world.client(&owner.app).await;
    let management = world.management();
    let tokens = [world.token_of(&owner).await, world.token_of(&further).await];
    world.set_active(&owner.app, false).await;
    for client in [&owner, &further] {
        let form = [crate::setup::GRANT];
        let answer = world.form("/oauth2/token", &client.basic(), &form).await;
        assert_eq!(crate::setup::error(&answer), (401, "invalid_client".into()));
    }
    for token in &tokens {
        assert_eq!(world.introspect(&management, token).await, inactive());
    }
    world.set_active(&owner.app, true).await;
    for token in &tokens {
        assert_eq!(world.introspect(&management, token).await["active"], true);
    }
    let path = format!("/v1/applications/{}", owner.app.app_id);
    let bearer = format!("Bearer {}", world.app.admin);
    world.set_active(&owner.app, false).await;
    let deleted = world
        .send("DELETE", &path, &[("authorization", &bearer)], "")
        .await;
    assert_eq!(deleted.status, 204, "{}", deleted.body);
    for token in &tokens {
        assert_eq!(world.introspect(&management, token).await, inactive());
    }
}

#[tokio::test]
async fn a_token_is_live_up_to_the_second_before_its_end() {
    let world = World::new().await;
    let owner = world.register("Owner", |_| {}).await;
    let token = world.token_of(&owner).await;
    world.app.clock.advance(3599);
    assert_eq!(world.introspect(&owner, &token).await["active"], true);
    world.app.clock.advance(1);
    assert_eq!(world.introspect(&owner, &token).await, inactive());
}

// CVE-2025-55241: a token of one tenant used at another.
#[tokio::test]
async fn nobody_hears_of_or_ends_another_tenants_token() {
    let world = World::new().await;
    let theirs = world.app.tenant("acme").await;
    let theirs = Registered {
        client_id: theirs.client_id,
        secret: theirs.client_secret,
        ..world.management()
    };
    let ours = world.register("Owner", |_| {}).await;
    let (token, foreign) = (world.token_of(&ours).await, world.token_of(&theirs).await);
    assert_eq!(world.introspect(&theirs, &token).await, inactive());
    assert_eq!(
        world.introspect(&world.management(), &foreign).await,
        inactive()
    );
    let said = world.introspect(&theirs, &foreign).await;
    assert_eq!(said["iss"], "https://roster.test/t/acme");
    for (asker, token) in [(&theirs, &token), (&world.management(), &foreign)] {
        let form = [("token", token.as_str())];
        let answer = world.form("/oauth2/revoke", &asker.basic(), &form).await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!(world.introspect(&ours, &token).await["active"], true);
    assert_eq!(world.introspect(&theirs, &foreign).await["active"], true);
}
