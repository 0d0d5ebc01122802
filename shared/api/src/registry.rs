//! What every handler works with: the table, the keys, time and randomness.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use domain::{Clock, Entropy, Master, PublicRoot, TenantId, Timestamp, ports};
use table::Table;

use crate::{
    ApiError, Request, caller::Callers, keyring::Keyring, master_secret::MasterSecret,
    settings::Limits,
};

/// A handle on the registry. Cheap to clone; handlers take it by value.
#[derive(Clone)]
pub struct Registry {
    /// The table.
    pub table: Table,
    /// Verifies tokens, and signs them in a function that does that.
    pub keys: Arc<Keyring>,
    /// Callers seen in the last seconds.
    pub callers: Arc<Callers>,
    /// How much there may be.
    pub limits: Limits,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    master: Option<Arc<MasterSecret>>,
    issuer: Option<Arc<str>>,
    after_answer: AfterAnswer,
    refusal_step: Duration,
}

/// What happens to work that an answer need not wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterAnswer {
    /// It is done first, within a short time: on Lambda nothing runs after the answer.
    Await,
    /// It runs beside: in a server that lives on.
    Spawn,
}

/// The step of refusals where callers may measure them: well above what reading and checking a client takes, so
/// that one step covers nearly every refusal, DynamoDB's part of it included.
pub const REFUSAL_STEP: Duration = Duration::from_millis(25);

/// What a call waits at most for work that its answer does not need.
const SIDE_WORK: Duration = Duration::from_millis(200);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").finish_non_exhaustive()
    }
}

impl Registry {
    /// A registry on `table`, with a master secret that changes with a restart only. `issuer`: the fixed issuer,
    /// where there is one.
    pub fn new(
        table: Table,
        master: Option<Arc<Master>>,
        issuer: Option<String>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let master = master.map(|master| Arc::new(MasterSecret::fixed(master)));
        Self {
            keys: Arc::new(Keyring::new(table.clone(), master.clone(), Vec::new())),
            callers: Arc::new(Callers::default()),
            limits: Limits::default(),
            table,
            clock,
            entropy,
            master,
            issuer: issuer.map(Into::into),
            after_answer: AfterAnswer::Await,
            refusal_step: Duration::ZERO,
        }
    }

    /// The same registry with a master secret that can be read again, and with what vouches for the public
    /// halves of signing keys where there is none.
    #[must_use]
    pub fn trusting(mut self, master: Option<MasterSecret>, roots: Vec<PublicRoot>) -> Self {
        self.master = master.map(Arc::new);
        let keys = Keyring::new(self.table.clone(), self.master.clone(), roots);
        self.keys = Arc::new(keys);
        self
    }

    /// The same registry with other limits.
    #[must_use]
    pub const fn limited_to(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same registry, which refuses a client's credentials a multiple of `step` after it was asked.
    #[must_use]
    pub const fn refusing_in_steps_of(mut self, step: Duration) -> Self {
        self.refusal_step = step;
        self
    }

    /// Waits until a multiple of the step has passed since `asked`, so that the time of a refusal does not tell
    /// what was found on the way to it.
    pub(crate) async fn step_after(&self, asked: Instant) {
        let step = self.refusal_step.as_nanos().max(1);
        let steps = asked.elapsed().as_nanos().div_ceil(step);
        let wait = u64::try_from(steps.saturating_mul(step)).map(Duration::from_nanos);
        if !self.refusal_step.is_zero()
            && let Ok(wait) = wait
            && let Some(end) = asked.checked_add(wait)
        {
            tokio::time::sleep_until(end.into()).await;
        }
    }

    /// The same registry in a server that lives on after an answer.
    #[must_use]
    pub const fn in_server(mut self) -> Self {
        self.after_answer = AfterAnswer::Spawn;
        self
    }

    /// Does what the answer at hand need not wait for. It may be lost, and is never an error.
    pub async fn aside(&self, work: impl Future<Output = ()> + Send + 'static) {
        match self.after_answer {
            AfterAnswer::Spawn => drop(tokio::spawn(work)),
            AfterAnswer::Await => {
                if tokio::time::timeout(SIDE_WORK, work).await.is_err() {
                    tracing::warn!("work beside an answer took too long and was left");
                }
            }
        }
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Now, in milliseconds since the epoch.
    pub fn unix_ms(&self) -> u64 {
        self.clock.unix_ms()
    }

    /// `N` random bytes.
    pub fn random<const N: usize>(&self) -> Result<[u8; N], ApiError> {
        Ok(ports::random(self.entropy.as_ref())?)
    }

    /// The source of randomness.
    pub fn entropy(&self) -> &dyn Entropy {
        self.entropy.as_ref()
    }

    /// The master secret as it is known; an error in a function that was not given it.
    pub fn master(&self) -> Result<Arc<Master>, ApiError> {
        Ok(self.master_secret()?.current())
    }

    /// The same, to read again for a version that is not known.
    pub fn master_secret(&self) -> Result<&MasterSecret, ApiError> {
        self.master
            .as_deref()
            .ok_or_else(|| ApiError::internal("this function was not given MASTER_SECRET_ARN"))
    }

    /// The base of every issuer: the setting, else the API's own host. Never a header.
    pub fn base(&self, request: &Request) -> String {
        self.issuer
            .as_ref()
            .map_or_else(|| format!("https://{}", request.host), ToString::to_string)
    }
}

/// A tenant's issuer: the bare base for the first tenant, a path below it for another.
pub fn issuer_of(base: &str, tenant: &TenantId) -> String {
    if tenant.is_first() {
        base.to_owned()
    } else {
        format!("{base}/t/{tenant}")
    }
}

/// The token endpoint, which all tenants share.
pub fn token_endpoint(base: &str) -> String {
    format!("{base}/oauth2/token")
}

/// The tenant whose issuer `iss` is, under `base`.
pub fn tenant_of(base: &str, iss: &str) -> Option<TenantId> {
    let rest = iss.strip_prefix(base)?;
    if rest.is_empty() {
        return Some(TenantId::first());
    }
    let tenant = TenantId::parse(rest.strip_prefix("/t/")?).ok()?;
    (!tenant.is_first()).then_some(tenant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_lead_to_their_tenant_and_back() {
        let base = "https://id.example.com";
        for id in ["default", "acme", "a1"] {
            let tenant = TenantId::parse(id).unwrap();
            assert_eq!(tenant_of(base, &issuer_of(base, &tenant)), Some(tenant));
        }
        for iss in [
            "https://id.example.com/",
            "https://id.example.com/t/",
            "https://id.example.com/t/default",
            "https://id.example.com/t/ACME",
            "https://id.example.com.evil.example",
            "https://id.example.com/t/acme/",
            "http://id.example.com",
        ] {
            assert_eq!(tenant_of(base, iss), None, "{iss}");
        }
    }
}
