//! What verifiers and clients learn by themselves: metadata (RFC 8414, OpenID Discovery) and keys.

use api::{
    ApiError, Call, Registry, Response,
    jwk::Algorithm,
    registry::{issuer_of, token_endpoint},
};
use domain::{GrantType, TenantId, TokenEndpointAuthMethod, scopes};
use serde_json::{Value, json};

/// How long others may keep an answer. A key is published for longer than this before it signs.
const CACHED: &str = "public, max-age=300";
/// How clients may authenticate, at the token endpoint, introspection and revocation alike.
const AUTH_METHODS: [TokenEndpointAuthMethod; 3] = [
    TokenEndpointAuthMethod::ClientSecretBasic,
    TokenEndpointAuthMethod::ClientSecretPost,
    TokenEndpointAuthMethod::PrivateKeyJwt,
];

/// Answers 200 with the key set or the metadata of the tenant in the path. Reads no item but the keys,
/// and those from memory: it must go on while the table is out of reach.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let body = if call.request.route.path == "/oauth2/jwks" {
        registry.keys.jwks(registry.now()).await?
    } else {
        let tenant = tenant(call.request.path_parameter("tenant"))?;
        metadata(&registry.base(&call.request), &tenant)
    };
    Ok(Response::json(200, &body).with("cache-control", CACHED))
}

/// The tenant in the path. Whether it exists would take a read; its name says nothing of that.
fn tenant(named: &str) -> Result<TenantId, ApiError> {
    if named.is_empty() {
        return Ok(TenantId::first());
    }
    // The first tenant's issuer has no path, so no metadata of it is below one (RFC 8414 §3.3).
    let tenant = TenantId::parse(named).ok().filter(|t| !t.is_first());
    tenant.ok_or(ApiError::NotFound("tenant"))
}

/// RFC 8414 §2 and OpenID Discovery §3, as far as there are endpoints.
fn metadata(base: &str, tenant: &TenantId) -> Value {
    let methods = AUTH_METHODS.map(TokenEndpointAuthMethod::as_str);
    json!({
        "issuer": issuer_of(base, tenant),
        "token_endpoint": token_endpoint(base),
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": Algorithm::NAMES,
        "introspection_endpoint": format!("{base}/oauth2/introspect"),
        "introspection_endpoint_auth_methods_supported": methods,
        "introspection_endpoint_auth_signing_alg_values_supported": Algorithm::NAMES,
        "revocation_endpoint": format!("{base}/oauth2/revoke"),
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": Algorithm::NAMES,
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "scopes_supported": scopes::MANAGEMENT,
        "response_types_supported": [],
        "grant_types_supported": [GrantType::ClientCredentials.as_str()],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

#[cfg(test)]
mod tests;
