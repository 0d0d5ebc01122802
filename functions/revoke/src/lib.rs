//! Token revocation (RFC 7009): a client ends its own token, the management client any of its tenant.
//!
//! Round trips: one for the caller's client (see `api::oauth::authenticate`), one to revoke. Introspection
//! hears of it at once, management routes 30 s later at most.

use api::{
    ApiError, Call, Registry, Response,
    access_token::{self, Verified},
    form::Form,
    oauth::authenticate_client,
};
use domain::key_rotation::SKEW;
use serde_json::json;
use table::Principal;

/// Answers 200, also for a token that is unknown, over or another's (RFC 7009 §2.2).
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let form = Form::read(&call.request)?;
    let token = form.required("token")?;
    let asker = authenticate_client(&registry, &call.request, &form).await?;
    let verified = access_token::verify(&registry, &call.request, token).await?;
    if let Some(token) = verified.ok().filter(|token| may_revoke(&asker, token)) {
        let claims = &token.claims;
        // Clocks differ: where the token may still be taken, its end must still be known.
        let until = claims.exp.plus(SKEW);
        registry
            .table
            .revoke_token(&claims.client_id, &claims.jti_digest(), until)
            .await?;
    }
    // Clients ignore the body (RFC 7009 §2.2); those that parse every answer can.
    Ok(Response::json(200, &json!({})).with("cache-control", "no-store"))
}

fn may_revoke(asker: &Principal, token: &Verified) -> bool {
    asker.app.tenant_id == token.tenant_id
        && (asker.app.management || asker.client.client_id == token.claims.client_id)
}
