//! The token endpoint (RFC 6749 §3.2): client credentials to an access token (RFC 9068).
//!
//! One round trip: the client with its app, strongly consistent, so that a kill switch holds at once.

use api::{
    ApiError, Call, Registry, Response,
    claims::{Audience, Claims, MAX_LIFETIME, TYP},
    form::Form,
    oauth::authenticate_client,
    registry::issuer_of,
};
use data_encoding::BASE64URL_NOPAD;
use domain::{Client, GrantType, Scope};
use serde_json::json;

/// Answers 200 with a token, or an error of RFC 6749 §5.2.
pub async fn handle(registry: Registry, call: Call) -> Result<Response, ApiError> {
    let form = Form::read(&call.request)?;
    let asked = form.required("grant_type")?;
    let principal = authenticate_client(&registry, &call.request, &form).await?;
    let client = &principal.client;
    check_grant(asked, client)?;
    let scope = granted_scope(form.get("scope"), &principal.app.scopes_of(client))?;
    let base = registry.base(&call.request);
    let issuer = issuer_of(&base, &principal.app.tenant_id);
    let audience = audience(form.resources(), client, &issuer)?;

    let now = registry.now();
    let claims = Claims {
        iss: issuer,
        sub: client.client_id.clone(),
        client_id: client.client_id.clone(),
        aud: audience,
        exp: now.plus(MAX_LIFETIME),
        iat: now,
        jti: BASE64URL_NOPAD.encode(&registry.random::<16>()?),
        scope: scope.clone(),
    };
    let token = registry.keys.sign(TYP, &claims, now).await?;
    let body = json!({
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": MAX_LIFETIME,
        "scope": scope,
    });
    Ok(Response::json(200, &body)
        .with("cache-control", "no-store")
        .with("pragma", "no-cache"))
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
    for name in asked.split(' ') {
        if !may_have.iter().any(|scope| scope.as_str() == name) {
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
