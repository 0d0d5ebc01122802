//! What is read from elsewhere and kept: read again when it is too old, by one call while others wait.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::Timestamp;

use crate::ApiError;

/// After a read that failed, the next one waits so long, in seconds.
const RETRY: i64 = 10;
/// What a call waits at most for a thing to be read again while it has one: an answer from memory must
/// come within the request's deadline though the source be silent.
const REREAD: Duration = Duration::from_millis(500);

/// A thing that is kept.
pub(crate) struct Kept<T> {
    /// As the log names it.
    what: &'static str,
    known: RwLock<Held<T>>,
    /// When it was last asked for in vain; whoever holds it asks, the others wait.
    asked: tokio::sync::Mutex<Option<Timestamp>>,
}

/// A thing as it was read.
pub(crate) struct Held<T> {
    pub(crate) value: Arc<T>,
    /// When it was; `None` for one that was never read.
    read_at: Option<Timestamp>,
}

impl<T> Clone for Held<T> {
    fn clone(&self) -> Self {
        Self {
            value: Arc::clone(&self.value),
            read_at: self.read_at,
        }
    }
}

impl<T> Held<T> {
    pub(crate) fn is_younger(&self, age: i64, now: Timestamp) -> bool {
        let read = |at: Timestamp| at <= now && now < at.plus(age);
        self.read_at.is_some_and(read)
    }
}

impl<T> Kept<T> {
    /// Of a value that no read gave, so that it is older than any.
    pub(crate) fn of(what: &'static str, value: Arc<T>) -> Self {
        let held = Held {
            value,
            read_at: None,
        };
        Self {
            what,
            known: RwLock::new(held),
            asked: tokio::sync::Mutex::default(),
        }
    }

    /// Takes what was read at `now`.
    pub(crate) fn put(&self, value: Arc<T>, now: Timestamp) {
        let held = Held {
            value,
            read_at: Some(now),
        };
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = held;
    }

    /// What is known, of whatever age.
    pub(crate) fn current(&self) -> Held<T> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// It, read again by `read` when older than `age`. A re-read that fails leaves it in use.
    pub(crate) async fn at_most<F>(
        &self,
        age: i64,
        now: Timestamp,
        read: impl FnOnce() -> F,
    ) -> Result<Held<T>, ApiError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let held = self.current();
        if held.is_younger(age, now) {
            return Ok(held);
        }
        let mut asked = self.asked.lock().await;
        let held = self.current();
        if held.is_younger(age, now) {
            return Ok(held);
        }
        if held.read_at.is_none() {
            self.put(Arc::new(Box::pin(read()).await?), now);
            return Ok(self.current());
        }
        if asked.is_some_and(|at| at <= now && now < at.plus(RETRY)) {
            return Ok(held);
        }
        *asked = Some(now);
        // Boxed: it is rare, and every request's future would else carry it.
        match tokio::time::timeout(REREAD, Box::pin(read())).await {
            Ok(Ok(value)) => {
                self.put(Arc::new(value), now);
                *asked = None;
            }
            Ok(Err(e)) => tracing::warn!(error = ?e, "{} could not be read again", self.what),
            Err(_) => tracing::warn!("{} could not be read again in time", self.what),
        }
        Ok(self.current())
    }
}
