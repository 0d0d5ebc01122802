//! Rotates the signing keys. Scheduled, more often than keys change; does nothing while it is not time.
//!
//! Round trips: two to look, one transaction to make a key, one to remove one, one to read them again.

use api::{ApiError, Registry, keyring::Rotated};
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
        "rotated"
    );
    Ok(done)
}
