//! For tests only: a registry on an embedded engine, a clock that stands still until moved, entropy
//! from a seed, and a request builder that goes the way of every request.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test that can't be set up has failed"
)]

pub mod audit;
mod bad_tokens;
mod fault;
mod hidden;
mod permissions;
mod raw;
mod recorder;
mod register;
mod request;
mod shared_master;
mod system;

use std::{collections::HashMap, fmt::Display, sync::Arc};

use api::{
    Handler, Registry, Request, caller,
    claims::{Audience, Claims, MAX_LIFETIME, TYP},
    registry::issuer_of,
    routes,
};
use create_tenant::{CreateTenant, Credentials};
use data_encoding::BASE64;
use domain::{ClientId, Master, TenantId, scopes};
use engine::Engine;
use table::{Table, connect};

pub use bad_tokens::BadToken;
pub use engine::{Failure, Intercept};
pub use fault::{Fault, FaultProxy, Plan, Then};
pub use hidden::Hidden;
pub use permissions::Use;
pub use recorder::{Recorder, Summary, cancelled, refused_condition};
pub use register::{Registered, RegisteredClient};
pub use request::TestRequest;
pub use serde_json::{Map, Value, json};
pub use shared_master::SharedMaster;
pub use system::{SeededEntropy, TestClock};

/// The issuer of every test registry.
pub const ISSUER: &str = "https://roster.test";
/// The master secret of every test registry.
pub const MASTER: &str = "the master secret of every test registry";

/// A registry with one tenant, whose management application is at hand.
#[derive(Debug)]
pub struct TestApp {
    /// What handlers work with.
    pub registry: Registry,
    /// The clock, to move.
    pub clock: Arc<TestClock>,
    /// Every call that reached the engine.
    pub recorder: Arc<Recorder>,
    /// The engine itself.
    pub engine: Engine,
    /// The first tenant's management client.
    pub management: Credentials,
    /// A token of it with every scope.
    pub admin: String,
}

impl TestApp {
    /// On an empty table, with the tenant `default`.
    pub async fn new() -> Self {
        Self::seeded(1).await
    }

    /// The same with other random bytes.
    pub async fn seeded(seed: u64) -> Self {
        let recorder = Arc::new(Recorder::default());
        let engine = Engine::memory().unwrap().with_observer(recorder.clone());
        let table = Table::new(connect::embedded(engine.http_client()).unwrap(), "roster");
        table.create_if_absent().await.unwrap();
        let clock = Arc::new(TestClock::default());
        let master = Master::parse(MASTER).unwrap();
        let registry = Registry::new(
            table,
            Some(Arc::new(master)),
            Some(ISSUER.into()),
            clock.clone(),
            Arc::new(SeededEntropy::new(seed)),
        );
        let management = create_tenant::handle(registry.clone(), CreateTenant::default())
            .await
            .unwrap();
        let mut app = Self {
            registry,
            clock,
            recorder,
            engine,
            management,
            admin: String::new(),
        };
        app.admin = app
            .token(&app.management.client_id, &scopes::MANAGEMENT)
            .await;
        // The caller is known from here on, so that tests count an operation's own calls.
        app.known().await;
        app.recorder.take();
        app
    }

    /// Makes the registry remember the management client.
    pub async fn known(&self) {
        let route = routes::by_key("GET /v1/applications").unwrap();
        let bearer = format!("Bearer {}", self.admin);
        let request = Request {
            route,
            path: Vec::new(),
            query: String::new(),
            headers: HashMap::from([("authorization".into(), bearer)]),
            body: Vec::new(),
            host: String::new(),
            id: String::new(),
        };
        caller::authorize(&self.registry, &request).await.unwrap();
    }

    /// Another tenant and its management credentials.
    pub async fn tenant(&self, id: &str) -> Credentials {
        let asked = CreateTenant {
            tenant_id: Some(TenantId::parse(id).unwrap()),
        };
        create_tenant::handle(self.registry.clone(), asked)
            .await
            .unwrap()
    }

    /// A good token of a client of the first tenant.
    pub async fn token(&self, client: &ClientId, scopes: &[&str]) -> String {
        self.sign(&self.claims(ISSUER, client, scopes)).await
    }

    /// A good token of a client of any tenant.
    pub async fn token_in(&self, tenant: &TenantId, client: &ClientId, scopes: &[&str]) -> String {
        let issuer = issuer_of(ISSUER, tenant);
        self.sign(&self.claims(&issuer, client, scopes)).await
    }

    /// The claims of a good token.
    pub fn claims(&self, issuer: &str, client: &ClientId, scopes: &[&str]) -> Claims {
        let now = self.registry.now();
        Claims {
            iss: issuer.into(),
            sub: client.clone(),
            client_id: client.clone(),
            aud: Audience::One(issuer.into()),
            exp: now.plus(MAX_LIFETIME),
            iat: now,
            jti: "a-test-token".into(),
            scope: scopes.join(" "),
        }
    }

    /// A token with these claims, signed by the registry's own key.
    pub async fn sign(&self, claims: &Claims) -> String {
        let keys = &self.registry.keys;
        keys.sign(TYP, claims, self.registry.now()).await.unwrap()
    }

    /// Starts a request to the route that `method` and `path` lead to, handled by `handle`.
    pub fn request<F, Fut>(&self, handle: F, method: &str, path: &str) -> TestRequest<'_>
    where
        F: Fn(Registry, api::Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<api::Response, api::ApiError>> + Send + 'static,
    {
        self.request_to(Handler::new(handle), method, path)
    }

    /// The same with a handler picked at run time.
    pub fn request_to(&self, handler: Handler, method: &str, path: &str) -> TestRequest<'_> {
        TestRequest::new(self, handler, method, path)
    }
}

/// The JSON body of an answer.
pub fn body(response: &api::Response) -> Value {
    serde_json::from_str(&response.body)
        .unwrap_or_else(|e| Value::String(format!("no JSON ({e}): {}", response.body)))
}

/// An `Authorization: Basic` header's value (RFC 7617 §2).
pub fn basic(id: impl Display, secret: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{id}:{secret}").as_bytes())
    )
}

/// Status and JSON body of an answer, to compare at once.
pub fn answer(response: &api::Response) -> (u16, Value) {
    (response.status, body(response))
}

/// The result of a success of this status.
pub fn result(response: &api::Response, status: u16) -> Value {
    assert_eq!(response.status, status, "{}", response.body);
    body(response)["result"].take()
}

/// Status and code of a native refusal, whose other members must say the same.
pub fn refusal(response: &api::Response) -> (u16, String) {
    let problem = body(response);
    let kind = problem["type"].as_str().unwrap_or_default();
    assert_eq!(problem["status"], response.status, "{}", response.body);
    assert_eq!(problem["error_code"], response.status);
    assert_eq!(problem["request_id"], "request-1");
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json")
    );
    (response.status, kind.replace("urn:roster:problem:", ""))
}

/// Place and code of every fault of a native 400.
pub fn faults(response: &api::Response) -> Vec<(String, String)> {
    let expected = (400, "invalid-request".to_owned());
    assert_eq!(refusal(response), expected, "{}", response.body);
    let problem = body(response);
    let errors = problem["errors"].as_array().unwrap();
    // One body serves both conventions.
    let messages: Vec<_> = errors.iter().map(|e| e["message"].clone()).collect();
    assert_eq!(problem["message"], json!(messages));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let place = |e: &Value| {
        let members = ["pointer", "parameter", "header"];
        members.iter().find_map(|name| e.get(name)).map(text)
    };
    errors
        .iter()
        .map(|e| (place(e).unwrap_or_default(), text(&e["code"])))
        .collect()
}
