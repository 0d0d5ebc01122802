//! The words that callers use. One operation speaks them all; its route says which.
//!
//! A dialect turns requests into domain commands, and outcomes and errors into bodies. It decides
//! nothing: rules are in `domain`, storage is in `table`. To add one, write a module that implements
//! `Words`, name it in [`Dialect`] and `of_dialect!`, and add its routes to `routes.rs`.

mod native;
mod oauth;
mod openid_apps;
mod phrases;
mod scim;

use std::sync::Arc;

use domain::{
    App, AppId, ClientId, ClientSettings, CreateApp, Description, ResourceId, RoleGrant, Secret,
    StoredSecret, Timestamp,
};
use table::{AppFilter, ClientPage, Principal};

use crate::{ApiError, Call, Request, Response, change::AppChange, oauth::Presented};

/// A created app and its secret, shown this once.
#[derive(Debug)]
pub struct AppCreated {
    /// The app.
    pub app: App,
    /// Its default client's secret, unless that client has none.
    pub secret: Option<Secret>,
}

/// What to list.
#[derive(Debug, Clone)]
pub struct ListApps {
    /// Only the app with this id.
    pub only: Option<AppSelector>,
    /// Narrows the list, in the query itself.
    pub filter: AppFilter,
    /// Narrows it further, app by app.
    pub predicate: Option<Predicate>,
    /// Continue behind this app.
    pub after: Option<AppId>,
    /// How much to answer.
    pub extent: Extent,
}

/// Says of an app whether it is wanted.
#[derive(Clone)]
pub struct Predicate(pub Arc<dyn Fn(&App) -> bool + Send + Sync>);

impl std::fmt::Debug for Predicate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Predicate(..)")
    }
}

/// An exact filter, answered by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AppSelector {
    /// By its id.
    App(AppId),
    /// By code name.
    CodeName(domain::CodeName),
    /// By the id of one of its clients.
    Client(ClientId),
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
    /// So many from a place on, with the count of all.
    Slice(Slice),
}

/// A slice of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// How many to leave out.
    pub skip: usize,
    /// How many to answer.
    pub count: usize,
    /// In which order.
    pub order: Order,
    /// Youngest, or last by name, first.
    pub descending: bool,
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// By creation.
    Created,
    /// By name, letter case aside.
    Name,
}

/// A list to answer with.
#[derive(Debug, Default)]
pub struct AppList {
    /// The apps.
    pub apps: Vec<App>,
    /// Where the next page starts.
    pub next: Option<AppId>,
    /// How many there are in all, where that was asked.
    pub total: Option<usize>,
}

/// A secret to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueSecret {
    /// Of the client in the path, or of the default client of this app.
    pub app: Option<String>,
    /// For how many seconds it is good; for ever when absent.
    pub expires_in: Option<i64>,
    /// Whether it takes the place of all others, which die at once.
    pub replaces: bool,
    /// Whether tokens that were obtained with the others end too.
    pub ends_tokens: bool,
}

/// The Me role of an app's default client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose.
    pub app_id: AppId,
    /// When and by whom.
    pub role: RoleGrant,
}

/// Which grants to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListGrants {
    /// All of the tenant's.
    All,
    /// This app's.
    Of(AppId),
    /// None: the filter can't be met.
    Nothing,
}

/// Which clients of an app to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListClients {
    /// The app, by id or code name; the caller's own when absent.
    pub app: Option<String>,
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
    /// The app of its client.
    pub app_id: AppId,
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

/// The dialects, each once: `$dialect` answers `$method` in its own module.
macro_rules! of_dialect {
    ($dialect:expr, $method:ident($($arg:expr),*)) => {
        match $dialect {
            Dialect::Native => native::Native.$method($($arg),*),
            Dialect::OpenIdApps => openid_apps::OpenIdApps.$method($($arg),*),
            Dialect::Scim => scim::Scim.$method($($arg),*),
            Dialect::OAuth => oauth::OAuth.$method($($arg),*),
        }
    };
}

/// A dialect. A route names its own; handlers ask it and never look which it is.
///
/// An enum and not a trait object, so that a function links only the words of its own operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `/v1`: the applications-and-clients API.
    Native,
    /// `/platform/v1`: the openid-apps API.
    OpenIdApps,
    /// `/admin/v1`: SCIM (RFC 7644).
    Scim,
    /// `/oauth2` and `/.well-known`.
    OAuth,
}

/// Declares what dialects have words for: in [`Words`], where a dialect that has no route for an
/// operation leaves it out, and on [`Dialect`], for handlers.
macro_rules! words {
    ($($(#[$doc:meta])* fn $method:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        /// One dialect's words. Methods that take a [`Call`] alone read its request; others answer.
        trait Words {
            /// An error.
            fn error(&self, error: &ApiError, request_id: &str) -> Response;

            /// The header that carries an idempotency key, as it is written.
            fn idempotency_header(&self) -> &'static str {
                "Idempotency-Key"
            }

            /// Whether `If-Match` may carry weak tags.
            fn takes_weak_etags(&self) -> bool {
                false
            }

            /// Refuses what a query of the request's route can't say. Where a route takes parameters,
            /// they are checked with their reading.
            fn check_query(&self, _request: &Request) -> Result<(), ApiError> {
                Ok(())
            }

            $($(#[$doc])* fn $method(&self, $($arg: $type),*) -> Result<$answer, ApiError> {
                let _ = ($($arg,)*);
                Err(ApiError::internal(concat!("a route has no words for ", stringify!($method))))
            })*
        }

        impl Dialect {
            $($(#[$doc])* pub fn $method(self, $($arg: $type),*) -> Result<$answer, ApiError> {
                of_dialect!(self, $method($($arg),*))
            })*
        }
    };
}

words! {
    /// Reads a request to create an app.
    fn create_app(call: &Call) -> CreateApp;
    /// Answers a created app.
    fn app_created(call: &Call, created: &AppCreated) -> Response;
    /// Answers an app.
    fn app(call: &Call, app: &App) -> Response;
    /// Reads a request to list apps. `cursor_key` authenticates cursors.
    fn list_apps(call: &Call, cursor_key: &CursorKey) -> ListApps;
    /// Answers a list of apps.
    fn apps(call: &Call, list: &AppList, cursor_key: &CursorKey) -> Response;
    /// Reads what an app is to become.
    fn update_app(call: &Call, now: &App) -> AppChange;
    /// Answers a changed app, with the secret that its default client got, if it got one.
    fn app_changed(call: &Call, app: &App, secret: Option<&Secret>) -> Response;
    /// Reads whether an active app is to be deleted all the same.
    fn delete_app(call: &Call) -> bool;
    /// Reads which app a new client is to be of, by id or code name; the caller's own when it names none.
    fn app_of_client(call: &Call) -> Option<String>;
    /// Reads a request to create a client of `app`.
    fn create_client(call: &Call, app: &App) -> ClientSettings;
    /// Answers a created client.
    fn client_created(call: &Call, now: &Principal, secret: Option<&Secret>) -> Response;
    /// Answers a client.
    fn client(call: &Call, now: &Principal) -> Response;
    /// Reads a request to list clients.
    fn list_clients(call: &Call, cursor_key: &CursorKey) -> ListClients;
    /// Answers a list of clients.
    fn clients(call: &Call, page: &ClientPage, cursor_key: &CursorKey) -> Response;
    /// Reads what a client is to become.
    fn update_client(call: &Call, now: &Principal) -> ClientSettings;
    /// Answers a changed client, with the secret that it got, if it got one.
    fn client_changed(call: &Call, now: &Principal, secret: Option<&Secret>) -> Response;
    /// Reads whether an active client is to be deleted all the same.
    fn delete_client(call: &Call) -> bool;
    /// Reads the resources that a client may ask for from now on.
    fn resources(call: &Call) -> Vec<ResourceId>;
    /// Reads a status to set.
    fn status(call: &Call) -> SetStatus;
    /// Reads a request for a new secret.
    fn issue_secret(call: &Call) -> IssueSecret;
    /// Reads whether the tokens that were obtained with a secret are to end with it.
    fn revoke_secret(call: &Call) -> bool;
    /// Answers an issued secret.
    fn secret_issued(call: &Call, issued: &SecretIssued) -> Response;
    /// Answers the secrets of a client, by what is kept of them.
    fn secrets(call: &Call, secrets: &[StoredSecret]) -> Response;
    /// Answers one of them.
    fn secret(call: &Call, secret: &StoredSecret) -> Response;
    /// Answers the roles that an app can be given.
    fn app_roles(call: &Call) -> Response;
    /// Reads which app is to be given the Me role.
    fn create_grant(call: &Call) -> AppId;
    /// Reads which grants to list.
    fn list_grants(call: &Call) -> ListGrants;
    /// Reads the app whose grant the path names.
    fn grant_in_path(call: &Call) -> AppId;
    /// Answers one grant, created or read.
    fn grant(call: &Call, grant: &Grant, status: u16) -> Response;
    /// Answers a list of grants.
    fn grants(call: &Call, grants: &[Grant]) -> Response;
    /// Reads a request for a token.
    fn token_request(call: &Call) -> TokenRequest;
    /// Answers a token.
    fn token_issued(issued: &TokenIssued) -> Response;
    /// Answers what the dialect says of itself.
    fn provider(call: &Call) -> Response;
}

impl Dialect {
    /// An error in its words.
    pub fn error(self, error: &ApiError, request_id: &str) -> Response {
        of_dialect!(self, error(error, request_id))
    }

    /// The header that carries an idempotency key, as it is written.
    pub fn idempotency_header(self) -> &'static str {
        of_dialect!(self, idempotency_header())
    }

    /// Refuses what a query of the request's route can't say.
    pub fn check_query(self, request: &Request) -> Result<(), ApiError> {
        of_dialect!(self, check_query(request))
    }

    /// Whether `If-Match` may carry weak tags.
    pub fn takes_weak_etags(self) -> bool {
        of_dialect!(self, takes_weak_etags())
    }
}

/// The key of list cursors. `Debug` shows nothing of it.
pub struct CursorKey(pub ring::hmac::Key);

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(..)")
    }
}
