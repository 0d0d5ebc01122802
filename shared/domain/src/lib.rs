//! Roster's rules, free of I/O: what an app, a client, a secret and a token may be.
//!
//! Every value that comes from outside is a newtype whose `parse` is the only way in, so code that
//! holds one need not check it again. Entities change by methods that return the whole new state.

mod newtype;

pub mod app;
pub mod auth_method;
pub mod client;
pub mod code_name;
mod default_rights;
pub mod ended_secrets;
pub mod grant;
pub mod ids;
pub mod invalid;
pub mod jwks;
pub mod key_root;
pub mod key_rotation;
pub mod master;
pub mod ports;
mod public_key;
pub mod resource_server;
pub mod rights;
pub mod scopes;
pub mod secret;
pub mod stored_secret;
pub mod text;
pub mod time;
mod unseen;
pub mod uri;
pub mod violation;

pub use app::{
    App, AppProfile, AuthenticatorPreferences, CodeNameChoice, CreateApp, RoleGrant, Status, Tag,
};
pub use auth_method::TokenEndpointAuthMethod;
pub use client::{
    AccessTokenFormat, AllowedOperation, CibaAuthorization, Client, ClientSettings, ClientType,
    DeviceAuthorization,
};
pub use code_name::CodeName;
pub use default_rights::DefaultRights;
pub use ended_secrets::EndedSecrets;
pub use grant::{GrantType, ResponseType};
pub use ids::{AppId, ClientId, SecretId, TenantId};
pub use invalid::Invalid;
pub use jwks::Jwks;
pub use key_root::{PublicHalf, PublicRoot, Root};
pub use master::{Master, MasterVersion};
pub use ports::{Clock, Entropy, EntropyError};
pub use resource_server::{OfferedScope, ResourceServer};
pub use rights::{Held, Lacking, RightsNeeded};
pub use secret::{Pepper, Secret, SecretDigest};
pub use stored_secret::StoredSecret;
pub use text::{
    Description, IdempotencyKey, Name, ResourceId, Scope, ServiceProviderId, Subdomain, Version,
};
pub use time::{Day, Timestamp};
pub use uri::{LogoutUri, RedirectUri, UriPolicy, WebUri};
pub use violation::{Place, Violation, Violations};
