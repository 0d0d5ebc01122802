//! The token endpoint (RFC 6749 §3.2): client credentials to an access token (RFC 9068).
//!
//! One round trip: the client with its app, strongly consistent, so that a kill switch holds at once.
//! `api::oauth::authenticate` says when it is one more. A token for others than the issuer takes one more
//! for the audiences, and one for the registered resource servers among them.

mod audience;

use api::{
    ApiError, Call, Registry, Response, access_token,
    claims::{Claims, new_jti},
    dialect::{TokenIssued, TokenRequest},
    oauth::{Proven, authenticate},
    registry::issuer_of,
};
use domain::{Client, GrantType, Scope, client::MAX_GRANTED};

/// Answers 200 with a token, or an error of RFC 6749 §5.2.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let asked = call.dialect().token_request(&call)?;
    let proven = authenticate(&registry, &call.request, &asked.presented).await?;
    let issued = issue(&registry, &call, &asked, &proven).await?;
    call.dialect().token_issued(&issued)
}

/// The one gate of every grant and every route.
async fn issue(
    registry: &Registry,
    call: &Call,
    asked: &TokenRequest,
    proven: &Proven,
) -> Result<TokenIssued, ApiError> {
    let principal = &proven.principal;
    let client = &principal.client;
    check_grant(&asked.grant_type, client)?;
    let issuer = issuer_of(&registry.base(&call.request), &principal.app.tenant_id);
    let audience = audience::asked(&asked.resources, client, &issuer)?;
    let held = principal.app.scopes_of(client);
    let may_carry = audience::may_carry(registry, principal, &held, &audience, &issuer).await?;
    let scope = granted_scope(asked.scope.as_deref(), &held, &may_carry)?;
    let now = registry.now();
    let expires_in = client.settings.access_token_lifetime();
    let claims = Claims {
        iss: issuer,
        sub: client.client_id.clone(),
        client_id: client.client_id.clone(),
        aud: audience,
        exp: now.plus(expires_in),
        iat: now,
        jti: new_jti(proven.secret_id.as_ref(), registry.random()?),
        scope: scope.clone(),
    };
    let format = client.settings.access_token_format;
    Ok(TokenIssued {
        access_token: access_token::issue(registry, format, &claims).await?,
        expires_in,
        scope,
        issued_at: now,
    })
}

fn check_grant(asked: &str, client: &Client) -> Result<(), ApiError> {
    let served = GrantType::SERVED.into_iter();
    let Some(grant) = served.clone().find(|grant| grant.as_str() == asked) else {
        let names: Vec<_> = served.map(GrantType::as_str).collect();
        return Err(ApiError::oauth(
            "unsupported_grant_type",
            format!("This server serves the grant type {}.", names.join(", ")),
        ));
    };
    if !client.settings.grant_types.contains(&grant) {
        return Err(ApiError::oauth(
            "unauthorized_client",
            format!("This client is not registered for the grant type {asked}."),
        ));
    }
    Ok(())
}

/// What was asked, if the token may carry all of it; everything it may when nothing was asked.
/// RFC 6749 §3.3: one space between scopes, so a second one stands before a scope without a name.
fn granted_scope(
    asked: Option<&str>,
    held: &[Scope],
    may_carry: &[Scope],
) -> Result<String, ApiError> {
    let Some(asked) = asked else {
        let all: Vec<_> = may_carry.iter().map(Scope::as_str).collect();
        return Ok(all.join(" "));
    };
    let among = |scopes: &[Scope], name: &str| scopes.iter().any(|scope| scope.as_str() == name);
    let mut granted: Vec<&str> = Vec::new();
    for (at, name) in asked.split(' ').enumerate() {
        // No client has more; what is repeated beyond that is not looked for.
        if at > MAX_GRANTED || !among(may_carry, name) {
            let why = if at <= MAX_GRANTED && among(held, name) {
                "A requested scope is not for this audience: a token for resources carries what they offer and no scope of this server's own API; ask for that without resource."
            } else {
                "A requested scope is unknown or not among the client's scopes."
            };
            return Err(ApiError::oauth("invalid_scope", why));
        }
        if !granted.contains(&name) {
            granted.push(name);
        }
    }
    Ok(granted.join(" "))
}

#[cfg(test)]
mod tests;
