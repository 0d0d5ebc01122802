//! A secret's life: issued, used, noted, expired, revoked.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use domain::scopes;
use testkit::{Registered, refusal};
use tracing_subscriber::fmt::MakeWriter;

use super::*;

const DAY: i64 = 86_400;

struct World {
    app: TestApp,
    made: Registered,
    /// The client that a story is about: the default one, or another.
    client: domain::ClientId,
    first: String,
    secrets: String,
}

async fn worlds() -> [World; 2] {
    [world(true).await, world(false).await]
}

async fn world(default: bool) -> World {
    let app = TestApp::new().await;
    let made = app.register("My app", |_| ()).await;
    let further = app.register_client(&made.app, "Backend", |_| ()).await;
    let (client, first) = if default {
        (made.client_id().clone(), made.secret.clone())
    } else {
        (further.id().clone(), further.secret.clone())
    };
    World {
        secrets: format!("/v1/applications/myapp/clients/{client}/secrets"),
        app,
        made,
        client,
        first,
    }
}

impl World {
    async fn works(&self, secret: &str) -> bool {
        authenticates(&self.app, &self.client, secret).await
    }

    async fn issue(&self, body: &Value) -> (String, String) {
        issue(&self.app, &self.secrets, body).await
    }

    async fn revoke(&self, id: &str) -> Response {
        let path = format!("{}/{id}", self.secrets);
        call(&self.app, "DELETE", &path).send().await
    }

    /// What the list says, to an admin of this very second.
    async fn list(&self) -> Vec<Value> {
        let admin = &self.app.management.client_id;
        let token = self.app.token(admin, &scopes::MANAGEMENT).await;
        let request = call(&self.app, "GET", &self.secrets).token(&token);
        let shown = result(&request.send().await, 200);
        self.app.recorder.take();
        shown.as_array().unwrap().clone()
    }
}

#[tokio::test]
async fn every_live_secret_works_and_a_revoked_one_not_on_the_very_next_call() {
    for w in worlds().await {
        let mut all = vec![(String::new(), w.first.clone())];
        for _ in 0..4 {
            all.push(w.issue(&json!({})).await);
        }
        for (_, secret) in &all {
            assert!(w.works(secret).await);
        }
        let response = call(&w.app, "POST", &w.secrets).send().await;
        assert_eq!(refusal(&response), (409, "too-many-secrets".into()));
        for revoked in 1..all.len() {
            assert_eq!(w.revoke(&all[revoked].0).await.status, 204);
            for (at, (_, secret)) in all.iter().enumerate() {
                assert_eq!(w.works(secret).await, at == 0 || at > revoked);
            }
        }
        // The one that came with the client is the last: it stays.
        let id = text(&w.list().await[0]["secret_id"]);
        assert_eq!(refusal(&w.revoke(&id).await), (409, "last-secret".into()));
        assert!(w.works(&w.first).await);
    }
}

#[tokio::test]
async fn a_secret_ends_at_its_second_before_any_sweep() {
    for w in worlds().await {
        let (id, secret) = w.issue(&json!({"expires_in": 10})).await;
        w.app.clock.advance(9);
        assert!(w.works(&secret).await);
        w.app.clock.advance(1);
        assert!(!w.works(&secret).await);
        assert!(w.works(&w.first).await);
        // It is still there to be seen, and makes room for another.
        assert!(w.list().await.iter().any(|s| s["secret_id"] == id));
        for _ in 0..4 {
            w.issue(&json!({})).await;
        }
        assert_eq!(call(&w.app, "POST", &w.secrets).send().await.status, 409);
    }
}

#[tokio::test]
async fn the_last_live_secret_may_expire() {
    let w = world(true).await;
    w.issue(&json!({"expires_in": 10})).await;
    let first = domain::Secret::parse(&w.first).unwrap().id().to_string();
    assert_eq!(w.revoke(&first).await.status, 204);
    w.app.clock.advance(10);
    // None is live now, and a new one can be had.
    assert!(!w.works(&w.first).await);
    let (_, secret) = w.issue(&json!({})).await;
    assert!(w.works(&secret).await);
}

#[tokio::test]
async fn a_secret_of_one_client_is_none_of_another() {
    let [one, two] = worlds().await;
    assert!(!one.works(&two.first).await);
    let further = one
        .app
        .register_client(&one.made.app, "Other", |_| ())
        .await;
    assert!(!one.works(&further.secret).await);
    assert!(!authenticates(&one.app, further.id(), &one.first).await);
}

#[tokio::test]
async fn from_none_to_a_secret_the_client_can_use_what_it_was_answered() {
    for w in worlds().await {
        let path = format!("/v1/clients/{}", w.client);
        let public = json!({
            "token_endpoint_auth_method": "none", "client_type": "native",
            "grant_types": ["authorization_code"],
        });
        let shown = result(&call(&w.app, "PUT", &path).json(&public).send().await, 200);
        assert_eq!(shown.get("client_secret"), None);
        assert!(!w.works(&w.first).await);
        assert!(w.list().await.is_empty());
        let response = call(&w.app, "POST", &w.secrets).send().await;
        assert_eq!(refusal(&response), (409, "client-without-secrets".into()));
        let secret = json!({
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["client_credentials"],
        });
        let shown = result(&call(&w.app, "PUT", &path).json(&secret).send().await, 200);
        assert!(w.works(&text(&shown["client_secret"])).await);
        assert!(!w.works(&w.first).await, "the old one does not come back");
    }
}

#[tokio::test]
async fn the_day_of_use_is_noted_once_a_day_and_moves_no_version() {
    for w in worlds().await {
        let before = w.app.stored(&w.made.app).await.unwrap();
        let client = w.app.stored_client(&w.client).await.unwrap();
        assert_eq!(w.list().await[0]["last_used_on"], "never");
        let default = client.default;
        for (day, shown) in [(0, "2026-01-02"), (1, "2026-01-03"), (9, "2026-01-11")] {
            w.app
                .clock
                .advance(if day == 9 { 8 * DAY } else { day * DAY });
            for at in 0..5 {
                assert!(w.works(&w.first).await);
                let calls = w.app.recorder.take();
                let writes: Vec<_> = calls
                    .iter()
                    .filter(|call| call.operation == "UpdateItem")
                    .collect();
                assert_eq!(writes.len(), usize::from(at == 0), "day {day}, call {at}");
                // Beside the keys that tokens are signed with, which are read anew after minutes.
                let reads = calls
                    .iter()
                    .filter(|call| call.operation.contains("GetItem"));
                assert_eq!(reads.count(), 1);
                for write in writes {
                    assert!(write.request["ConditionExpression"].is_string());
                    let capacity = write.capacity;
                    assert_eq!((capacity.write, capacity.indexes), (1.0, 0.0), "{default}");
                }
            }
            assert_eq!(w.list().await[0]["last_used_on"], shown);
        }
        assert_eq!(w.app.stored(&w.made.app).await.unwrap(), before);
        assert_eq!(w.app.stored_client(&w.client).await.unwrap(), client);
    }
}

#[tokio::test]
async fn a_day_is_noted_of_each_secret_for_itself_and_of_no_failed_try() {
    let w = world(true).await;
    let (second, secret) = w.issue(&json!({})).await;
    w.app.recorder.take();
    let wrong = domain::Secret::generate([9; 39]).expose().to_owned();
    assert!(!w.works(&wrong).await);
    assert_eq!(w.app.recorder.summary().operations, ["GetItem"]);
    assert!(w.works(&secret).await);
    let listed = w.list().await;
    for shown in listed {
        let used = shown["secret_id"] == second;
        let expected = if used { "2026-01-02" } else { "never" };
        assert_eq!(shown["last_used_on"], expected);
    }
}

#[tokio::test]
async fn a_day_that_can_not_be_noted_costs_nobody_a_token() {
    let w = world(true).await;
    for failure in [testkit::Failure::Io, testkit::Failure::Other] {
        let down = testkit::Intercept::ExecuteThenFail(failure);
        w.app
            .recorder
            .script("UpdateItem", std::iter::repeat_n(down, 3));
        assert!(w.works(&w.first).await);
        w.app.recorder.clear_script();
        w.app.clock.advance(DAY);
    }
}

/// What was logged, as text.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes)
            .lines()
            .map(ToOwned::to_owned)
            .collect()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_retired_secret_that_is_tried_again_is_logged_by_its_id_alone() {
    for w in worlds().await {
        let (revoked, old) = w.issue(&json!({})).await;
        let (expired, late) = w.issue(&json!({"expires_in": 1})).await;
        assert_eq!(w.revoke(&revoked).await.status, 204);
        w.app.clock.advance(1);
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().json().with_writer(log.clone());
        let guard = tracing::subscriber::set_default(subscriber.finish());
        for (id, secret) in [(&revoked, &old), (&expired, &late)] {
            let seen = log.lines().len();
            assert!(!w.works(secret).await);
            let lines = log.lines().split_off(seen);
            let told: Vec<_> = lines
                .iter()
                .filter(|l| l.contains("a retired secret was tried"))
                .collect();
            assert_eq!(told.len(), 1, "{lines:?}");
            let told: Value = serde_json::from_str(told[0]).unwrap();
            assert_eq!(told["level"], "WARN");
            assert_eq!(told["fields"]["client_id"], w.client.as_str());
            assert_eq!(told["fields"]["secret_id"], *id);
        }
        // A wrong secret, and one that works, are no such thing.
        let seen = log.lines().len();
        assert!(w.works(&w.first).await);
        w.works(domain::Secret::generate([9; 39]).expose()).await;
        assert!(
            !log.lines()[seen..]
                .iter()
                .any(|line| line.contains("retired"))
        );
        drop(guard);
        let everything = log.lines().concat();
        for secret in [&old, &late, &w.first] {
            assert!(!everything.contains(secret.rsplit('_').next().unwrap()));
        }
    }
}

#[tokio::test]
async fn a_digest_of_the_wrong_length_is_500_and_no_panic() {
    let w = world(true).await;
    let mut items = w.app.items().into_iter();
    let mut item = items
        .find(|i| i["app"]["M"]["code_name"]["S"] == "myapp")
        .unwrap();
    let secrets = item["secrets"]["M"].as_object_mut().unwrap();
    for secret in secrets.values_mut() {
        secret["M"]["digest"] = json!({"B": "AAAA"});
    }
    w.app.put_raw(&item);
    let response = token_answer(&w.app, &w.client, &w.first).await;
    assert_eq!(
        (response.status, text(&body(&response)["error"])),
        (500, "server_error".into())
    );
    for (method, path) in [("GET", w.secrets.clone()), ("POST", w.secrets.clone())] {
        let response = call(&w.app, method, &path).send().await;
        assert_eq!(refusal(&response), (500, "internal".into()));
    }
}
