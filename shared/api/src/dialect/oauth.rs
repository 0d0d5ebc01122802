//! The OAuth endpoints' words (RFC 6749 §5.2).

use serde_json::json;

use crate::{ApiError, Response, dialect::Words};

pub(super) struct OAuth;

impl Words for OAuth {
    fn error(&self, error: &ApiError, _request_id: &str) -> Response {
        let code = match error {
            ApiError::OAuth(e) => e.error,
            ApiError::Unavailable(_) => "temporarily_unavailable",
            ApiError::Internal(_) => "server_error",
            _ => "invalid_request",
        };
        Response::json(
            error.status(),
            &json!({"error": code, "error_description": error.detail()}),
        )
        .with("cache-control", "no-store")
    }
}
