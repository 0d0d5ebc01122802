//! What anybody may know: metadata (RFC 8414, OpenID Discovery) and keys, what this is, whether it runs; and what to
//! say of a request that has no route.

mod front;

use api::{
    ApiError, Call, Registry, Response,
    jwk::Algorithm,
    nowhere::{Heads, Nowhere},
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

/// Answers 200 with what the path names. Reads no item but the keys, and those from memory: it must go on while the
/// table is out of reach.
pub async fn handle(registry: Registry, mut call: Call) -> Result<Response, ApiError> {
    if let Some(stray) = Nowhere::of(&call.request) {
        let Some((route, path)) = stray.as_get() else {
            return Ok(stray.answer(Heads::Public));
        };
        // The gateway sends no body to HEAD, whatever the answer has.
        call.request.route = route;
        call.request.path = path;
    }
    let body = match call.request.route.path {
        "/" => return Ok(front::page(&call)),
        "/health" => return Ok(front::health()),
        "/version" => return Ok(front::version()),
        "/oauth2/jwks" => registry.keys.jwks(registry.now()).await?,
        _ => metadata(&call.base, &tenant(call.request.path_parameter("tenant"))?),
    };
    Ok(Response::json(200, &body).with("cache-control", CACHED))
}

/// The tenant in the path. Whether it exists would take a read; its name says nothing of that.
fn tenant(named: &str) -> Result<TenantId, ApiError> {
    if named.is_empty() {
        return Ok(TenantId::first());
    }
    let tenant = TenantId::parse(named).map_err(|_| NO_TENANT)?;
    // Whoever asks for the metadata of an issuer must get that issuer's (RFC 8414 §3.3), and none is called so.
    if tenant.is_first() {
        return Err(FIRST_TENANT);
    }
    Ok(tenant)
}

/// ADR 17.
const FIRST_TENANT: ApiError = ApiError::NotFound(
    "issuer: the first tenant's has no path, and its metadata are at /.well-known/openid-configuration and /.well-known/oauth-authorization-server",
);
const NO_TENANT: ApiError =
    ApiError::NotFound("tenant: a tenant id is 1 to 32 lower-case letters and digits");

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
        "grant_types_supported": GrantType::SERVED.map(GrantType::as_str),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

#[cfg(test)]
mod tests;
