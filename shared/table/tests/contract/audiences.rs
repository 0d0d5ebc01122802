//! Audiences of resource servers: one app's each, put, moved and freed with it, found by their guard.

use domain::{App, ResourceId, ResourceServer, Subdomain};
use engine::{Failure, Intercept};
use futures_util::future::join_all;
use table::{ChangeError, CreateAppError, SecretsChange, TableError, Unique, keys};

use crate::{
    apps::{app, secret_of, tenant},
    ground::Ground,
};

/// The SHA-256 of `https://a.example`, as `sha256sum` has it.
const DIGEST: &str = "38612c965a9c4c35d713439919804ad960eb54d0ad41b4362ffd85343d4bbb4f";

fn audience(text: &str) -> ResourceId {
    ResourceId::parse(text).unwrap()
}

fn claiming(mut app: App, text: &str, enabled: bool) -> App {
    app.profile.resource_server = Some(ResourceServer {
        enabled,
        audience: Some(audience(text)),
        scopes: Vec::new(),
    });
    app
}

fn server(code_name: &str, audience: &str) -> App {
    claiming(app("acme", code_name), audience, true)
}

async fn create(ground: &Ground, app: &App) -> Result<(), CreateAppError> {
    let (_, secret) = secret_of(app);
    ground.table.create_app(app, Some(&secret), None).await
}

async fn change(ground: &Ground, old: &App, new: &App) -> Result<(), ChangeError> {
    let (keep, write) = (SecretsChange::Keep, new.version.to_string());
    let mut new = new.clone();
    new.version = old.version.next();
    ground.table.update_app(old, &new, &keep, &write).await
}

/// The code names of the apps that claim these.
async fn claimants(ground: &Ground, audiences: &[&str]) -> Vec<String> {
    let audiences: Vec<_> = audiences.iter().map(|text| audience(text)).collect();
    let asked: Vec<_> = audiences.iter().collect();
    let found = ground.table.resource_servers(&tenant("acme"), &asked).await;
    let names = found.unwrap().into_iter();
    let mut names: Vec<_> = names.map(|app| app.code_name.to_string()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn an_audience_leads_to_the_app_that_claims_it_in_its_tenant() {
    let ground = Ground::new().await;
    let (one, two) = (server("one", "https://a.example"), server("two", "b"));
    let idle = claiming(app("acme", "idle"), "c", false);
    let theirs = claiming(app("other", "theirs"), "d", true);
    for app in [&one, &two, &idle, &theirs, &app("acme", "none")] {
        create(&ground, app).await.unwrap();
    }
    let key = keys::audience_guard(&tenant("acme"), DIGEST);
    assert!(ground.at_key(&key).await.is_some(), "the guard's key");
    assert_eq!(claimants(&ground, &["https://a.example"]).await, ["one"]);
    let all = ["https://a.example", "b", "b", "c", "d", "e"];
    assert_eq!(claimants(&ground, &all).await, ["one", "two"]);
    assert!(claimants(&ground, &["c", "d", "e", "A"]).await.is_empty());
    ground.calls();
    for (asked, calls) in [(vec![], 0), (vec!["c"], 1), (vec!["b", "c"], 2)] {
        claimants(&ground, &asked).await;
        let seen = ground.calls();
        assert!(seen.len() == calls || !ground.is_observed(), "{asked:?}");
        assert!(seen.iter().all(|call| call.operation == "BatchGetItem"));
    }
    let many: Vec<_> = (0..=table::MAX_AUDIENCES)
        .map(|n| audience(&n.to_string()))
        .collect();
    let asked: Vec<_> = many.iter().collect();
    let refused = ground.table.resource_servers(&tenant("acme"), &asked).await;
    assert!(matches!(refused, Err(TableError::Internal(_))));
}

#[tokio::test]
async fn of_apps_that_race_for_an_audience_one_gets_it() {
    let ground = Ground::new().await;
    let racers: Vec<_> = (0..8).map(|n| server(&format!("r{n}"), "same")).collect();
    let made = join_all(racers.iter().map(|app| create(&ground, app))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    let lost = made.iter().filter(|made| made.is_err());
    for lost in lost {
        assert_eq!(lost, &Err(CreateAppError::Taken(Unique::Audience)));
    }
    ground.assert_whole().await;
    // By a change as well; the loser stays as it was.
    let idle: Vec<_> = (0..4).map(|n| app("acme", &format!("i{n}"))).collect();
    for app in &idle {
        create(&ground, app).await.unwrap();
    }
    let changes = idle.iter().map(|app| {
        let new = claiming(app.clone(), "another", true);
        let ground = &ground;
        async move { change(ground, app, &new).await }
    });
    let outcomes = join_all(changes).await;
    assert_eq!(outcomes.iter().filter(|done| done.is_ok()).count(), 1);
    let lost = outcomes.iter().filter(|done| done.is_err());
    for lost in lost {
        assert_eq!(lost, &Err(ChangeError::Taken(Unique::Audience)));
    }
    assert_eq!(claimants(&ground, &["another"]).await.len(), 1);
}

#[tokio::test]
async fn a_guard_moves_with_its_audience_and_goes_with_its_app() {
    let ground = Ground::new().await;
    let first = server("one", "a");
    create(&ground, &first).await.unwrap();
    let mut old = first.clone();
    for (audience, enabled, claimed, free) in [
        ("a", true, "a", "b"),
        ("b", true, "b", "a"),
        ("b", false, "none", "b"),
        ("b", true, "b", "a"),
        ("a", true, "a", "b"),
    ] {
        let new = claiming(old.clone(), audience, enabled);
        change(&ground, &old, &new).await.unwrap();
        old.profile = new.profile;
        old.version = old.version.next();
        let holder = claimants(&ground, &[claimed, "x"]).await;
        assert_eq!(holder.is_empty(), claimed == "none", "{audience} {enabled}");
        assert!(claimants(&ground, &[free]).await.is_empty(), "{audience}");
    }
    let at = old.created_at;
    ground.table.delete_app(&old, at).await.unwrap();
    assert!(claimants(&ground, &["a"]).await.is_empty());
    create(&ground, &server("two", "a")).await.unwrap();
    assert_eq!(claimants(&ground, &["a"]).await, ["two"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_to_a_claim_is_no_loss_of_the_audience() {
    let Some((ground, watcher)) = Ground::with_faults().await else {
        return;
    };
    let lost = || vec![Intercept::ExecuteThenFail(Failure::Io)];
    let one = server("one", "a");
    watcher.script("TransactWriteItems", lost());
    create(&ground, &one).await.unwrap();
    watcher.script("TransactWriteItems", lost());
    let moved = claiming(one.clone(), "b", true);
    change(&ground, &one, &moved).await.unwrap();
    assert_eq!(claimants(&ground, &["a", "b"]).await, ["one"]);
    watcher.script("BatchGetItem", vec![Intercept::Fail(Failure::Io); 9]);
    let b = audience("b");
    let down = ground.table.resource_servers(&tenant("acme"), &[&b]).await;
    assert!(matches!(down, Err(TableError::Unavailable(_))), "{down:?}");
}

#[tokio::test]
async fn a_corrupt_guard_of_an_audience_is_never_taken_for_none() {
    let ground = Ground::new().await;
    let one = server("one", "https://a.example");
    create(&ground, &one).await.unwrap();
    let key = keys::audience_guard(&tenant("acme"), DIGEST);
    let good = ground.at_key(&key).await.unwrap();
    let text = |value: &str| aws_sdk_dynamodb::types::AttributeValue::S(value.into());
    let asked = audience("https://a.example");
    let asked = [&asked];
    let ask = || ground.table.resource_servers(&one.tenant_id, &asked);
    for (member, value) in [
        ("kind", Some(text("name"))),
        ("kind", None),
        ("schema", Some(text("1"))),
        ("schema", None),
        ("app_id", Some(text("x"))),
        ("app_id", None),
    ] {
        let mut bad = good.clone();
        bad.remove(member);
        bad.extend(value.map(|value| (member.to_owned(), value)));
        ground.put(bad).await;
        match ask().await {
            Err(TableError::Corrupt { key: named, .. }) => assert_eq!(named, key.to_string()),
            other => panic!("{member}: {other:?}"),
        }
    }
    // A guard that leads to an app without this claim: nobody knows who claims it now.
    let mut astray = good.clone();
    let none = app("acme", "none");
    create(&ground, &none).await.unwrap();
    astray.insert("app_id".into(), text(&none.app_id.to_string()));
    ground.put(astray).await;
    assert!(matches!(ask().await, Err(TableError::Unavailable(_))));
    ground.put(good).await;
    assert_eq!(ask().await.unwrap().len(), 1);
}

#[tokio::test]
async fn two_apps_of_a_tenant_never_share_a_subdomain() {
    let ground = Ground::new().await;
    let with = |mut app: App, label: Option<&str>| {
        app.profile.subdomain = label.map(|label| Subdomain::parse(label).unwrap());
        app
    };
    let at = |code_name: &str, label| with(app("acme", code_name), Some(label));
    let racers: Vec<_> = (0..6).map(|n| at(&format!("r{n}"), "same")).collect();
    let made = join_all(racers.iter().map(|app| create(&ground, app))).await;
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    for lost in made.iter().filter(|made| made.is_err()) {
        assert_eq!(lost, &Err(CreateAppError::Taken(Unique::Subdomain)));
    }
    // Another tenant's is another's.
    let theirs = with(app("other", "theirs"), Some("same"));
    create(&ground, &theirs).await.unwrap();
    // It moves with a change, is refused to another, and is free behind a deletion.
    let one = at("one", "first");
    create(&ground, &one).await.unwrap();
    let taken = change(&ground, &one, &with(one.clone(), Some("same"))).await;
    assert_eq!(taken, Err(ChangeError::Taken(Unique::Subdomain)));
    let moved = with(one.clone(), Some("second"));
    change(&ground, &one, &moved).await.unwrap();
    create(&ground, &at("two", "first")).await.unwrap();
    let moved = App {
        version: one.version.next(),
        ..moved
    };
    let ended = ground.table.delete_app(&moved, moved.updated_at).await;
    ended.unwrap();
    create(&ground, &at("three", "second")).await.unwrap();
}
