//! Client authentication at the OAuth endpoints (RFC 6749 §2.3): the registered method only.

use data_encoding::BASE64;
use domain::{Client, ClientId, Day, Secret, SecretDigest, StoredSecret, TokenEndpointAuthMethod};
use percent_encoding::percent_decode_str;
use table::Principal;

use crate::{ApiError, Registry, Request, form::Form};

/// What a client showed.
struct Shown {
    client_id: String,
    secret: Option<String>,
    method: TokenEndpointAuthMethod,
}

/// The client that sent `form`, proven by its registered method.
pub async fn authenticate_client(
    registry: &Registry,
    request: &Request,
    form: &Form,
) -> Result<Principal, ApiError> {
    let shown = shown(request, form)?;
    // A malformed id or secret can't be right; it is refused without a read.
    let id = ClientId::parse(&shown.client_id).map_err(|_| invalid_client())?;
    let text = shown.secret.as_deref().ok_or_else(invalid_client)?;
    let secret = Secret::parse(text).map_err(|_| invalid_client())?;

    let pepper = registry.master()?.pepper();
    let found = registry.table.credentials(&id).await?;
    let now = registry.now();
    let (principal, stored) = match found {
        Some(found) => {
            let stored = found.secrets.into_iter().find(|s| s.id == secret.id());
            (Some(found.principal), stored)
        }
        None => (None, None),
    };
    // An unknown client or secret id costs the same comparison as a wrong secret.
    let digest = stored
        .as_ref()
        .map_or_else(SecretDigest::none, |s| s.digest.clone());
    let fits = pepper.verify(&secret, &id, &digest);
    let (Some(principal), Some(stored), true) = (principal, stored, fits) else {
        return Err(invalid_client());
    };
    if !stored.is_live(now) {
        // Somebody still holds a secret that was taken out of use, or was never told.
        tracing::warn!(client_id = %id, secret_id = %stored.id, "a retired secret was tried");
        return Err(invalid_client());
    }
    let method = principal.client.settings.token_endpoint_auth_method;
    if method != shown.method || !principal.is_active() {
        return Err(invalid_client());
    }
    note_use(registry, &principal.client, &stored, now.day()).await;
    Ok(principal)
}

/// Notes the day of use, once a day and secret.
async fn note_use(registry: &Registry, client: &Client, secret: &StoredSecret, today: Day) {
    if secret.last_used_on.is_some_and(|day| day >= today) {
        return;
    }
    let (table, client, id) = (registry.table.clone(), client.clone(), secret.id.clone());
    let noting = async move {
        if let Err(e) = table.note_use(&client, &id, today).await {
            tracing::warn!(error = %e, "the day of a secret's use was not noted");
        }
    };
    registry.aside(noting).await;
}

fn shown(request: &Request, form: &Form) -> Result<Shown, ApiError> {
    let both = || {
        ApiError::oauth(
            "invalid_request",
            "Authenticate in one way: the Authorization header or the body, not both.",
        )
    };
    if form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some() {
        return Err(invalid_client());
    }
    let Some(header) = request.header("authorization") else {
        return Ok(Shown {
            client_id: form.get("client_id").ok_or_else(invalid_client)?.into(),
            secret: form.get("client_secret").map(Into::into),
            method: TokenEndpointAuthMethod::ClientSecretPost,
        });
    };
    let (client_id, secret) = basic(header).ok_or_else(invalid_client)?;
    // RFC 6749 §2.3: at most one method a request. A client_id in the body may only repeat the header's.
    if form.get("client_secret").is_some()
        || form.get("client_id").is_some_and(|id| id != client_id)
    {
        return Err(both());
    }
    Ok(Shown {
        client_id,
        secret: Some(secret),
        method: TokenEndpointAuthMethod::ClientSecretBasic,
    })
}

/// `Basic base64(urlencode(id) ":" urlencode(secret))` (RFC 6749 §2.3.1).
fn basic(header: &str) -> Option<(String, String)> {
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        Some(percent_decode_str(&spaced).decode_utf8().ok()?.into_owned())
    };
    Some((decode(id)?, decode(secret)?))
}

/// RFC 6749 §5.2 `invalid_client`; the same words whatever was wrong.
fn invalid_client() -> ApiError {
    ApiError::oauth(
        "invalid_client",
        "Client authentication failed: unknown or deactivated client, wrong secret, or another method than the registered one.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_decodes_form_encoding_inside() {
        let header = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        assert_eq!(basic(&header("id:secret")), pair("id", "secret"));
        assert_eq!(basic(&header("i%64:se%3Acret")), pair("id", "se:cret"));
        assert_eq!(basic(&header("id:a:b")), pair("id", "a:b"));
        assert_eq!(basic(&header("id:a+b")), pair("id", "a b"));
        assert_eq!(basic(&header("id")), None);
        assert_eq!(basic("Basic !!!"), None);
        assert_eq!(basic("Bearer abc"), None);
        assert_eq!(basic(&header("id:%ff")), None);
    }
}
