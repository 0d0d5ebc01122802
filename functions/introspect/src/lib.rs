//! Token introspection (RFC 7662): what a token says, for those who may know, while it is live.
//!
//! Round trips: one for the caller's client (see `api::oauth::authenticate`), and for a token that the
//! caller may ask about one more: its client, its app and its revocation together.

use api::{
    ApiError, Call, Registry, Response,
    access_token::{self, Verified},
    form::Form,
    oauth::authenticate_client,
};
use domain::{AllowedOperation, Scope};
use serde_json::{Value, json};
use table::Principal;

/// Answers 200 with the token's claims, or with `{"active": false}` and nothing else.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let form = Form::read(&call.request)?;
    let token = form.required("token")?;
    let asker = authenticate_client(&registry, &call.request, &form).await?;
    let verified = access_token::verify(&registry, &call.request, token).await?;
    let about = match verified.ok().filter(|token| may_introspect(&asker, token)) {
        Some(token) => live(&registry, &token).await?,
        None => None,
    };
    let body = about.unwrap_or_else(|| json!({"active": false}));
    Ok(Response::json(200, &body).with("cache-control", "no-store"))
}

/// Whether `asker` may know about `token`: its own, and within its tenant any for the management
/// client and for clients to whom it is allowed.
fn may_introspect(asker: &Principal, token: &Verified) -> bool {
    let operations = &asker.client.settings.allowed_operations;
    asker.app.tenant_id == token.tenant_id
        && (asker.app.management
            || asker.client.client_id == token.claims.client_id
            || operations.contains(&AllowedOperation::Introspect))
}

/// What a token says, unless it is revoked or its client or app is off or gone: as of now.
async fn live(registry: &Registry, token: &Verified) -> Result<Option<Value>, ApiError> {
    let claims = &token.claims;
    let (jti, secret) = (claims.jti_digest(), claims.secret_id());
    let found = registry
        .table
        .token_principal(&claims.client_id, &jti, secret.as_ref())
        .await?;
    let holds = |p: &Principal| p.is_active() && p.app.tenant_id == token.tenant_id;
    let Some(principal) = found.filter(holds) else {
        return Ok(None);
    };
    // What the client lost since the token was issued is lost at once.
    let held = principal.app.scopes_of(&principal.client);
    let scopes = claims.scopes();
    let scopes: Vec<_> = scopes
        .iter()
        .filter(|s| held.contains(s))
        .map(Scope::as_str)
        .collect();
    Ok(Some(json!({
        "active": true,
        "scope": scopes.join(" "),
        "client_id": claims.client_id,
        "token_type": "Bearer",
        "exp": claims.exp,
        "iat": claims.iat,
        "sub": claims.sub,
        "aud": claims.aud,
        "iss": claims.iss,
        "jti": claims.jti,
    })))
}
