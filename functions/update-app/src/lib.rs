//! Changes an app and its default client: `PUT` by member, `PATCH` by merge patch (RFC 7396).
//!
//! One read, one write under the version that was read.

use api::{ApiError, Call, Registry, Response, change::change_app};

/// Answers 200 with the app as it is now.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let dialect = call.dialect();
    let changed = change_app(&registry, &call, |app| dialect.update_app(&call, app)).await?;
    dialect.app_changed(&call, &changed.now, changed.secret.as_ref())
}

#[cfg(test)]
mod tests;
