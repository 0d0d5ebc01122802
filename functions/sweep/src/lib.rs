//! Removes what deleted apps have left. Scheduled; stops when its time is up and goes on the next time.

use std::time::Instant;

use api::{ApiError, Registry};
use serde::{Deserialize, Serialize};
use table::budgets;

/// So many apps one run sweeps at most.
const APPS: usize = 100;

/// The scheduler's event, of which nothing is read.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub struct Scheduled {}

/// What a run has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Deleted apps of which nothing is left.
    pub finished: u32,
    /// Deleted apps that wait for the next run.
    pub unfinished: u32,
}

/// Sweeps the apps in the work list.
pub async fn handle(registry: Registry, _event: Scheduled) -> Result<Swept, ApiError> {
    let (started, now) = (Instant::now(), registry.now());
    let mut swept = Swept::default();
    for pending in registry.table.pending_sweeps(APPS).await? {
        let left = budgets::SCHEDULED.saturating_sub(started.elapsed());
        let done = if left.is_zero() {
            false
        } else {
            match registry.table.sweep_app(&pending.app_id, now, left).await {
                Ok(done) => done,
                Err(e) => {
                    tracing::error!(app_id = %pending.app_id, error = %e, "an app could not be swept");
                    false
                }
            }
        };
        if done {
            swept.finished += 1;
        } else {
            swept.unfinished += 1;
        }
    }
    tracing::info!(
        finished = swept.finished,
        unfinished = swept.unfinished,
        "swept"
    );
    Ok(swept)
}

#[cfg(test)]
mod tests;
