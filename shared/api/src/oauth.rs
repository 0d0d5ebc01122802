//! Client authentication at the OAuth endpoints (RFC 6749 §2.3): the registered method only.

use std::{fmt, time::Instant};

use data_encoding::{BASE64, HEXLOWER};
use domain::{
    Client, ClientId, MasterVersion, Secret, SecretDigest, SecretId, StoredSecret,
    TokenEndpointAuthMethod, key_rotation::SKEW,
};
use percent_encoding::percent_decode_str;
use table::Principal;

use crate::{
    ApiError, Registry, Request,
    assertion::{self, Assertion},
    form::Form,
    registry::{issuer_of, token_endpoint},
};

/// What a client shows to prove itself.
pub enum Presented {
    /// A secret.
    Secret {
        /// Whose.
        client_id: String,
        /// Its text, if any was sent.
        secret: Option<String>,
        /// How it was sent; `None` where either way of sending a secret is taken.
        method: Option<TokenEndpointAuthMethod>,
    },
    /// An assertion that it signed (RFC 7523 §2.2).
    Assertion {
        /// The JWT.
        assertion: String,
        /// Who it says it is, beside the assertion.
        client_id: Option<String>,
    },
}

impl fmt::Debug for Presented {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented(..)")
    }
}

/// A client that has proven itself.
#[derive(Debug)]
pub struct Proven {
    /// Who it is.
    pub principal: Principal,
    /// The secret that proved it; none for an assertion.
    pub secret_id: Option<SecretId>,
}

/// The client that sent `form`, proven by its registered method. Round trips: [`authenticate`]'s.
pub async fn authenticate_client(
    registry: &Registry,
    request: &Request,
    form: &Form,
) -> Result<Principal, ApiError> {
    let proven = authenticate(registry, request, &Presented::of(request, form)?).await?;
    Ok(proven.principal)
}

/// The client that `presented` proves, strongly consistent.
///
/// Round trips: one (two for a chosen id), and one more for an assertion, whose `jti` is used up. What is
/// refused for who the client is or what it showed costs the same calls and the same work, whether the client
/// is unknown, deleted or off, or its secret or method another, and is answered in steps of time that are longer
/// than both; so time tells nothing of it.
pub async fn authenticate(
    registry: &Registry,
    request: &Request,
    presented: &Presented,
) -> Result<Proven, ApiError> {
    let asked = Instant::now();
    let proven = prove(registry, request, presented).await;
    if let Err(ApiError::OAuth(_)) = proven {
        registry.step_after(asked).await;
    }
    proven
}

async fn prove(
    registry: &Registry,
    request: &Request,
    presented: &Presented,
) -> Result<Proven, ApiError> {
    match presented {
        Presented::Secret {
            client_id,
            secret,
            method,
        } => by_secret(registry, client_id, secret.as_deref(), *method).await,
        Presented::Assertion {
            assertion,
            client_id,
        } => {
            let client_id = client_id.as_deref();
            let principal = by_assertion(registry, request, assertion, client_id).await?;
            Ok(Proven {
                principal,
                secret_id: None,
            })
        }
    }
}

async fn by_secret(
    registry: &Registry,
    client_id: &str,
    secret: Option<&str>,
    shown: Option<TokenEndpointAuthMethod>,
) -> Result<Proven, ApiError> {
    // A malformed id or secret can't be right; it is refused without a read.
    let secret = secret.ok_or_else(no_secret)?;
    let id = ClientId::parse(client_id).map_err(|_| invalid_client())?;
    let secret = Secret::parse(secret).map_err(|_| invalid_client())?;

    let found = registry.table.credentials(&id).await?;
    let now = registry.now();
    let (principal, stored) = match found {
        Some(found) => {
            let stored = found.secrets.into_iter().find(|s| s.id == secret.id());
            (Some(found.principal), stored)
        }
        None => (None, None),
    };
    let digest = stored.as_ref().map(|stored| &stored.digest);
    let fits = fits(registry, &id, &secret, digest).await?;
    let (Some(principal), Some(stored), true) = (principal, stored, fits) else {
        return Err(invalid_client());
    };
    if !stored.is_live(now) {
        // Somebody still holds a secret that was taken out of use, or was never told.
        tracing::warn!(client_id = %id, secret_id = %stored.id, "a retired secret was tried");
        return Err(invalid_client());
    }
    let method = principal.client.settings.token_endpoint_auth_method;
    let as_registered = shown.map_or(method.uses_secret(), |shown| shown == method);
    if !as_registered || !principal.is_active() {
        return Err(invalid_client());
    }
    note_use(registry, &principal.client, &stored, &secret).await;
    Ok(Proven {
        principal,
        secret_id: Some(stored.id),
    })
}

async fn by_assertion(
    registry: &Registry,
    request: &Request,
    text: &str,
    client_id: Option<&str>,
) -> Result<Principal, ApiError> {
    let refused = |why: &'static str| {
        tracing::info!(why, "a client assertion was refused");
        invalid_client()
    };
    let assertion = Assertion::parse(text, registry.now()).map_err(refused)?;
    let id = &assertion.client_id;
    if client_id.is_some_and(|said| said != id.as_str()) {
        return Err(refused("client_id is another"));
    }
    let found = registry.table.principal(id).await?;
    // The signature is checked before anything is refused, so that each client costs the same, known or not.
    let keys = found.as_ref().and_then(|found| {
        let settings = &found.client.settings;
        let method = settings.token_endpoint_auth_method;
        let signs = method == TokenEndpointAuthMethod::PrivateKeyJwt;
        settings.jwks.as_ref().filter(|_| signs)
    });
    let (has_keys, is_signed) = (keys.is_some(), assertion.is_signed_by(keys));
    let principal = found.ok_or_else(|| refused("unknown client"))?;
    if !has_keys {
        return Err(refused("the client is registered for another method"));
    }
    if !is_signed {
        return Err(refused("the key that it names does not fit"));
    }
    if !principal.is_active() {
        return Err(refused("the client or its app is deactivated"));
    }
    let base = registry.base(request);
    let issuer = issuer_of(&base, &principal.app.tenant_id);
    let audiences = [issuer.as_str(), &token_endpoint(&base)];
    assertion.is_for(&audiences).map_err(refused)?;
    // Only what is right in everything else is used up: nobody else can use up a client's ids.
    let call = HEXLOWER.encode(&registry.random::<16>()?);
    // Clocks differ: what another instance may still take must still be known.
    let until = assertion.expires_at.plus(SKEW);
    let jti = assertion.jti_digest();
    let first = registry.table.use_assertion(id, &jti, &call, until);
    if !first.await? {
        return Err(refused("its jti was used before"));
    }
    Ok(principal)
}

/// Whether `digest` is that of this client's secret. Where there is none, the same is computed and compared.
///
/// # Errors
///
/// *Unavailable* when the digest names a version of the master secret that is not known yet.
pub async fn fits(
    registry: &Registry,
    client: &ClientId,
    secret: &Secret,
    digest: Option<&SecretDigest>,
) -> Result<bool, ApiError> {
    let master = registry.master_secret()?;
    let newest = master.current().newest().number();
    let version = digest.map_or(newest, SecretDigest::pepper_version);
    let known = master.of_stored(version, registry.now()).await?;
    if known.is_none() {
        tracing::warn!(client_id = %client, secret_id = %secret.id(), version,
            "a secret was tried whose version of the master secret was taken away");
    }
    let pepper = known.and_then(|known| known.version(version).map(MasterVersion::pepper).ok());
    // A digest of a version that was taken away fits no other.
    let pepper = pepper.unwrap_or_else(|| master.current().pepper());
    let none = SecretDigest::none();
    Ok(pepper.verify(secret, client, digest.unwrap_or(&none)))
}

/// Notes the day of use, once a day and secret, and moves the digest to the pepper in use.
async fn note_use(registry: &Registry, client: &Client, stored: &StoredSecret, secret: &Secret) {
    let Ok(master) = registry.master() else {
        return;
    };
    let pepper = master.pepper();
    let today = registry.now().day();
    let day = stored.last_used_on.is_none_or(|day| day < today);
    let day = day.then_some(today);
    let older = stored.digest.pepper_version() < pepper.version();
    let digest = older.then(|| secret.digest(&pepper, &client.client_id));
    if day.is_none() && digest.is_none() {
        return;
    }
    let (table, client, stored) = (registry.table.clone(), client.clone(), stored.clone());
    let noting = async move {
        let noted = match (digest, day) {
            (Some(digest), day) => table.move_digest(&client, &stored, &digest, day).await,
            (None, Some(day)) => table.note_use(&client, &stored.id, day).await,
            (None, None) => Ok(()),
        };
        if let Err(e) = noted {
            tracing::warn!(error = %e, "the use of a secret was not noted");
        }
    };
    registry.aside(noting).await;
}

impl Presented {
    /// What the request shows: one method and no more (RFC 6749 §2.3).
    pub fn of(request: &Request, form: &Form) -> Result<Self, ApiError> {
        let header = request.header("authorization");
        let body = |name| form.get(name);
        let (kind, assertion) = (body("client_assertion_type"), body("client_assertion"));
        if kind.is_some() || assertion.is_some() {
            if header.is_some() || body("client_secret").is_some() {
                return Err(several());
            }
            let assertion = assertion.filter(|_| kind == Some(assertion::TYPE));
            return Ok(Self::Assertion {
                assertion: assertion.ok_or_else(half_an_assertion)?.to_owned(),
                client_id: body("client_id").map(Into::into),
            });
        }
        let Some(header) = header else {
            return Ok(Self::Secret {
                client_id: body("client_id").ok_or_else(no_credentials)?.into(),
                secret: body("client_secret").map(Into::into),
                method: Some(TokenEndpointAuthMethod::ClientSecretPost),
            });
        };
        let (client_id, secret) = basic(header).ok_or_else(|| not_basic(header))?;
        // A client_id in the body may only repeat the header's.
        if body("client_secret").is_some() || body("client_id").is_some_and(|id| id != client_id) {
            return Err(several());
        }
        Ok(Self::Secret {
            client_id,
            secret: Some(secret),
            method: Some(TokenEndpointAuthMethod::ClientSecretBasic),
        })
    }
}

/// How a client proves itself, for one that has not tried: it is told nothing of any client.
const HOW: &str = "send Authorization: Basic with base64 of client_id:client_secret, or client_id with client_secret in the body, or client_assertion with client_assertion_type in the body.";

fn no_credentials() -> ApiError {
    let why = format!("The request has no client credentials: {HOW}");
    ApiError::oauth("invalid_client", why)
}

fn no_secret() -> ApiError {
    let why = format!("The request names a client and proves nothing: {HOW}");
    ApiError::oauth("invalid_client", why)
}

fn half_an_assertion() -> ApiError {
    let why = format!(
        "An assertion is sent as client_assertion together with client_assertion_type={}.",
        assertion::TYPE
    );
    ApiError::oauth("invalid_client", why)
}

/// RFC 6749 §5.2: another scheme in the header is `invalid_client` too, but no secret was wrong.
fn not_basic(header: &str) -> ApiError {
    let why = if is_basic(header) {
        "The Authorization header has no client credentials that can be read: Basic, one space, and base64 of client_id:client_secret, both form-encoded before (RFC 6749 section 2.3.1).".into()
    } else {
        format!("This endpoint takes the client's own credentials and no access token: {HOW}")
    };
    ApiError::oauth("invalid_client", why)
}

fn several() -> ApiError {
    ApiError::oauth(
        "invalid_request",
        "Authenticate in one way: the Authorization header, a secret in the body or an assertion.",
    )
}

/// Whether an `Authorization` header has a client's own credentials (RFC 7617 §2).
pub(crate) fn is_basic(header: &str) -> bool {
    let scheme = header.split(' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case("basic")
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
        "Client authentication failed: unknown or deactivated client, wrong secret or assertion, or another method than the registered one.",
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
