//! Who calls a management route, and what that caller may do.
//!
//! The token is verified here, without a network call; the caller's client and app and the token's
//! revocation are read again at most every 30 s, so that a kill switch reaches tokens in hand.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{App, AppId, ClientId, RightsNeeded, Scope, TenantId, Timestamp};
use table::Principal;

use crate::{
    ApiError, Registry, Request,
    access_token::{self, Verified},
    claims::Claims,
    oauth::is_basic,
    routes::{Access, Reach},
};

/// How long a caller's client and app are taken for unchanged, in seconds.
pub const FRESH: i64 = 30;
/// More callers than this are not remembered; a function seldom sees so many in 30 s.
const REMEMBERED: usize = 1024;

/// A verified caller.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Whose data it may see.
    pub tenant_id: TenantId,
    /// The app it belongs to.
    pub app_id: AppId,
    /// The client that obtained the token.
    pub client_id: ClientId,
    /// Whether the app is the tenant's management application.
    pub management: bool,
    scopes: Vec<Scope>,
}

const MANAGEMENT_ONLY: &str = "Only a token of the tenant's management application may do this.";

impl Caller {
    /// Fails unless the token carries `scope`.
    pub fn require(&self, scope: &'static str) -> Result<(), ApiError> {
        if self.scopes.iter().any(|held| held.as_str() == scope) {
            Ok(())
        } else {
            Err(ApiError::InsufficientScope(scope))
        }
    }

    /// Fails unless the token carries every scope that a change needs. What needs trust is for the
    /// management application alone, whatever scopes another one's token may carry.
    pub fn require_all(&self, needed: RightsNeeded) -> Result<(), ApiError> {
        needed.scopes().try_for_each(|scope| self.require(scope))?;
        if needed.trust && !self.management {
            return Err(ApiError::Forbidden(MANAGEMENT_ONLY));
        }
        Ok(())
    }

    /// Whether the caller may see `app`: any of its tenant for the management application, else its own.
    pub fn reaches(&self, app: &App) -> bool {
        app.tenant_id == self.tenant_id && (self.management || app.app_id == self.app_id)
    }
}

const NO_BEARER: &str = "The Authorization header must be `Bearer`, one space and an access token.";

/// What is remembered of a caller: under every input that the answer hangs on.
type Known = HashMap<(ClientId, String), (Timestamp, Option<Arc<Principal>>)>;

/// Callers seen lately, by client and token.
#[derive(Debug, Default)]
pub struct Callers(Mutex<Known>);

impl Callers {
    /// The client of a token as it was at most 30 s ago; `None` also for a token that was revoked, or has
    /// ended with its secret.
    ///
    /// Round trips: none, or one for client, app and revocation together.
    pub async fn principal(
        &self,
        registry: &Registry,
        claims: &Claims,
    ) -> Result<Option<Arc<Principal>>, ApiError> {
        let now = registry.now();
        let key = (claims.client_id.clone(), claims.jti_digest());
        if let Some((seen, principal)) = self.lock().get(&key)
            && *seen <= now
            && now < seen.plus(FRESH)
        {
            return Ok(principal.clone());
        }
        let secret = claims.secret_id();
        let table = &registry.table;
        let principal = table
            .token_principal(&key.0, &key.1, secret.as_ref())
            .await?;
        let principal = principal.map(Arc::new);
        let mut known = self.lock();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(key, (now, principal.clone()));
        Ok(principal)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The caller of a request, checked against its route; `None` on public routes.
pub async fn authorize(registry: &Registry, request: &Request) -> Result<Option<Caller>, ApiError> {
    let Access::Scope(scope, reach) = request.route.access else {
        return Ok(None);
    };
    let caller = authenticate(registry, request).await?;
    caller.require(scope)?;
    if reach == Reach::Tenant && !caller.management {
        return Err(ApiError::Forbidden(MANAGEMENT_ONLY));
    }
    Ok(Some(caller))
}

async fn authenticate(registry: &Registry, request: &Request) -> Result<Caller, ApiError> {
    let refused = |why| ApiError::Unauthorized(Some(why));
    let Some(header) = request.header("authorization") else {
        return Err(ApiError::Unauthorized(None));
    };
    let token = match bearer(header) {
        Some(token) => token,
        None if is_basic(header) => return Err(ApiError::NoToken),
        None => return Err(refused(NO_BEARER)),
    };
    let verified = access_token::verify(registry, request, token).await?;
    let Verified { claims, tenant_id } = verified.map_err(refused)?;
    if !claims.aud.contains(&claims.iss) {
        return Err(refused("The access token is for another audience."));
    }
    let principal = registry.callers.principal(registry, &claims).await?;
    let principal = principal
        .filter(|p| p.app.tenant_id == tenant_id && p.is_active())
        .ok_or_else(|| {
            refused(
                "The access token is revoked, by itself or with its secret, or its client or app is deactivated or deleted.",
            )
        })?;
    // What the client lost since the token was issued is lost at once.
    let held = principal.app.scopes_of(&principal.client);
    let scopes = claims.scopes().into_iter().filter(|s| held.contains(s));
    Ok(Caller {
        scopes: scopes.collect(),
        tenant_id,
        app_id: principal.app.app_id,
        client_id: claims.client_id,
        management: principal.app.management,
    })
}

/// The token of an `Authorization: Bearer` header (RFC 6750 §2.1). Joined headers have a comma or space.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    let clean = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(clean))
        .then_some(token)
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn bearer_takes_one_token() {
        assert_eq!(bearer("Bearer abc.def"), Some("abc.def"));
        assert_eq!(bearer("bearer abc"), Some("abc"));
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  a",
            "Basic abc",
            "Bearer a b",
            "Bearer a,Bearer b",
            "Bearer a, Bearer b",
            "abc",
            "Bearer a\u{e9}",
        ] {
            assert_eq!(bearer(bad), None, "{bad:?}");
        }
    }
}
