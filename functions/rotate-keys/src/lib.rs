//! Rotates the signing keys, and brings them to the newest version of the master secret. Scheduled, more often
//! than keys change; does nothing while it is not time.
//!
//! Round trips: three to look, one transaction to make a key, two to remove one, one to read them again; after a
//! rotation of the master secret one more for each half.

use api::{ApiError, Registry, rotation::Rotated};
use serde::Deserialize;

/// The scheduler's event, of which nothing is read.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Scheduled {}

/// Makes and removes what is due, by `domain::key_rotation`.
pub async fn handle(registry: Registry, _event: Scheduled) -> Result<Rotated, ApiError> {
    let done = registry
        .keys
        .rotate(registry.now(), registry.entropy())
        .await?;
    tracing::info!(
        made = done.made,
        retired = ?done.retired,
        signing_key_age_days = done.signing_key_age_days,
        master_version = done.master_version,
        resealed = done.resealed,
        on_older_versions = done.on_older_versions,
        key_set_roots = done.key_set_roots,
        "rotated"
    );
    Ok(done)
}
