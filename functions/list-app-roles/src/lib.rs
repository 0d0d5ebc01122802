//! Lists the roles that an app can be given: there is one, Me. No round trip.

use api::{ApiError, Call, Registry, Response};

/// Answers 200 with the roles that pass the filter, or the one in the path.
#[expect(clippy::unused_async, reason = "every handler is")]
pub async fn handle(_registry: Registry, call: Call) -> Result<Response, ApiError> {
    call.dialect().app_roles(&call)
}
