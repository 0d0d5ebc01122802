//! Many callers at one thing: one of them has it, and what is switched off stays so.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use api::{Request, Response, dispatch};
use engine::{Intercept, Observer};
use testkit::{Registered, TestApp, Value, audit::Audit, basic, body, cancelled, json};
use tokio::sync::Semaphore;

use crate::{
    keys::{ClientKey, private_key_jwt},
    report,
    world::{HANDLERS, request},
};

/// So many requests are under way at any moment: what a machine of two cores answers within their
/// deadline. The others wait.
const UNDER_WAY: usize = 250;

/// DynamoDB cancels transactions that meet, and the engine never does: this does it to every third try,
/// at most three times to one transaction.
#[derive(Default)]
struct Conflicts {
    tries: Mutex<BTreeMap<String, u32>>,
    count: AtomicUsize,
}

impl fmt::Debug for Conflicts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Conflicts(..)")
    }
}

impl Observer for Conflicts {
    fn before(&self, call: &engine::Request) -> Intercept {
        if call.operation != "TransactWriteItems" {
            return Intercept::Pass;
        }
        let token = call.json["ClientRequestToken"].to_string();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let tries = tries.entry(token.clone()).or_default();
        *tries += 1;
        let unlucky = token.bytes().map(u32::from).sum::<u32>() + *tries;
        if *tries > 3 || !unlucky.is_multiple_of(3) {
            return Intercept::Pass;
        }
        self.count.fetch_add(1, Relaxed);
        cancelled("TransactionConflict")
    }
}

/// A registry whose transactions meet.
struct Storm {
    app: TestApp,
    conflicts: Arc<Conflicts>,
    gate: Arc<Semaphore>,
}

impl Storm {
    async fn new() -> Self {
        let mut app = TestApp::new().await;
        let conflicts = Arc::new(Conflicts::default());
        let engine = app.engine.clone().with_observer(conflicts.clone());
        let client = table::connect::embedded(engine.http_client()).unwrap();
        app.registry.table = table::Table::new(client, "roster");
        Self {
            app,
            conflicts,
            gate: Arc::new(Semaphore::new(UNDER_WAY)),
        }
    }

    /// An answer, when its turn comes.
    fn later(&self, request: Request) -> tokio::task::JoinHandle<Response> {
        let (registry, gate) = (self.app.registry.clone(), self.gate.clone());
        tokio::spawn(async move {
            let _turn = gate.acquire().await;
            dispatch(&registry, &HANDLERS[request.route.operation], request).await
        })
    }

    fn json(&self, method: &str, path: &str, json: &Value) -> Request {
        let mut request = request(method, path);
        let bearer = format!("Bearer {}", self.app.admin);
        request.headers.insert("authorization".into(), bearer);
        request
            .headers
            .insert("content-type".into(), "application/json".into());
        request.body = json.to_string().into_bytes();
        request
    }

    async fn statuses(&self, requests: Vec<Request>) -> BTreeMap<u16, usize> {
        let all: Vec<_> = requests.into_iter().map(|r| self.later(r)).collect();
        let mut statuses = BTreeMap::new();
        for one in all {
            *statuses.entry(one.await.unwrap().status).or_default() += 1;
        }
        statuses
    }
}

/// So many creations of one code name at once, each round another name.
async fn creations(rounds: usize, callers: usize) -> String {
    let storm = Storm::new().await;
    for round in 0..rounds {
        let wanted = json!({
            "app_name": "Storm", "app_code_name": format!("storm{round}"),
            "client_display_name": "Storm", "redirect_uris": ["https://app.example.com/cb"],
        });
        let requests = vec![storm.json("POST", "/v1/applications", &wanted); callers];
        let statuses = storm.statuses(requests).await;
        let expected = BTreeMap::from([(201, 1), (409, callers - 1)]);
        assert_eq!(statuses, expected, "round {round}");
    }
    Audit::of(&storm.app.engine)
        .await
        .assert_sound("the storm of creations");
    let conflicts = storm.conflicts.count.load(Relaxed);
    format!(
        "* {rounds} rounds of {callers} creations of one code name at once, {conflicts} transactions cancelled for \
         meeting another: one 201 in each round, 409 for all others, no 5xx.\n"
    )
}

fn form(body: &str, authorization: &str) -> Request {
    let mut request = request("POST", "/oauth2/token");
    let media = "application/x-www-form-urlencoded";
    request.headers.insert("content-type".into(), media.into());
    if !authorization.is_empty() {
        request
            .headers
            .insert("authorization".into(), authorization.into());
    }
    request.body = body.as_bytes().to_vec();
    request
}

/// So many uses of one assertion at once.
async fn assertions(rounds: usize, callers: usize) -> String {
    let storm = Storm::new().await;
    let key = ClientKey::ec();
    let client = storm
        .app
        .register("Signer", |create| {
            private_key_jwt(vec![key.public("k")])(&mut create.client);
        })
        .await;
    let (id, now) = (client.client_id(), storm.app.registry.now().unix());
    for round in 0..rounds {
        let claims = json!({
            "iss": id, "sub": id, "aud": testkit::ISSUER, "exp": now + 300, "iat": now, "jti": format!("{round}"),
        });
        let signed = key.sign(&json!({"alg": "ES256"}), &claims.to_string());
        let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
        let body = format!(
            "grant_type=client_credentials&client_assertion_type={kind}&client_assertion={signed}"
        );
        let statuses = storm.statuses(vec![form(&body, ""); callers]).await;
        assert_eq!(statuses, BTreeMap::from([(200, 1), (401, callers - 1)]));
    }
    Audit::of(&storm.app.engine)
        .await
        .assert_sound("the storm of assertions");
    format!(
        "* {rounds} rounds of {callers} uses of one assertion at once: one 200 in each, 401 for all others.\n"
    )
}

/// What ends a client in the middle of its requests.
#[derive(Debug, Clone, Copy)]
enum End {
    Deactivated,
    ClientDeactivated,
    Deleted,
}

impl End {
    fn request(self, storm: &Storm, client: &Registered) -> Request {
        let app = format!("/v1/applications/{}", client.id());
        match self {
            Self::Deactivated => {
                storm.json("PUT", &format!("{app}/status"), &json!({"active": false}))
            }
            Self::ClientDeactivated => {
                let path = format!("{app}/clients/{}/status", client.client_id());
                storm.json("PUT", &path, &json!({"active": false}))
            }
            Self::Deleted => {
                let mut request = storm.json("DELETE", &format!("{app}?force=true"), &Value::Null);
                request.body.clear();
                request
            }
        }
    }
}

/// Token requests of one client while its secrets rotate and it is ended: none that began after the end
/// was acknowledged gets a token.
async fn endings(callers: usize) -> String {
    let mut lines = Vec::new();
    for end in [End::Deactivated, End::ClientDeactivated, End::Deleted] {
        let storm = Storm::new().await;
        let client = storm.app.register("Storm", |_| ()).await;
        let path = format!(
            "/v1/applications/{}/clients/{}/secrets",
            client.id(),
            client.client_id()
        );
        let ask = || {
            form(
                "grant_type=client_credentials",
                &basic(client.client_id(), &client.secret),
            )
        };
        let (mut before, mut rotations) = (Vec::new(), Vec::new());
        for n in 0..callers / 2 {
            before.push(storm.later(ask()));
            if n % 100 == 50 {
                rotations.push(storm.later(storm.json("POST", &path, &json!({}))));
            }
        }
        // It waits in no line: some of the requests above are under way, others have not begun.
        let registry = &storm.app.registry;
        let ended = end.request(&storm, &client);
        let handler = &HANDLERS[ended.route.operation];
        let mut acknowledged = dispatch(registry, handler, ended.clone()).await;
        while acknowledged.status == 503 || acknowledged.status == 412 {
            acknowledged = dispatch(registry, handler, ended.clone()).await;
        }
        assert!(
            [200, 204].contains(&acknowledged.status),
            "{}",
            acknowledged.body
        );
        let after: Vec<_> = (before.len()..callers)
            .map(|_| storm.later(ask()))
            .collect();
        let mut tokens = 0;
        for one in before {
            let answer = one.await.unwrap();
            assert!([200, 401].contains(&answer.status), "{}", answer.body);
            tokens += usize::from(answer.status == 200);
        }
        for rotation in rotations {
            let answer = rotation.await.unwrap();
            assert!(
                [201, 404, 409, 503].contains(&answer.status),
                "{}",
                answer.body
            );
        }
        for one in after {
            let answer = one.await.unwrap();
            assert_eq!(answer.status, 401, "a token after the end: {}", answer.body);
            assert_eq!(body(&answer)["error"], "invalid_client");
        }
        Audit::of(&storm.app.engine)
            .await
            .assert_sound("the storm of tokens");
        let late = callers - callers / 2;
        lines.push(format!(
            "* {callers} token requests of one client, {end:?} in their midst while its secrets rotate: {tokens} tokens \
             before, none to the {late} requests that began after the answer.\n"
        ));
    }
    lines.concat()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_name_is_given_once() {
    println!("{}", creations(2, 200).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_assertion_is_used_once() {
    println!("{}", assertions(1, 200).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_token_after_the_end() {
    println!("{}", endings(200).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "a campaign: just faults"]
async fn storms() {
    let rounds = report::size("ROUNDS", 50);
    let text =
        creations(rounds, 1000).await + &assertions(rounds, 200).await + &endings(1000).await;
    report::section("2 storms", &text);
}
