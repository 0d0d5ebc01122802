//! Tells SCIM clients what is served here and in which shape. No round trip.

use api::{ApiError, Call, Registry, Response};

/// Answers 200 with the document in the path.
#[expect(clippy::unused_async, reason = "every handler is")]
pub async fn handle(_registry: Registry, call: Call) -> Result<Response, ApiError> {
    call.dialect().provider(&call)
}
