//! The words that callers use. One operation speaks them all; its route says which.
//!
//! A dialect turns requests into domain commands, and outcomes and errors into bodies. It decides
//! nothing: rules are in `domain`, storage is in `table`. To add one, write a module that implements
//! [`Dialect`] and add its routes to `routes.rs`.

mod native;
mod oauth;
mod openid_apps;

use domain::{
    App, AppId, ClientId, ClientSettings, CreateApp, Description, ResourceId, Secret, StoredSecret,
    Timestamp,
};
use table::{AppFilter, ClientPage, Principal};

use crate::{ApiError, Call, Response, change::AppChange, oauth::Presented};

/// `/v1`: the applications-and-clients API.
pub const NATIVE: &dyn Dialect = &native::Native;
/// `/platform/v1`: the openid-apps API.
pub const OPENID_APPS: &dyn Dialect = &openid_apps::OpenIdApps;
/// `/oauth2` and `/.well-known`.
pub const OAUTH: &dyn Dialect = &oauth::OAuth;

/// A created app and its secret, shown this once.
#[derive(Debug)]
pub struct AppCreated {
    /// The app.
    pub app: App,
    /// Its default client's secret, unless that client has none.
    pub secret: Option<Secret>,
}

/// What to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListApps {
    /// Only the app with this id.
    pub only: Option<AppSelector>,
    /// Narrows the list.
    pub filter: AppFilter,
    /// Continue behind this app.
    pub after: Option<AppId>,
    /// How much to answer.
    pub extent: Extent,
}

/// An exact filter, answered by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppSelector {
    /// By code name.
    CodeName(domain::CodeName),
    /// By the id of one of its clients.
    Client(domain::ClientId),
    /// A value that no app can have.
    Nothing,
}

/// How much of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// One page of at most this many.
    Page(u32),
    /// All of it; an error when there are more than this many.
    All(u32),
}

/// A list to answer with.
#[derive(Debug)]
pub struct AppList {
    /// The apps.
    pub apps: Vec<App>,
    /// Where the next page starts.
    pub next: Option<AppId>,
}

/// Which clients of an app to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListClients {
    /// Continue behind this client.
    pub after: Option<ClientId>,
    /// At most so many.
    pub limit: u32,
}

/// A kill switch to throw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetStatus {
    /// On or off.
    pub active: bool,
    /// Why.
    pub reason: Option<Description>,
}

/// A secret just issued, shown this once.
#[derive(Debug)]
pub struct SecretIssued {
    /// Its text.
    pub secret: Secret,
    /// What is kept of it.
    pub stored: StoredSecret,
}

/// What a client asks a token for.
#[derive(Debug)]
pub struct TokenRequest {
    /// How it proves itself.
    pub presented: Presented,
    /// The name of the grant.
    pub grant_type: String,
    /// Scopes, parted by spaces; all that the client may have when left out.
    pub scope: Option<String>,
    /// Whom the token is for (RFC 8707); the issuer when empty.
    pub resources: Vec<String>,
}

/// A token just issued.
pub struct TokenIssued {
    /// Its text.
    pub access_token: String,
    /// How long it lives, in seconds.
    pub expires_in: i64,
    /// What it allows.
    pub scope: String,
    /// When it was issued.
    pub issued_at: Timestamp,
}

impl std::fmt::Debug for TokenIssued {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenIssued(..)")
    }
}

/// One dialect. The methods without a body are needed of all; the others are for the operations that
/// have a route in the dialect. Those that take a [`Call`] alone read its request; the others answer.
pub trait Dialect: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// An error in its words.
    fn error(&self, error: &ApiError, request_id: &str) -> Response;

    /// The header that carries an idempotency key, in lower case.
    fn idempotency_header(&self) -> &'static str {
        "idempotency-key"
    }

    /// Whether `If-Match` may carry weak tags.
    fn takes_weak_etags(&self) -> bool {
        false
    }

    /// Reads a request to create an app.
    fn create_app(&self, _call: &Call) -> Result<CreateApp, ApiError> {
        Err(self.unrouted("create_app"))
    }

    /// Answers a created app.
    fn app_created(&self, _call: &Call, _created: &AppCreated) -> Result<Response, ApiError> {
        Err(self.unrouted("app_created"))
    }

    /// Answers an app.
    fn app(&self, _call: &Call, _app: &App) -> Result<Response, ApiError> {
        Err(self.unrouted("app"))
    }

    /// Reads a request to list apps. `cursor_key` authenticates cursors.
    fn list_apps(&self, _call: &Call, _cursor_key: &CursorKey) -> Result<ListApps, ApiError> {
        Err(self.unrouted("list_apps"))
    }

    /// Answers a list of apps.
    fn apps(
        &self,
        _call: &Call,
        _list: &AppList,
        _cursor_key: &CursorKey,
    ) -> Result<Response, ApiError> {
        Err(self.unrouted("apps"))
    }

    /// Reads what an app is to become.
    fn update_app(&self, _call: &Call, _now: &App) -> Result<AppChange, ApiError> {
        Err(self.unrouted("update_app"))
    }

    /// Answers a changed app, with the secret that its default client got, if it got one.
    fn app_changed(
        &self,
        _call: &Call,
        _app: &App,
        _secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        Err(self.unrouted("app_changed"))
    }

    /// Reads whether an active app is to be deleted all the same.
    fn delete_app(&self, _call: &Call) -> Result<bool, ApiError> {
        Err(self.unrouted("delete_app"))
    }

    /// Reads a request to create a client of `app`.
    fn create_client(&self, _call: &Call, _app: &App) -> Result<ClientSettings, ApiError> {
        Err(self.unrouted("create_client"))
    }

    /// Answers a created client.
    fn client_created(
        &self,
        _call: &Call,
        _now: &Principal,
        _secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        Err(self.unrouted("client_created"))
    }

    /// Answers a client.
    fn client(&self, _call: &Call, _now: &Principal) -> Result<Response, ApiError> {
        Err(self.unrouted("client"))
    }

    /// Reads a request to list clients.
    fn list_clients(&self, _call: &Call, _cursor_key: &CursorKey) -> Result<ListClients, ApiError> {
        Err(self.unrouted("list_clients"))
    }

    /// Answers a list of clients.
    fn clients(
        &self,
        _call: &Call,
        _page: &ClientPage,
        _cursor_key: &CursorKey,
    ) -> Result<Response, ApiError> {
        Err(self.unrouted("clients"))
    }

    /// Reads what a client is to become.
    fn update_client(&self, _call: &Call, _now: &Principal) -> Result<ClientSettings, ApiError> {
        Err(self.unrouted("update_client"))
    }

    /// Answers a changed client, with the secret that it got, if it got one.
    fn client_changed(
        &self,
        _call: &Call,
        _now: &Principal,
        _secret: Option<&Secret>,
    ) -> Result<Response, ApiError> {
        Err(self.unrouted("client_changed"))
    }

    /// Reads the resources that a client may ask for from now on.
    fn resources(&self, _call: &Call) -> Result<Vec<ResourceId>, ApiError> {
        Err(self.unrouted("resources"))
    }

    /// Reads a status to set.
    fn status(&self, _call: &Call) -> Result<SetStatus, ApiError> {
        Err(self.unrouted("status"))
    }

    /// Reads for how many seconds a new secret is good; `None` for ever.
    fn issue_secret(&self, _call: &Call) -> Result<Option<i64>, ApiError> {
        Err(self.unrouted("issue_secret"))
    }

    /// Answers an issued secret.
    fn secret_issued(&self, _call: &Call, _issued: &SecretIssued) -> Result<Response, ApiError> {
        Err(self.unrouted("secret_issued"))
    }

    /// Answers the secrets of a client, by what is kept of them.
    fn secrets(&self, _call: &Call, _secrets: &[StoredSecret]) -> Result<Response, ApiError> {
        Err(self.unrouted("secrets"))
    }

    /// Reads a request for a token.
    fn token_request(&self, _call: &Call) -> Result<TokenRequest, ApiError> {
        Err(self.unrouted("token_request"))
    }

    /// Answers a token.
    fn token_issued(&self, _issued: &TokenIssued) -> Result<Response, ApiError> {
        Err(self.unrouted("token_issued"))
    }

    /// A route of an operation that the dialect has no words for: a mistake in the route table.
    fn unrouted(&self, what: &str) -> ApiError {
        ApiError::internal(format!("{} has no {what}", self.name()))
    }
}

impl std::fmt::Debug for dyn Dialect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The key of list cursors. `Debug` shows nothing of it.
pub struct CursorKey(pub ring::hmac::Key);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(..)")
    }
}
