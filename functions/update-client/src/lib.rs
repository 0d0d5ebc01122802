//! Changes a client, an app's default one or another: `PUT` by member, `PATCH` by merge patch.
//!
//! One read, one write under the version that was read.

use api::{ApiError, Call, Registry, Response, change::change_client};

/// Answers 200 with the client as it is now, and its secret if it got one by this.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let dialect = call.dialect();
    let changed = change_client(&registry, &call, |now| dialect.update_client(&call, now)).await?;
    dialect.client_changed(&call, &changed.now, changed.secret.as_ref())
}

#[cfg(test)]
mod tests;
