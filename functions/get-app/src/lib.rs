//! Reads an app with its default client, by id (one round trip) or code name (two).

use api::{ApiError, Call, Registry, Response, app_ref::find_app};

/// Answers 200 with the app, 404 for one that the caller may not see.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let app = find_app(
        &registry,
        call.caller()?,
        call.request.path_parameter("app"),
    )
    .await?;
    call.dialect().app(&call, &app)
}
