//! Access tokens in both forms: a signed JWT (RFC 9068), or the same JWT sealed, which tells whoever holds
//! it nothing. Neither is stored. Sealing is no signature: who can seal can make no token.

use data_encoding::BASE64URL_NOPAD;
use domain::{
    AccessTokenFormat, TenantId,
    master::{self, Purpose},
};

use crate::{
    ApiError, Registry, Request,
    claims::{Claims, TYP},
    jws::MAX_TOKEN,
    registry::tenant_of,
};

/// What an opaque token starts with, a pattern for secret scanners.
const OPAQUE: &str = "roat_";
/// No longer sealed text is looked at: a signed token of the longest kind in base64url, with what seals it.
const MAX_SEALED: usize = (MAX_TOKEN + 64) / 3 * 4;

/// A token that holds: its claims, and the tenant whose issuer they name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// Whose it is.
    pub tenant_id: TenantId,
}

/// A token with these claims.
pub async fn issue(
    registry: &Registry,
    format: AccessTokenFormat,
    claims: &Claims,
) -> Result<String, ApiError> {
    let signed = registry.keys.sign(TYP, claims, registry.now()).await?;
    match format {
        AccessTokenFormat::Jwt => Ok(signed),
        AccessTokenFormat::Opaque => seal(registry, &signed),
    }
}

/// The signed token sealed: what opens it is a secret, and what made it a signature.
fn seal(registry: &Registry, signed: &str) -> Result<String, ApiError> {
    let (master, context) = (registry.master()?, OPAQUE.as_bytes());
    let purpose = Purpose::AccessToken;
    let sealed = master.seal(purpose, context, signed.as_bytes(), registry.entropy());
    let sealed = sealed.ok_or_else(|| ApiError::internal("sealing a token failed"))?;
    Ok(format!("{OPAQUE}{}", BASE64URL_NOPAD.encode(&sealed)))
}

/// The signed token inside a sealed one, nothing of it checked.
async fn open(registry: &Registry, text: &str) -> Result<Option<String>, ApiError> {
    if text.len() > MAX_SEALED {
        return Ok(None);
    }
    let Ok(sealed) = BASE64URL_NOPAD.decode(text.as_bytes()) else {
        return Ok(None);
    };
    let Some(version) = master::sealed_by(&sealed) else {
        return Ok(None);
    };
    // Anybody can name a version that there is not: it is looked up seldom, and then refused.
    let secret = registry.master_secret()?;
    let Some(master) = secret.knowing(version, registry.now()).await? else {
        return Ok(None);
    };
    let opened = master.open(Purpose::AccessToken, OPAQUE.as_bytes(), &sealed);
    Ok(opened.ok().and_then(|text| String::from_utf8(text).ok()))
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
            // The master secret is the pepper, too, and wraps private halves, so few functions are given it.
            return Ok(Err(
                "This operation takes access tokens of the format jwt only.",
            ));
        }
        Some(text) => match open(registry, text).await? {
            Some(signed) => registry
                .keys
                .verify::<Claims>(&signed, TYP, now)
                .await?
                .ok(),
            None => None,
        },
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
