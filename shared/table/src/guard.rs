//! The shapes of small items: what keeps names unique, tenants, work to do.

use domain::{AppId, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::Record;

/// A code name in use.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CodeNameGuard {
    pub(crate) app_id: AppId,
    /// A tombstone: the name of a deleted app is never given again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) deleted_at: Option<Timestamp>,
}

impl Record for CodeNameGuard {
    const KIND: &'static str = "code_name";
}

/// A name that is kept unique.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct NameGuard {
    pub(crate) app_id: AppId,
}

impl Record for NameGuard {
    const KIND: &'static str = "name";
}

/// An audience that a resource server claims: leads to its app, which says what it offers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AudienceGuard {
    pub(crate) app_id: AppId,
}

impl Record for AudienceGuard {
    const KIND: &'static str = "audience";
}

/// The subdomain of an app's admin portal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SubdomainGuard {
    pub(crate) app_id: AppId,
}

impl Record for SubdomainGuard {
    const KIND: &'static str = "subdomain";
}

/// A chosen client id: leads to its app, and outlives it, so that the id is never given again.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ClientIdPointer {
    pub(crate) app_id: AppId,
}

impl Record for ClientIdPointer {
    const KIND: &'static str = "client_id";
}

/// A tenant and its management application.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TenantRecord {
    pub(crate) tenant_id: TenantId,
    pub(crate) management_app_id: AppId,
    pub(crate) created_at: Timestamp,
}

impl Record for TenantRecord {
    const KIND: &'static str = "tenant";
}

/// A deleted app whose clients are still to be swept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepRecord {
    pub(crate) deleted_at: Timestamp,
}

impl Record for SweepRecord {
    const KIND: &'static str = "sweep";
}
