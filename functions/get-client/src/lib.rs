//! Reads a client; one round trip.

use api::{ApiError, Call, Registry, Response, find, precondition};

/// Answers 200 with the client, 304 when the caller has this version, 404 when it may not see it.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let found = find::client(&registry, &call).await?;
    let version = found.client.version;
    if precondition::is_known(&call, version) {
        return Ok(Response::empty(304).with("etag", precondition::etag(version)));
    }
    call.dialect().client(&call, &found)
}

#[cfg(test)]
mod tests;
