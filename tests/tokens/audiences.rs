//! Whom a token is for, at every place that takes one.

use domain::{ResourceId, Scope};
use testkit::{ISSUER, body};

use crate::setup::{GRANT, Registered, TOKEN, World, text};

const API: &str = "https://api.example.com";

async fn token(world: &World, client: &Registered, resources: &[&str]) -> (String, String) {
    let mut form = vec![GRANT];
    form.extend(resources.iter().map(|name| ("resource", *name)));
    let answer = world.form(TOKEN, &client.basic(), &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let said = body(&answer);
    (text(&said["access_token"]), text(&said["scope"]))
}

#[tokio::test]
async fn an_app_that_sends_its_default_token_to_any_api_hands_over_nothing() {
    let world = World::new().await;
    let client = world
        .register("Any", |s| {
            s.resources = vec![ResourceId::parse(API).unwrap()];
            s.scopes.push(Scope::parse("photos").unwrap());
        })
        .await;
    let path = format!("/v1/applications/{}", client.app.app_id);
    // What it asks for with the API's name, and no scope, is of no use to the API at Roster.
    let (handed_over, scope) = token(&world, &client, &[API]).await;
    assert_eq!(scope, "photos");
    assert_eq!(world.get(&path, &handed_over).await.status, 401);
    let own = world.token_of(&client).await;
    assert_eq!(world.get(&path, &own).await.status, 200);
    // For both: taken at the registry's routes, and worth nothing there.
    let (both, scope) = token(&world, &client, &[API, ISSUER]).await;
    assert_eq!(scope, "photos");
    assert_eq!(world.get(&path, &both).await.status, 403);
    for token in [&handed_over, &both] {
        let about = world.introspect(&client, token).await;
        assert_eq!(
            (&about["active"], &about["scope"]),
            (&true.into(), &"photos".into())
        );
    }
}
