//! A master secret that tests change under running instances, as Secrets Manager's is changed.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use api::master_secret::{MasterSecret, MasterSource};
use domain::{Master, Timestamp};

/// A text that several instances read.
#[derive(Default)]
pub struct SharedMaster {
    /// `None`: it is out of reach.
    text: Mutex<Option<String>>,
    reads: AtomicUsize,
}

impl std::fmt::Debug for SharedMaster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SharedMaster(..)")
    }
}

impl SharedMaster {
    /// Of this text.
    pub fn new(text: &str) -> Arc<Self> {
        let shared = Self::default();
        shared.set(Some(text));
        Arc::new(shared)
    }

    /// Changes it; `None`: nobody can read it from now on.
    pub fn set(&self, text: Option<&str>) {
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text.map(str::to_owned);
    }

    /// How often it was read again.
    pub fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// What an instance has that starts now.
    pub fn secret(self: &Arc<Self>, now: Timestamp) -> MasterSecret {
        let master = Arc::new(self.parse().unwrap());
        MasterSecret::read_from(Arc::clone(self) as Arc<dyn MasterSource>, master, now)
    }

    fn parse(&self) -> Result<Master, String> {
        let text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        let text = text.as_deref().ok_or("out of reach")?;
        Master::parse(text).map_err(|e| e.to_string())
    }
}

impl MasterSource for SharedMaster {
    fn read(&self) -> Pin<Box<dyn Future<Output = Result<Master, String>> + Send + '_>> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        Box::pin(async {
            // So that those who read at the same time would be seen.
            tokio::task::yield_now().await;
            self.parse()
        })
    }
}
