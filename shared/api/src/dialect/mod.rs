//! The words that callers use. One operation speaks them all; its route says which.
//!
//! A dialect turns requests into domain commands, and outcomes and errors into bodies. It decides
//! nothing: rules are in `domain`, storage is in `table`. To add one, write a module that implements
//! [`Dialect`] and add its routes to `routes.rs`.

mod native;
mod oauth;
mod openid_apps;

use domain::{App, AppId, CreateApp, Secret};
use table::AppFilter;

use crate::{ApiError, Call, Response};

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

/// One dialect. The methods without a body are needed of all; the others are for the operations that
/// have a route in the dialect.
pub trait Dialect: Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// An error in its words.
    fn error(&self, error: &ApiError, request_id: &str) -> Response;

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

/// A version as a strong ETag (RFC 9110 §8.8.3).
pub(crate) fn etag(version: domain::Version) -> String {
    format!("\"{version}\"")
}
