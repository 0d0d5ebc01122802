//! Apps that a test needs to be there, put into the table without a request.

use domain::{
    App, AppId, AppProfile, Client, ClientId, ClientSettings, CodeNameChoice, CreateApp, GrantType,
    Name, RedirectUri, Scope, Secret, SecretId, Status, StoredSecret, TenantId,
    TokenEndpointAuthMethod, app::Registration, client::DEFAULT_RESPONSE_TYPES, stored_secret,
};
use table::{AppFilter, PageRequest, Secrets, StatusChange};

use crate::TestApp;

/// An app and its default client's secret, where that client has one.
#[derive(Debug)]
pub struct Registered {
    /// The app.
    pub app: App,
    /// The secret's text; empty for a client without secrets.
    pub secret: String,
}

impl Registered {
    /// The default client's id.
    pub const fn client_id(&self) -> &ClientId {
        &self.app.default_client.client_id
    }

    /// The app's id as paths have it.
    pub fn id(&self) -> String {
        self.app.app_id.to_string()
    }
}

/// A further client and its secret, where it has one.
#[derive(Debug)]
pub struct RegisteredClient {
    /// The client.
    pub client: Client,
    /// The secret's text; empty for a client without secrets.
    pub secret: String,
}

impl RegisteredClient {
    /// The client's id.
    pub const fn id(&self) -> &ClientId {
        &self.client.client_id
    }
}

impl TestApp {
    /// An app of the first tenant; `change` may ask what no request could.
    pub async fn register(&self, name: &str, change: impl FnOnce(&mut CreateApp)) -> Registered {
        self.register_in(&TenantId::first(), name, change).await
    }

    /// An app of any tenant.
    pub async fn register_in(
        &self,
        tenant: &TenantId,
        name: &str,
        change: impl FnOnce(&mut CreateApp),
    ) -> Registered {
        let mut command = ordinary(name);
        change(&mut command);
        let how = Registration {
            app_id: AppId::generate(self.registry.unix_ms(), self.registry.random().unwrap()),
            tenant_id: tenant.clone(),
            by: self.management.client_id.to_string(),
            at: self.registry.now(),
            management: false,
        };
        let code_name = command.first_code_name(0);
        let app = App::register(command, code_name, &how);
        let client = &app.default_client;
        let method = client.settings.token_endpoint_auth_method;
        let secret = Secret::generate(self.registry.random().unwrap());
        let pepper = self.registry.master().unwrap().pepper();
        let stored = StoredSecret::new(&secret, &pepper, &client.client_id, how.at);
        let stored = method.uses_secret().then_some(stored);
        self.registry
            .table
            .create_app(&app, stored.as_ref(), None)
            .await
            .unwrap();
        self.recorder.take();
        Registered {
            app,
            secret: stored.map_or_else(String::new, |_| secret.expose().to_owned()),
        }
    }

    /// Throws an app's kill switch.
    pub async fn switch(&self, app: &App, active: bool) {
        let change = StatusChange {
            tenant_id: app.tenant_id.clone(),
            status: Status::new(active),
            at: self.registry.now(),
            if_versions: None,
            write_id: "a test".into(),
        };
        let table = &self.registry.table;
        table.set_app_status(&app.app_id, &change).await.unwrap();
        self.recorder.take();
    }

    /// Throws a client's own kill switch.
    pub async fn switch_client(&self, id: &ClientId, active: bool) {
        let table = &self.registry.table;
        let read = table.principal(id).await.unwrap().unwrap();
        let change = StatusChange {
            tenant_id: read.app.tenant_id.clone(),
            status: Status::new(active),
            at: self.registry.now(),
            if_versions: None,
            write_id: "a test".into(),
        };
        table.set_client_status(&read, &change).await.unwrap();
        self.recorder.take();
    }

    /// A further client of an app; `change` may ask what no request could.
    pub async fn register_client(
        &self,
        app: &App,
        name: &str,
        change: impl FnOnce(&mut ClientSettings),
    ) -> RegisteredClient {
        let mut settings = ordinary(name).client;
        change(&mut settings);
        let (ms, random) = (self.registry.unix_ms(), self.registry.random().unwrap());
        let id = ClientId::generate(&app.app_id, ms, random);
        let (by, now) = (self.management.client_id.as_str(), self.registry.now());
        let client = Client::register(id, &app.app_id, settings, by, now);
        let uses_secret = client.settings.token_endpoint_auth_method.uses_secret();
        let secret = Secret::generate(self.registry.random().unwrap());
        let pepper = self.registry.master().unwrap().pepper();
        let stored = StoredSecret::new(&secret, &pepper, &client.client_id, now);
        let stored = uses_secret.then_some(stored);
        let table = &self.registry.table;
        table
            .create_client(&app.tenant_id, &client, stored.as_ref(), None, u32::MAX)
            .await
            .unwrap();
        self.recorder.take();
        RegisteredClient {
            client,
            secret: stored.map_or_else(String::new, |_| secret.expose().to_owned()),
        }
    }

    /// One more secret of a client.
    pub async fn issue(&self, client: &ClientId, expires_in: Option<i64>) -> Secret {
        let table = &self.registry.table;
        let read = table.credentials(client).await.unwrap().unwrap();
        let (now, pepper) = (
            self.registry.now(),
            self.registry.master().unwrap().pepper(),
        );
        let secret = Secret::generate(self.registry.random().unwrap());
        let mut new = StoredSecret::new(&secret, &pepper, client, now);
        new.expires_at = expires_in.map(|seconds| now.plus(seconds));
        let all = stored_secret::issue(read.secrets.clone(), new, now).unwrap();
        let ended = read.ended_secrets.at(now);
        let secrets = Secrets { all, ended };
        table.save_secrets(&read, &secrets, None).await.unwrap();
        self.recorder.take();
        secret
    }

    /// Revokes a secret of a client, and leaves its tokens.
    pub async fn retire(&self, client: &ClientId, secret: &SecretId) {
        let table = &self.registry.table;
        let read = table.credentials(client).await.unwrap().unwrap();
        let now = self.registry.now();
        let all = stored_secret::revoke(read.secrets.clone(), secret, now).unwrap();
        let ended = read.ended_secrets.at(now);
        let secrets = Secrets { all, ended };
        table.save_secrets(&read, &secrets, None).await.unwrap();
        self.recorder.take();
    }

    /// An app as it is stored now; `None` when it is deleted.
    pub async fn stored(&self, app: &App) -> Option<App> {
        let found = self.registry.table.app(&app.tenant_id, &app.app_id).await;
        self.recorder.take();
        found.unwrap()
    }

    /// A client as it is stored now; `None` when it or its app is deleted.
    pub async fn stored_client(&self, id: &ClientId) -> Option<Client> {
        let found = self.registry.table.principal(id).await;
        self.recorder.take();
        found.unwrap().map(|principal| principal.client)
    }

    /// Every app of a tenant but its management application.
    pub async fn apps(&self, tenant: &TenantId) -> Vec<App> {
        let everything = PageRequest {
            tenant_id: tenant.clone(),
            after: None,
            limit: 1000,
            filter: AppFilter::default(),
            descending: false,
        };
        let page = self.registry.table.apps_page(&everything).await.unwrap();
        self.recorder.take();
        page.apps.into_iter().filter(|a| !a.management).collect()
    }
}

/// What a native request with the required members alone asks.
fn ordinary(name: &str) -> CreateApp {
    let name = Name::parse(name).unwrap();
    let scopes = ["apps:read", "apps:edit"].map(|s| Scope::parse(s).unwrap());
    CreateApp {
        code_name: CodeNameChoice::FromName,
        profile: AppProfile::named(name.clone()),
        client: ClientSettings {
            redirect_uris: vec![RedirectUri::parse("https://app.example.com/cb").unwrap()],
            response_types: DEFAULT_RESPONSE_TYPES.into(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
            scopes: scopes.into(),
            ..ClientSettings::named(name, TokenEndpointAuthMethod::ClientSecretBasic)
        },
        active: true,
        names_rights: false,
        client_id: None,
        unique_name: false,
    }
}
