//! The master secret in memory: read in INIT, and again when something names a version that is not known.

use std::{fmt, pin::Pin, sync::Arc};

use domain::{Master, Timestamp};

use crate::{ApiError, kept::Kept};

/// An unknown version makes the secret be read again at most this often, in seconds, so that forged ones cost
/// next to nothing.
const UNKNOWN_VERSION: i64 = 10;

const WHAT: &str = "the master secret";

/// Where the master secret is: Secrets Manager, or a value of a test.
pub trait MasterSource: Send + Sync {
    /// It, as it is now; else why not.
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Master, String>> + Send + '_>>;
}

/// The master secret, and where to read it again.
pub struct MasterSecret {
    kept: Kept<Master>,
    source: Option<Arc<dyn MasterSource>>,
}

impl fmt::Debug for MasterSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterSecret({:?})", self.kept.current().value)
    }
}

impl MasterSecret {
    /// One that changes with a restart only.
    pub fn fixed(master: Arc<Master>) -> Self {
        let kept = Kept::of(WHAT, master);
        Self { kept, source: None }
    }

    /// One that was read from `source` at `read_at`. The first unknown version is looked up at once.
    pub fn read_from(
        source: Arc<dyn MasterSource>,
        master: Arc<Master>,
        read_at: Timestamp,
    ) -> Self {
        let kept = Kept::of(WHAT, Arc::clone(&master));
        kept.put(master, read_at.plus(-UNKNOWN_VERSION));
        Self {
            kept,
            source: Some(source),
        }
    }

    /// The newest that is known.
    pub fn current(&self) -> Arc<Master> {
        self.kept.current().value
    }

    /// It, read again if that was more than some seconds ago. A failed re-read leaves the known one.
    pub async fn fresh(&self, now: Timestamp) -> Arc<Master> {
        if let Some(source) = &self.source {
            let read = self.kept.at_most(UNKNOWN_VERSION, now, || read(source));
            // It was read in INIT, so that a failure is no error.
            let _ = read.await;
        }
        self.current()
    }

    /// It, when it has this version, if need be read again for that; `None` when there is no such version.
    ///
    /// # Errors
    ///
    /// *Unavailable* when it can't be read again: there may be such a version.
    pub async fn knowing(
        &self,
        version: u32,
        now: Timestamp,
    ) -> Result<Option<Arc<Master>>, ApiError> {
        let has = |master: &Arc<Master>| master.version(version).is_ok();
        let known = Some(self.current()).filter(has);
        if known.is_some() {
            return Ok(known);
        }
        let fresh = Some(self.fresh(now).await).filter(has);
        if fresh.is_none() && self.source.is_some() && !self.is_fresh(now) {
            return Err(ApiError::Unavailable(
                "the master secret can't be read again".into(),
            ));
        }
        Ok(fresh)
    }

    /// The same for what the deployment itself stored: a version above all known ones is real, and this
    /// instance's knowledge is behind. `None`: the version was taken away.
    ///
    /// # Errors
    ///
    /// *Unavailable* for a version that is not known yet.
    pub async fn of_stored(
        &self,
        version: u32,
        now: Timestamp,
    ) -> Result<Option<Arc<Master>>, ApiError> {
        let found = self.knowing(version, now).await?;
        if found.is_none() && self.current().newest().number() < version {
            return Err(ApiError::Unavailable(format!(
                "version {version} of the master secret is not known yet"
            )));
        }
        Ok(found)
    }

    fn is_fresh(&self, now: Timestamp) -> bool {
        self.kept.current().is_younger(UNKNOWN_VERSION, now)
    }
}

async fn read(source: &Arc<dyn MasterSource>) -> Result<Master, ApiError> {
    let master = source.read().await.map_err(ApiError::Unavailable)?;
    tracing::info!(versions = ?master.versions(), "the master secret was read again");
    Ok(master)
}
