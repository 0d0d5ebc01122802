//! Reads an app with its default client, by id (one round trip) or code name (two).

use api::{ApiError, Call, Registry, Response, find, precondition};

/// Answers 200 with the app, 304 when the caller has this version, 404 when it may not see it.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app = find::app(&registry, &call).await?;
    if precondition::is_known(&call, app.version) {
        return Ok(Response::empty(304).with("etag", precondition::etag(app.version)));
    }
    call.dialect().app(&call, &app)
}

#[cfg(test)]
mod tests;
