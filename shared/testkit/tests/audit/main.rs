//! The auditor finds nothing on a sound table, and what is wrong on one that was broken on purpose.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod breakages;

use table::{IdempotencyRecord, IdempotencyScope, KeptAnswer, Made};
use testkit::{
    Registered, TestApp, Value,
    audit::{Audit, Rule},
    json,
};

const HASH: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// A table with an item of every kind.
struct World {
    app: TestApp,
    /// An app with a unique name, a chosen client id and a further client.
    made: Registered,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let made = app
            .register("My app", |create| {
                create.unique_name = true;
                create.client_id = Some(domain::ClientId::chosen("chosen").unwrap());
                create.profile.subdomain = Some(domain::Subdomain::parse("portal").unwrap());
                create.profile.resource_server = Some(domain::ResourceServer {
                    enabled: true,
                    audience: Some(domain::ResourceId::parse("https://api.example.com").unwrap()),
                    scopes: Vec::new(),
                });
            })
            .await;
        app.register_client(&made.app, "Backend", |_| ()).await;
        app.issue(made.client_id(), None).await;
        let deleted = app.register("Deleted", |_| ()).await;
        let (registry, now) = (&app.registry, app.registry.now());
        let table = &registry.table;
        table.delete_app(&deleted.app, now).await.unwrap();
        let client = made.client_id();
        assert!(table.use_assertion(client, HASH, "me", now).await.unwrap());
        table.revoke_token(client, HASH, now).await.unwrap();
        let world = Self { app, made };
        world.keep_an_answer().await;
        world
    }

    /// One more app, with the answer that its maker was given.
    async fn keep_an_answer(&self) {
        let (app, made) = (&self.app, &self.made.app);
        let registry = &app.registry;
        let mut other = made.clone();
        other.app_id = domain::AppId::generate(registry.unix_ms(), [7; 10]);
        other.code_name = domain::CodeName::parse("other").unwrap();
        other.unique_name = false;
        other.profile.resource_server = None;
        other.profile.subdomain = None;
        other.default_client.app_id = other.app_id;
        other.default_client.client_id = domain::ClientId::default_of(&other.app_id);
        let secret = domain::Secret::generate([9; 39]);
        let pepper = registry.master().unwrap().pepper();
        let id = &other.default_client.client_id;
        let stored = domain::StoredSecret::new(&secret, &pepper, id, registry.now());
        let record = IdempotencyRecord {
            scope: IdempotencyScope {
                tenant_id: made.tenant_id.clone(),
                caller: app.management.client_id.clone(),
                operation: "create-app",
                key_digest: HASH.into(),
            },
            now: registry.now(),
            answer: KeptAnswer {
                request_digest: vec![1; 32],
                sealed_answer: vec![2; 64],
                made: Made {
                    app_id: other.app_id,
                    client_id: None,
                    secret_id: None,
                },
                expires_at: registry.now().plus(60),
            },
        };
        let table = &registry.table;
        table
            .create_app(&other, Some(&stored), Some(&record))
            .await
            .unwrap();
    }

    /// The item of this kind, the deleted app's if that is asked.
    fn item(&self, kind: &str, deleted: bool) -> Value {
        let items = self.app.items().into_iter();
        let mut fitting = items.filter(|item| {
            item["kind"]["S"] == kind
                && item.get("deleted_at").is_some() == deleted
                && item["app"]["M"].get("management").is_none()
                && !item["pk"]["S"].as_str().unwrap().ends_with("management")
        });
        fitting.next().unwrap()
    }

    /// Takes the item away.
    fn remove(&self, kind: &str, deleted: bool) {
        self.delete(&self.item(kind, deleted));
    }

    fn delete(&self, item: &Value) {
        let key = json!({"pk": item["pk"], "sk": item["sk"]});
        let request = json!({"TableName": "roster", "Key": key});
        self.app.engine.ask("DeleteItem", &request);
    }

    /// Changes the item of this kind.
    fn change(&self, kind: &str, deleted: bool, change: impl FnOnce(&mut Value)) {
        let mut item = self.item(kind, deleted);
        change(&mut item);
        self.app.put_raw(&item);
    }

    /// Sets an attribute of the item of this kind.
    /// Sets an attribute, or a member of a map by a path such as `app.version`.
    fn set(&self, kind: &str, deleted: bool, path: &str, value: Value) {
        let pointer = format!("/{}", path.replace('.', "/M/"));
        self.change(kind, deleted, |item| {
            if let Some(there) = item.pointer_mut(&pointer) {
                *there = value;
            } else {
                item[path] = value;
            }
        });
    }

    async fn broken(&self) -> Vec<Rule> {
        let mut rules: Vec<_> = Audit::of(&self.app.engine)
            .await
            .violations
            .into_iter()
            .map(|v| v.rule)
            .collect();
        rules.sort();
        rules.dedup();
        rules
    }
}

#[tokio::test]
async fn a_sound_table_has_nothing_wrong() {
    let world = World::new().await;
    let audit = Audit::of(&world.app.engine).await;
    audit.assert_sound("its making");
    assert_eq!(
        audit.items.len(),
        16,
        "a kind of item has no test: {:?}",
        audit.items
    );
    assert_eq!(audit.count(), world.app.items().len());
    // The observer of the engine has seen none of it.
    world.app.recorder.take();
    Audit::of(&world.app.engine).await;
    assert!(world.app.recorder.take().is_empty());
}

#[tokio::test]
async fn whatever_breaks_a_table_is_found() {
    for (what, break_it, rule) in breakages::BREAKAGES {
        let world = World::new().await;
        break_it(&world);
        let broken = world.broken().await;
        assert!(broken.contains(&rule), "{what}: {broken:?}");
    }
}
