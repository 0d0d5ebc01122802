//! Who calls a management route, and what that caller may do.
//!
//! The token is verified here, without a network call; the caller's client and app and the token's
//! revocation are read again at most every 30 s, so that a kill switch reaches tokens in hand.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use domain::{App, AppId, ClientId, Held, Lacking, RightsNeeded, Scope, TenantId, Timestamp};
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
    /// What the token allows and the client may still have.
    scopes: Vec<Scope>,
    claims: Claims,
    principal: Arc<Principal>,
    /// Whether the client was read for this request, and not remembered.
    read_anew: bool,
}

const MANAGEMENT_ONLY: &str = "Only a token of the tenant's management application may do this.";

impl Caller {
    /// A caller with these claims, if its client still may call.
    fn admit(claims: Claims, tenant_id: TenantId, found: Found) -> Result<Self, ApiError> {
        let principal = found
            .principal
            .filter(|p| p.app.tenant_id == tenant_id && p.is_active())
            .ok_or(ApiError::Unauthorized(Some(GONE)))?;
        // What the client lost since the token was issued is lost at once.
        let held = principal.app.scopes_of(&principal.client);
        let scopes = claims.scopes().into_iter().filter(|s| held.contains(s));
        Ok(Self {
            scopes: scopes.collect(),
            tenant_id,
            app_id: principal.app.app_id,
            client_id: claims.client_id.clone(),
            management: principal.app.management,
            claims,
            principal,
            read_anew: found.read_anew,
        })
    }

    /// Fails unless the token carries `scope`.
    pub fn require(&self, scope: &'static str) -> Result<(), ApiError> {
        if self.scopes.iter().any(|held| held.as_str() == scope) {
            Ok(())
        } else {
            Err(ApiError::InsufficientScope(scope.into()))
        }
    }

    /// Fails unless the token holds everything that a change needs. What yields a credential, or adds to what
    /// one carries, is decided on the caller as it is now, never on one that is remembered.
    ///
    /// Round trips: none, or one for a credential and a remembered caller.
    pub async fn require_all(
        &self,
        registry: &Registry,
        needed: &RightsNeeded,
    ) -> Result<(), ApiError> {
        if needed.credential.is_none() {
            return self.holds(needed);
        }
        self.anew(registry).await?.holds(needed)
    }

    /// The caller as it is now. Round trips: one for a remembered caller, else none.
    pub async fn anew(&self, registry: &Registry) -> Result<Cow<'_, Self>, ApiError> {
        if self.read_anew {
            return Ok(Cow::Borrowed(self));
        }
        let found = registry.callers.read(registry, &self.claims).await?;
        let now = Self::admit(self.claims.clone(), self.tenant_id.clone(), found)?;
        Ok(Cow::Owned(now))
    }

    fn holds(&self, needed: &RightsNeeded) -> Result<(), ApiError> {
        let settings = &self.principal.client.settings;
        let held = Held {
            management: self.management,
            scopes: &self.scopes,
            resources: &settings.resources,
            operations: &settings.allowed_operations,
        };
        needed.check(&held).map_err(|lacking| match lacking {
            Lacking::Management => ApiError::Forbidden(MANAGEMENT_ONLY),
            Lacking::Scopes(scopes) => ApiError::InsufficientScope(scopes.join(" ")),
        })
    }

    /// Whether the caller may see `app`: any of its tenant for the management application, else its own.
    pub fn reaches(&self, app: &App) -> bool {
        app.tenant_id == self.tenant_id && (self.management || app.app_id == self.app_id)
    }
}

const NO_BEARER: &str = "The Authorization header must be `Bearer`, one space and an access token.";

/// `resource` names whom a token is for (RFC 8707 §2).
const ANOTHER_AUDIENCE: &str = "The access token is for another audience, because it was asked for with a resource; this API takes one that was asked for without resource.";

const GONE: &str = "The access token is revoked, by itself or with its secret, or its client or app is deactivated or deleted.";

/// A caller's client with its app, as far as there is one.
struct Found {
    principal: Option<Arc<Principal>>,
    /// Whether it was read just now.
    read_anew: bool,
}

/// What is remembered of a caller: under every input that the answer hangs on.
type Known = HashMap<(ClientId, String), (Timestamp, Option<Arc<Principal>>)>;

/// Callers seen lately, by client and token.
#[derive(Debug, Default)]
pub struct Callers(Mutex<Known>);

impl Callers {
    /// The client of a token as it was at most 30 s ago; none also for a token that was revoked, or has
    /// ended with its secret.
    ///
    /// Round trips: none, or one for client, app and revocation together.
    async fn remembered(&self, registry: &Registry, claims: &Claims) -> Result<Found, ApiError> {
        let now = registry.now();
        let key = (claims.client_id.clone(), claims.jti_digest());
        if let Some((seen, principal)) = self.lock().get(&key)
            && *seen <= now
            && now < seen.plus(FRESH)
        {
            return Ok(Found {
                principal: principal.clone(),
                read_anew: false,
            });
        }
        self.read(registry, claims).await
    }

    /// The same as it is now. Round trips: one.
    async fn read(&self, registry: &Registry, claims: &Claims) -> Result<Found, ApiError> {
        let now = registry.now();
        let key = (claims.client_id.clone(), claims.jti_digest());
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
        Ok(Found {
            principal,
            read_anew: true,
        })
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
    // First, so that nobody is told to get a scope that would not help.
    if reach == Reach::Tenant && !caller.management {
        return Err(ApiError::Forbidden(MANAGEMENT_ONLY));
    }
    caller.require(scope)?;
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
        return Err(refused(ANOTHER_AUDIENCE));
    }
    let found = registry.callers.remembered(registry, &claims).await?;
    Caller::admit(claims, tenant_id, found)
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
