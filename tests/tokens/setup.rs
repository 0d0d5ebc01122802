//! Every route on one registry, apps put straight into the table, and a table that can fail.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use api::{Handler, Registry, Request, Response, dispatch, routes};
use data_encoding::BASE64;
use domain::{
    App, AppId, AppProfile, Client, ClientId, ClientSettings, CodeNameChoice, CreateApp, GrantType,
    Master, Name, Scope, Secret, StoredSecret, TenantId, TokenEndpointAuthMethod,
    app::Registration,
};
use engine::{Engine, Intercept, Observer};
use table::{Table, connect};
use testkit::{ISSUER, SeededEntropy, SharedMaster, TestApp, Value, body};

/// Where tokens come from.
pub(crate) const TOKEN: &str = "/oauth2/token";
/// The grant that is served.
pub(crate) const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// A client, its app and its secret.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    pub(crate) app: App,
    pub(crate) client_id: ClientId,
    pub(crate) secret: String,
}

impl Registered {
    /// Its `Authorization` header.
    pub(crate) fn basic(&self) -> String {
        basic(self.client_id.as_str(), &self.secret)
    }
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        BASE64.encode(format!("{id}:{secret}").as_bytes())
    )
}

/// Requests to every route of a registry.
pub(crate) struct World {
    pub(crate) app: TestApp,
    /// What answers: the registry of `app`, unless a test puts another here.
    pub(crate) registry: Registry,
    handlers: HashMap<&'static str, Handler>,
    /// How many there are beside the first, so that each has random bytes of its own.
    instances: AtomicU64,
}

impl World {
    pub(crate) async fn new() -> Self {
        let app = TestApp::new().await;
        Self {
            registry: app.registry.clone(),
            handlers: local::operations::all(),
            instances: AtomicU64::default(),
            app,
        }
    }

    /// The management client.
    pub(crate) fn management(&self) -> Registered {
        let id = &self.app.management.client_id;
        let mut registered = self.known(id, &self.app.management.client_secret);
        registered
            .secret
            .clone_from(&self.app.management.client_secret);
        registered
    }

    fn known(&self, id: &ClientId, secret: &str) -> Registered {
        let (app_id, tenant_id) = (id.app_id().unwrap(), TenantId::first());
        let settings = ordinary("Management");
        let how = registration(app_id, tenant_id, self.registry.now());
        let code_name = settings.first_code_name(0);
        Registered {
            app: App::register(settings, code_name, &how),
            client_id: id.clone(),
            secret: secret.to_owned(),
        }
    }

    /// An app of the first tenant that may obtain tokens.
    pub(crate) async fn register(
        &self,
        name: &str,
        change: impl FnOnce(&mut ClientSettings),
    ) -> Registered {
        self.register_in(TenantId::first(), name, change).await
    }

    pub(crate) async fn register_in(
        &self,
        tenant: TenantId,
        name: &str,
        change: impl FnOnce(&mut ClientSettings),
    ) -> Registered {
        let registry = &self.app.registry;
        let mut command = ordinary(name);
        change(&mut command.client);
        let id = AppId::generate(registry.unix_ms(), registry.random().unwrap());
        let how = registration(id, tenant, registry.now());
        let code_name = command.first_code_name(0);
        let app = App::register(command, code_name, &how);
        let client_id = app.default_client.client_id.clone();
        let (secret, stored) = self.secret(&client_id);
        let created = registry.table.create_app(&app, Some(&stored), None).await;
        created.unwrap();
        self.app.recorder.take();
        Registered {
            app,
            client_id,
            secret,
        }
    }

    /// A further client of an app.
    pub(crate) async fn client(&self, app: &App) -> Registered {
        let registry = &self.app.registry;
        let id = ClientId::generate(&app.app_id, registry.unix_ms(), registry.random().unwrap());
        let settings = app.default_client.settings.clone();
        let client = Client::register(id.clone(), &app.app_id, settings, "test", registry.now());
        let (secret, stored) = self.secret(&id);
        let table = &registry.table;
        let made = table.create_client(&app.tenant_id, &client, Some(&stored), None, u32::MAX);
        made.await.unwrap();
        self.app.recorder.take();
        Registered {
            app: app.clone(),
            client_id: id,
            secret,
        }
    }

    /// Stored whatever the auth method is: a leftover secret must not help.
    fn secret(&self, client: &ClientId) -> (String, StoredSecret) {
        let registry = &self.app.registry;
        let secret = Secret::generate(registry.random().unwrap());
        let pepper = registry.master().unwrap().pepper();
        let mut stored = StoredSecret::new(&secret, &pepper, client, registry.now());
        // So that a first use writes nothing.
        stored.last_used_on = Some(registry.now().plus(400 * 86_400).day());
        (secret.expose().to_owned(), stored)
    }

    /// Sends a request.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        self.send_to(&self.registry, method, path, headers, body)
            .await
    }

    /// Sends a request to another instance.
    pub(crate) async fn send_to(
        &self,
        registry: &Registry,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let (route, parameters) = routes::resolve(method, path).unwrap();
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        let request = Request {
            route,
            path: parameters,
            query: query.into(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
            host: "roster.test".into(),
            id: "request-1".into(),
        };
        dispatch(registry, &self.handlers[route.operation], request).await
    }

    /// Sends a form, with an `Authorization` header unless it is empty.
    pub(crate) async fn form(&self, path: &str, auth: &str, form: &[(&str, &str)]) -> Response {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut headers = vec![("content-type", "application/x-www-form-urlencoded")];
        if !auth.is_empty() {
            headers.push(("authorization", auth));
        }
        self.send("POST", path, &headers, &form).await
    }

    /// A token of a client with a secret.
    pub(crate) async fn token_of(&self, client: &Registered) -> String {
        let answer = self.form(TOKEN, &client.basic(), &[GRANT]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        text(&body(&answer)["access_token"])
    }

    pub(crate) async fn introspect(&self, asker: &Registered, token: &str) -> Value {
        let form = [("token", token)];
        let answer = self.form("/oauth2/introspect", &asker.basic(), &form).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        body(&answer)
    }

    /// Calls a management route with a token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        let bearer = format!("Bearer {token}");
        self.send("GET", path, &[("authorization", &bearer)], "")
            .await
    }

    /// Switches an app on or off, as its administrator does.
    pub(crate) async fn set_active(&self, app: &App, active: bool) {
        let bearer = format!("Bearer {}", self.app.admin);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let path = format!("/v1/applications/{}/status", app.app_id);
        let body = format!(r#"{{"active": {active}}}"#);
        let answer = self.send("PUT", &path, &headers, &body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.app.recorder.take();
    }

    /// The operations since the last look.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.app.recorder.summary().operations
    }

    /// An instance that starts now and reads the master secret from `shared`.
    pub(crate) fn started(&self, shared: &Arc<SharedMaster>) -> Registry {
        let secret = shared.secret(self.app.registry.now());
        let network = Arc::new(Network::default());
        self.instance(None, &network)
            .trusting(Some(secret), Vec::new())
    }

    /// Another instance over the same table: its own memory, its own network.
    pub(crate) fn instance(&self, master: Option<&str>, network: &Arc<Network>) -> Registry {
        let engine: Engine = self.app.engine.clone().with_observer(network.clone());
        let master = master.map(|text| Arc::new(Master::parse(text).unwrap()));
        Registry::new(
            Table::new(connect::embedded(engine.http_client()).unwrap(), "roster"),
            master,
            Some(ISSUER.into()),
            self.app.clock.clone(),
            Arc::new(SeededEntropy::new(
                77 + self.instances.fetch_add(1, Ordering::Relaxed),
            )),
        )
    }
}

/// The master secret of the test registry.
pub(crate) const MASTER: &str = "the master secret of every test registry";

fn registration(app_id: AppId, tenant_id: TenantId, at: domain::Timestamp) -> Registration {
    Registration {
        app_id,
        tenant_id,
        by: "test".into(),
        at,
        management: false,
    }
}

fn ordinary(name: &str) -> CreateApp {
    let name = Name::parse(name).unwrap();
    let scopes = ["apps:read", "apps:edit"].map(|s| Scope::parse(s).unwrap());
    CreateApp {
        code_name: CodeNameChoice::FromName,
        profile: AppProfile::named(name.clone()),
        client: ClientSettings {
            grant_types: vec![GrantType::ClientCredentials],
            scopes: scopes.into(),
            ..ClientSettings::named(name, TokenEndpointAuthMethod::ClientSecretBasic)
        },
        active: true,
        names_rights: false,
        client_id: None,
        unique_name: false,
    }
}

/// A network that does to calls what it is told, one operation at a time.
#[derive(Debug, Default)]
pub(crate) struct Network(Mutex<Option<(String, Intercept, u32)>>);

impl Network {
    /// From now on, so many calls of `operation` (of every one when empty) fare like this.
    pub(crate) fn set(&self, operation: &str, fate: Intercept, times: u32) {
        *self.0.lock().unwrap() = Some((operation.to_owned(), fate, times));
    }
}

impl Observer for Network {
    fn before(&self, call: &engine::Request) -> Intercept {
        match &mut *self.0.lock().unwrap() {
            Some((operation, fate, left))
                if *left > 0 && (operation.is_empty() || *operation == call.operation) =>
            {
                *left -= 1;
                fate.clone()
            }
            _ => Intercept::Pass,
        }
    }
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The OAuth error of an answer, whose form RFC 6749 §5.2 fixes.
pub(crate) fn error(answer: &Response) -> (u16, String) {
    let said = body(answer);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(
        answer.header("www-authenticate").is_some(),
        answer.status == 401
    );
    let description = text(&said["error_description"]);
    let clean = |c: char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
    assert!(description.chars().all(clean), "{description}");
    (answer.status, text(&said["error"]))
}
