//! Roster's one DynamoDB table. The only crate that names the SDK.
//!
//! `docs/DATA.md` has the access patterns, each with its round trips and capacity.

mod apps;
mod audiences;
pub mod budgets;
mod bytes;
mod changes;
mod client_writes;
mod clients;
pub mod connect;
mod deletes;
mod error;
mod expression;
mod guard;
mod https;
mod idempotency;
mod item;
pub mod keys;
mod listing;
mod read;
mod record;
pub mod schema;
mod sdk;
mod secret_record;
mod secrets;
mod signing_keys;
mod stand_in;
mod status;
mod tenants;
mod tokens;
mod transact;
mod update;

pub use audiences::MAX_AUDIENCES;
pub use changes::SecretsChange;
pub use clients::{ClientPage, Credentials, Principal};
pub use deletes::PendingSweep;
pub use error::{ChangeError, CreateAppError, TableError, Unique};
pub use idempotency::{IdempotencyRecord, IdempotencyScope, KeptAnswer, Made};
pub use listing::{AppFilter, AppPage, PageRequest};
pub use sdk::Sdk;
pub use secrets::Secrets;
pub use signing_keys::{RootSignature, SigningKeys, StoredHalf, StoredKey};
pub use status::{StatusChange, StatusOutcome};
pub use tenants::{CreateTenantError, Tenant};

/// The table, and how to reach it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Table {
    sdk: Sdk,
    name: String,
}

impl Table {
    /// The table `name` behind `sdk`.
    pub fn new(sdk: Sdk, name: impl Into<String>) -> Self {
        Self {
            sdk,
            name: name.into(),
        }
    }

    /// Creates the table and its index, as `template.yaml` does on AWS; an existing one is left as it is.
    pub async fn create_if_absent(&self) -> Result<(), TableError> {
        schema::create(&self.sdk, &self.name).await
    }

    /// One cheap read, so that the connection stands before the first request.
    pub async fn warm_up(&self) -> Result<(), TableError> {
        self.signing_keys().await.map(drop)
    }
}
