//! The OAuth endpoints' words (RFC 6749 §5.2).

use serde_json::json;

use super::{TokenIssued, TokenRequest, Words};
use crate::{ApiError, Call, Response, form::Form, oauth::Presented};

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

    fn token_request(&self, call: &Call) -> Result<TokenRequest, ApiError> {
        let form = Form::read(&call.request)?;
        let grant_type = form.required("grant_type")?.to_owned();
        Ok(TokenRequest {
            presented: Presented::of(&call.request, &form)?,
            grant_type,
            scope: form.get("scope").map(Into::into),
            resources: form.resources().to_vec(),
        })
    }

    fn token_issued(&self, issued: &TokenIssued) -> Result<Response, ApiError> {
        let body = json!({
            "access_token": issued.access_token,
            "token_type": "Bearer",
            "expires_in": issued.expires_in,
            "scope": issued.scope,
        });
        // RFC 6749 §5.1.
        Ok(Response::json(200, &body)
            .with("cache-control", "no-store")
            .with("pragma", "no-cache"))
    }
}
