//! Access tokens in both forms: a signed JWT (RFC 9068), or the same claims sealed, which tells whoever
//! holds it nothing. Neither is stored.

use data_encoding::BASE64URL_NOPAD;
use domain::{AccessTokenFormat, TenantId};
use serde::{Deserialize, Serialize};

use crate::{
    ApiError, Registry, Request,
    claims::{Claims, TYP},
    jws::MAX_TOKEN,
    registry::tenant_of,
};

/// What an opaque token starts with, a pattern for secret scanners.
const OPAQUE: &str = "roat_";
const SALT: usize = 16;

/// A token that holds: its claims, and the tenant whose issuer they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// Whose it is.
    pub tenant_id: TenantId,
}

/// A sealed token's content, with its form's name, as the header of a JWT has it.
#[derive(Serialize, Deserialize)]
struct Sealed<C> {
    typ: String,
    claims: C,
}

/// A token with these claims.
pub async fn issue(
    registry: &Registry,
    format: AccessTokenFormat,
    claims: &Claims,
) -> Result<String, ApiError> {
    match format {
        AccessTokenFormat::Jwt => registry.keys.sign(TYP, claims, registry.now()).await,
        AccessTokenFormat::Opaque => seal(registry, claims),
    }
}

fn seal(registry: &Registry, claims: &Claims) -> Result<String, ApiError> {
    let failed = || ApiError::internal("sealing a token failed");
    let salt: [u8; SALT] = registry.random()?;
    let typ = TYP.to_owned();
    let plain = serde_json::to_vec(&Sealed { typ, claims }).map_err(|_| failed())?;
    let key = registry.master()?.access_token_sealing(&salt);
    let sealed = key
        .seal(OPAQUE.as_bytes(), &plain, registry.entropy())
        .ok_or_else(failed)?;
    let text = BASE64URL_NOPAD.encode(&[salt.as_slice(), &sealed].concat());
    Ok(format!("{OPAQUE}{text}"))
}

/// The claims of a sealed token, when this deployment sealed it.
fn open(registry: &Registry, text: &str) -> Result<Option<Claims>, ApiError> {
    let master = registry.master()?;
    let opened = || {
        if text.len() > MAX_TOKEN {
            return None;
        }
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let (salt, sealed) = bytes.split_first_chunk::<SALT>()?;
        let key = master.access_token_sealing(salt);
        let plain = key.open(OPAQUE.as_bytes(), sealed)?;
        let content: Sealed<Claims> = serde_json::from_slice(&plain).ok()?;
        (content.typ == TYP).then_some(content.claims)
    };
    Ok(opened())
}

/// Why a token is refused, for its sender; every text ends with a full stop.
pub type Refused = &'static str;

/// What a token says, when this deployment issued it and it holds now. Reads no item but the keys.
///
/// Whether it was revoked, and whether its client still may, is for the caller to ask.
pub async fn verify(
    registry: &Registry,
    request: &Request,
    token: &str,
) -> Result<Result<Verified, Refused>, ApiError> {
    let now = registry.now();
    let claims = match token.strip_prefix(OPAQUE) {
        Some(_) if registry.master().is_err() => {
            // Whoever can open sealed tokens can make them, so few functions are given the master secret.
            return Ok(Err(
                "This operation takes access tokens of the format jwt only.",
            ));
        }
        Some(text) => open(registry, text)?,
        None => registry.keys.verify::<Claims>(token, TYP, now).await?.ok(),
    };
    let Some(claims) = claims else {
        return Ok(Err("The access token is invalid."));
    };
    if !claims.is_current(now) {
        return Ok(Err("The access token has expired or is not yet valid."));
    }
    Ok(match tenant_of(&registry.base(request), &claims.iss) {
        Some(tenant_id) => Ok(Verified { claims, tenant_id }),
        None => Err("The access token is of another issuer."),
    })
}
