//! A table with some of everything, put back as it was for each case.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use api::{Handler, Registry, Request, Response, dispatch, routes};
use domain::{ClientId, Master};
use engine::Engine;
use table::{Table, connect};
use testkit::{
    FaultProxy, ISSUER, MASTER, Registered, SeededEntropy, TestApp, TestClock, Value, basic, body,
    json,
};

use crate::keys::{ClientKey, private_key_jwt};

/// The handler of every operation that has a route.
pub(crate) static HANDLERS: LazyLock<HashMap<&'static str, Handler>> =
    LazyLock::new(local::operations::all);

/// What stands for what in a request: `{app}`, say.
pub(crate) type Names = Vec<(&'static str, String)>;

/// A table to start from, and what a request may name in it.
pub(crate) struct Snapshot {
    pub(crate) items: Vec<Value>,
    pub(crate) names: Names,
}

impl Snapshot {
    /// Two tenants; apps made in either way, with further clients, secrets, a role and a deletion.
    pub(crate) async fn take() -> Self {
        let app = TestApp::new().await;
        app.tenant("acme").await;
        let seeded = app.register("Seeded", |_| ()).await;
        let further = app.register_client(&seeded.app, "Further", |_| ()).await;
        let second = app.issue(further.id(), None).await;
        let granted = app.register("Granted", |_| ()).await;
        let key = ClientKey::ec();
        let keyed = app
            .register("Keyed", |create| {
                private_key_jwt(vec![key.public("k")])(&mut create.client);
            })
            .await;
        let dead = app.register("Dead", |_| ()).await;
        app.register_client(&dead.app, "Left", |_| ()).await;
        let table = &app.registry.table;
        let long_ago = domain::Timestamp::from_unix(app.registry.now().unix() - 60);
        table.delete_app(&dead.app, long_ago).await.unwrap();
        let mut names = vec![
            ("{admin}", app.admin.clone()),
            (
                "{management}",
                basic(&app.management.client_id, &app.management.client_secret),
            ),
            ("{app}", seeded.id()),
            ("{code_name}", seeded.app.code_name.to_string()),
            ("{default_id}", seeded.client_id().to_string()),
            ("{secret}", seeded.secret.clone()),
            ("{client_id}", further.id().to_string()),
            ("{secret_id}", second.id().to_string()),
            ("{tenant}", "acme".into()),
            ("{role}", "me".into()),
            ("{basic}", basic(seeded.client_id(), &seeded.secret)),
            ("{further}", basic(further.id(), &further.secret)),
            ("{assertion}", assertion(&app, &keyed, &key)),
        ];
        let own = app.token(seeded.client_id(), &["apps:read"]).await;
        names.push(("{own}", own));
        let mut snapshot = Self {
            items: app.items(),
            names,
        };
        snapshot
            .make("{scim}", "POST", "/admin/v1/Apps", &scim_app("unique"))
            .await;
        let role = json!({
            "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:Grant"],
            "app": {"value": "IDCSAppId"}, "grantMechanism": "ADMINISTRATOR_TO_APP",
            "entitlement": {"attributeName": "appRoles", "attributeValue": "me"},
            "grantee": {"type": "App", "value": granted.id()},
        });
        snapshot
            .make("{grant}", "POST", "/admin/v1/Grants", &role)
            .await;
        snapshot
    }

    /// The same names over other items.
    pub(crate) fn with(&self, items: Vec<Value>) -> Self {
        Self {
            items,
            names: self.names.clone(),
        }
    }

    /// Makes something by a request, and names it by its id.
    async fn make(&mut self, name: &'static str, method: &str, path: &str, json: &Value) {
        let world = self.restore(2).await;
        let mut request = request(method, path);
        request
            .headers
            .insert("content-type".into(), "application/scim+json".into());
        self.authorize(&mut request, "Bearer {admin}");
        request.body = json.to_string().into_bytes();
        let made = world.send(request).await;
        assert_eq!(made.status, 201, "{}", made.body);
        self.names
            .push((name, body(&made)["id"].as_str().unwrap().to_owned()));
        self.items = world.items();
    }

    /// The text with every name in it replaced.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.names {
            filled = filled.replace(name, value);
        }
        filled
    }

    pub(crate) fn authorize(&self, request: &mut Request, value: &str) {
        request
            .headers
            .insert("authorization".into(), self.fill(value));
    }

    /// A registry of its own on a copy of the table, with nothing in any cache.
    pub(crate) async fn restore(&self, seed: u64) -> World {
        let proxy = Arc::new(FaultProxy::default());
        let engine = Engine::memory().unwrap().with_observer(proxy.clone());
        let table = Table::new(connect::embedded(engine.http_client()).unwrap(), "roster");
        table.create_if_absent().await.unwrap();
        for batch in self.items.chunks(25) {
            let puts: Vec<_> = batch
                .iter()
                .map(|item| json!({"PutRequest": {"Item": item}}))
                .collect();
            engine.ask("BatchWriteItem", &json!({"RequestItems": {"roster": puts}}));
        }
        let clock = Arc::new(TestClock::default());
        let registry = Registry::new(
            table,
            Some(Arc::new(Master::parse(MASTER).unwrap())),
            Some(ISSUER.into()),
            clock.clone(),
            Arc::new(SeededEntropy::new(1000 + seed)),
        );
        proxy.stop();
        World {
            engine,
            proxy,
            registry,
            clock,
        }
    }
}

/// A SCIM app whose name is unique.
pub(crate) fn scim_app(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:oracle:idcs:App"], "displayName": name,
        "isOAuthClient": true, "description": name, "active": true, "clientType": "confidential",
        "basedOnTemplate": {"value": "CustomWebAppTemplateId"},
        "redirectUris": ["https://app.example.com/cb"], "allowedGrants": ["client_credentials"],
    })
}

/// A client's proof of itself (RFC 7523), good for some minutes.
fn assertion(app: &TestApp, client: &Registered, key: &ClientKey) -> String {
    let now = app.registry.now().unix();
    let claims = json!({
        "iss": client.client_id(), "sub": client.client_id(), "aud": ISSUER,
        "exp": now + 300, "iat": now, "nbf": now, "jti": "once",
    });
    key.sign(&json!({"alg": "ES256", "kid": "k"}), &claims.to_string())
}

/// A request without headers or body.
pub(crate) fn request(method: &str, path: &str) -> Request {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (route, parameters) =
        routes::resolve(method, path).unwrap_or_else(|| panic!("no route {method} {path}"));
    Request {
        route,
        path: parameters,
        query: query.into(),
        headers: HashMap::new(),
        body: Vec::new(),
        host: "roster.test".into(),
        id: "request-1".into(),
    }
}

/// A registry on its own table, behind a proxy that can fail.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) proxy: Arc<FaultProxy>,
    pub(crate) registry: Registry,
    pub(crate) clock: Arc<TestClock>,
}

impl World {
    pub(crate) async fn send(&self, request: Request) -> Response {
        let handler = &HANDLERS[request.route.operation];
        dispatch(&self.registry, handler, request).await
    }

    /// Every item, past the proxy.
    pub(crate) fn items(&self) -> Vec<Value> {
        let request = json!({"TableName": "roster", "ConsistentRead": true});
        self.engine.ask("Scan", &request)["Items"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// Whether the client secret in `shown` is one that the table knows, of one client.
    pub(crate) async fn knows(&self, shown: &str) -> bool {
        let Some(start) = shown.find("rsec_") else {
            return false;
        };
        let text: String = shown[start..]
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
            .collect();
        let secret = domain::Secret::parse(&text).unwrap_or_else(|_| panic!("{shown}"));
        let pepper = self.registry.master().unwrap().pepper();
        let mut known = 0;
        for item in self.items() {
            let text = |name: &str| item[name]["S"].as_str().unwrap_or_default().to_owned();
            let id = match text("kind").as_str() {
                "app" if item["client"]["M"].get("client_id").is_some() => {
                    item["client"]["M"]["client_id"]["S"]
                        .as_str()
                        .unwrap_or_default()
                        .to_owned()
                }
                "app" => format!("{}.0", text("pk").replace("APP#", "").replace('-', "")),
                "client" => text("sk").replace("CLIENT#", ""),
                _ => continue,
            };
            let id = ClientId::parse(&id).unwrap();
            let found = self.registry.table.credentials(&id).await.unwrap();
            let secrets = found.map(|found| found.secrets).unwrap_or_default();
            let now = self.registry.now();
            known += secrets
                .iter()
                .filter(|s| s.is_live(now) && pepper.verify(&secret, &id, &s.digest))
                .count();
        }
        known == 1
    }
}
