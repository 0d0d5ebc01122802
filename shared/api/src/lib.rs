//! Roster's edge: from a request to a handler and back.
//!
//! A request goes through [`dispatch`]: its route says which dialect it speaks and who may send it;
//! the handler sees a checked caller and returns a [`Response`] or an [`ApiError`], which the
//! dialect puts into its own words.

pub mod access_token;
pub mod assertion;
pub mod call;
pub mod caller;
pub mod change;
pub mod claims;
pub mod cursor;
pub mod dialect;
pub mod dispatch;
pub mod error;
pub mod event;
pub mod fields;
pub mod find;
pub mod form;
pub mod idempotency;
pub mod json;
pub mod jwk;
pub mod jws;
mod kept;
pub mod keyring;
mod keys;
pub mod lambda;
pub mod master_secret;
pub mod nowhere;
pub mod oauth;
pub mod operations;
pub mod precondition;
pub mod registry;
pub mod request;
pub mod response;
pub mod rotation;
pub mod routes;
pub mod settings;
pub mod system;
mod trust;
pub mod walk;

pub use call::Call;
pub use caller::Caller;
pub use dispatch::{Handler, dispatch};
pub use error::{ApiError, both};
pub use registry::Registry;
pub use request::Request;
pub use response::Response;
pub use routes::Route;
pub use settings::Settings;
