//! The token endpoint (RFC 6749 §3.2): client credentials to an access token (RFC 9068).
//!
//! One round trip: the client with its app, strongly consistent, so that a kill switch holds at once.
//! `api::oauth::authenticate` says when it is one more.

use api::{
    ApiError, Call, Registry, Response, access_token,
    claims::{Audience, Claims, MAX_LIFETIME},
    dialect::{TokenIssued, TokenRequest},
    oauth::authenticate,
    registry::issuer_of,
};
use data_encoding::BASE64URL_NOPAD;
use domain::{Client, GrantType, Scope, client::MAX_GRANTED};
use table::Principal;

/// Answers 200 with a token, or an error of RFC 6749 §5.2.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let asked = call.dialect().token_request(&call)?;
    let principal = authenticate(&registry, &call.request, &asked.presented).await?;
    let issued = issue(&registry, &call, &asked, &principal).await?;
    call.dialect().token_issued(&issued)
}

/// The one gate of every grant and every route.
async fn issue(
    registry: &Registry,
    call: &Call,
    asked: &TokenRequest,
    principal: &Principal,
) -> Result<TokenIssued, ApiError> {
    let client = &principal.client;
    check_grant(&asked.grant_type, client)?;
    let may_have = principal.app.scopes_of(client);
    let scope = granted_scope(asked.scope.as_deref(), &may_have)?;
    let issuer = issuer_of(&registry.base(&call.request), &principal.app.tenant_id);
    let audience = audience(&asked.resources, client, &issuer)?;
    let now = registry.now();
    let expires_in = lifetime(client);
    let claims = Claims {
        iss: issuer,
        sub: client.client_id.clone(),
        client_id: client.client_id.clone(),
        aud: audience,
        exp: now.plus(expires_in),
        iat: now,
        jti: BASE64URL_NOPAD.encode(&registry.random::<16>()?),
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

fn lifetime(client: &Client) -> i64 {
    let asked = client.settings.access_token_expiry.map(i64::from);
    asked.map_or(MAX_LIFETIME, |seconds| seconds.clamp(1, MAX_LIFETIME))
}

fn check_grant(asked: &str, client: &Client) -> Result<(), ApiError> {
    if asked != GrantType::ClientCredentials.as_str() {
        return Err(ApiError::oauth(
            "unsupported_grant_type",
            "This server serves the grant type client_credentials.",
        ));
    }
    if !client
        .settings
        .grant_types
        .contains(&GrantType::ClientCredentials)
    {
        return Err(ApiError::oauth(
            "unauthorized_client",
            "This client is not registered for the grant type client_credentials.",
        ));
    }
    Ok(())
}

/// What was asked, if the client may have all of it; everything it may have when nothing was asked.
/// RFC 6749 §3.3: one space between scopes, so a second one stands before a scope without a name.
fn granted_scope(asked: Option<&str>, may_have: &[Scope]) -> Result<String, ApiError> {
    let Some(asked) = asked else {
        let all: Vec<_> = may_have.iter().map(Scope::as_str).collect();
        return Ok(all.join(" "));
    };
    let mut granted: Vec<&str> = Vec::new();
    for (at, name) in asked.split(' ').enumerate() {
        // No client has more; what is repeated beyond that is not looked for.
        if at > MAX_GRANTED || !may_have.iter().any(|scope| scope.as_str() == name) {
            return Err(ApiError::oauth(
                "invalid_scope",
                "A requested scope is unknown or not among the client's scopes.",
            ));
        }
        if !granted.contains(&name) {
            granted.push(name);
        }
    }
    Ok(granted.join(" "))
}

/// The resources asked for (RFC 8707 §2), else the issuer.
fn audience(asked: &[String], client: &Client, issuer: &str) -> Result<Audience, ApiError> {
    if asked.is_empty() {
        return Ok(Audience::One(issuer.to_owned()));
    }
    let mut names: Vec<String> = Vec::new();
    for resource in asked {
        let known = client.settings.resources.iter();
        if resource != issuer && !known.into_iter().any(|r| r.as_str() == resource) {
            return Err(ApiError::oauth(
                "invalid_target",
                "A requested resource is unknown or not among the client's resources.",
            ));
        }
        if !names.contains(resource) {
            names.push(resource.clone());
        }
    }
    Ok(Audience::new(names))
}

#[cfg(test)]
mod tests;
