//! What verifiers and clients learn by themselves: metadata (RFC 8414, OpenID Discovery) and keys.

use api::{ApiError, Call, Registry, Response, registry::issuer_of};
use domain::{TenantId, scopes};
use serde_json::json;

/// Answers 200 with the key set or the metadata of the tenant in the path.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    if call.request.route.path == "/oauth2/jwks" {
        let keys = registry.keys.jwks(registry.now()).await?;
        // A new key is published long before it signs, so a cached set is never too old.
        return Ok(Response::json(200, &keys).with("cache-control", "public, max-age=300"));
    }
    let tenant = match call.request.path_parameter("tenant") {
        "" => TenantId::first(),
        id => TenantId::parse(id).map_err(|_| ApiError::NotFound("tenant"))?,
    };
    let base = registry.base(&call.request);
    let metadata = json!({
        "issuer": issuer_of(&base, &tenant),
        "token_endpoint": format!("{base}/oauth2/token"),
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "scopes_supported": scopes::MANAGEMENT,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    });
    Ok(Response::json(200, &metadata).with("cache-control", "public, max-age=300"))
}

#[cfg(test)]
mod tests;
