//! The master secret rotated while clients go on.

use api::Registry;
use futures_util::future::join_all;
use rotate_keys::Scheduled;
use testkit::{SharedMaster, body, json};

use crate::{
    master::{both, newest, opaque, peppers},
    setup::{MASTER, Registered, TOKEN, World, text},
};

/// A client that does what clients do, at whatever instances there are.
struct Load<'a> {
    world: &'a World,
    instances: &'a tokio::sync::RwLock<Vec<Registry>>,
    /// Held while something runs whose tokens must not expire under it.
    calm: &'a tokio::sync::RwLock<()>,
    plain: &'a Registered,
    opaque: &'a Registered,
}

impl Load<'_> {
    async fn instance(&self, at: usize) -> Registry {
        let instances = self.instances.read().await;
        instances[at % instances.len()].clone()
    }

    async fn token(&self, at: usize, client: &Registered) -> String {
        let form = "grant_type=client_credentials";
        let basic = client.basic();
        let headers = [
            ("content-type", "application/x-www-form-urlencoded"),
            ("authorization", basic.as_str()),
        ];
        let registry = self.instance(at).await;
        let answer = self
            .world
            .send_to(&registry, "POST", TOKEN, &headers, form)
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&body(&answer)["access_token"])
    }

    /// One round: every kind of credential, each met by another instance than made it.
    async fn round(&self, n: usize) {
        let _calm = self.calm.read().await;
        let management = self.token(n, &self.world.management()).await;
        let plain = self.token(n + 1, self.plain).await;
        let sealed = self.token(n + 2, self.opaque).await;
        for (step, token) in [&plain, &sealed].into_iter().enumerate() {
            let form = format!("token={token}");
            let basic = self.world.management().basic();
            let headers = [
                ("content-type", "application/x-www-form-urlencoded"),
                ("authorization", basic.as_str()),
            ];
            let registry = self.instance(n + 3 + step).await;
            let path = "/oauth2/introspect";
            let said = self
                .world
                .send_to(&registry, "POST", path, &headers, &form)
                .await;
            assert_eq!(body(&said)["active"], true, "{} {}", said.status, said.body);
        }
        let bearer = format!("Bearer {management}");
        let key = format!("key-{n}");
        let headers = [
            ("content-type", "application/json"),
            ("authorization", bearer.as_str()),
            ("idempotency-key", key.as_str()),
        ];
        let app = json!({"app_name": format!("App {n}"), "client_display_name": "c",
            "redirect_uris": ["https://a.example/cb"]})
        .to_string();
        let path = "/v1/applications";
        let mut answers = Vec::new();
        for at in [n, n + 1, n + 2] {
            let registry = self.instance(at).await;
            let answer = self
                .world
                .send_to(&registry, "POST", path, &headers, &app)
                .await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            answers.push(answer.body);
        }
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
}

/// Lesson 56: a master key that can't be rotated. As docs/OPERATIONS.md has an operator do it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_master_secret_rotates_under_load_and_no_valid_credential_is_refused() {
    let world = World::new().await;
    let (plain, opaque) = (world.register("Plain", |_| {}).await, opaque(&world).await);
    let shared = SharedMaster::new(MASTER);
    let start = |n: usize| (0..n).map(|_| world.started(&shared)).collect::<Vec<_>>();
    let instances = tokio::sync::RwLock::new(start(3));
    let (calm, done) = (
        tokio::sync::RwLock::new(()),
        std::sync::atomic::AtomicBool::new(false),
    );
    let rounds = std::sync::atomic::AtomicUsize::new(0);
    let load = Load {
        world: &world,
        instances: &instances,
        calm: &calm,
        plain: &plain,
        opaque: &opaque,
    };
    let ordering = std::sync::atomic::Ordering::SeqCst;
    let client = |_| async {
        while !done.load(ordering) {
            load.round(rounds.fetch_add(1, ordering)).await;
        }
    };
    let some_rounds = async || {
        let until = rounds.load(ordering) + 12;
        while rounds.load(ordering) < until {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    let pass = async |seconds| {
        let _calm = calm.write().await;
        world.app.clock.advance(seconds);
    };
    let rotate =
        async |registry: Registry| rotate_keys::handle(registry, Scheduled {}).await.unwrap();
    let operator = async {
        some_rounds().await;
        // The new version is there; instances that started before have not heard of it.
        shared.set(Some(&both()));
        instances.write().await.extend(start(2));
        some_rounds().await;
        let rotated = rotate(instances.read().await[0].clone()).await;
        assert_eq!((rotated.master_version, rotated.resealed), (2, 1));
        assert_eq!(rotated.on_older_versions, 0);
        some_rounds().await;
        // Every instance reads the keys again, whose private halves the new version sealed.
        pass(300).await;
        some_rounds().await;
        // Two days later nothing hangs on the old version but what was not used.
        pass(2 * 86_400).await;
        some_rounds().await;
        shared.set(Some(&newest()));
        instances.write().await.extend(start(2));
        some_rounds().await;
        // The last of the old instances is gone.
        instances.write().await.drain(..5);
        some_rounds().await;
        let rotated = rotate(instances.read().await[0].clone()).await;
        assert_eq!((rotated.resealed, rotated.on_older_versions), (0, 0));
        pass(300).await;
        some_rounds().await;
        done.store(true, ordering);
    };
    tokio::join!(join_all((0..4).map(client)), operator);
    for client in [&plain, &opaque, &world.management()] {
        let moved = peppers(&world.registry, &client.client_id).await;
        assert_eq!(moved, [2], "{}", client.client_id);
    }
    assert!(rounds.load(ordering) > 80, "{rounds:?}");
    let keys = world.registry.table.signing_keys().await.unwrap().keys;
    let signed = keys.iter().flat_map(|key| &key.signatures);
    assert_eq!(signed.map(|s| s.version).collect::<Vec<_>>(), [2]);
}
