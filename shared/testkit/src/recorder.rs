//! What reached the engine: counted, because DynamoDB bills by it.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use engine::{Call, Observer};

/// Keeps every call. `Debug` does not show them: the SDK prints its HTTP client, and so the engine and
/// its observer, into its own log lines.
#[derive(Default)]
pub struct Recorder(Mutex<Vec<Call>>);

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder(..)")
    }
}

/// What some calls cost together.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The operations, in order: one is one round trip.
    pub operations: Vec<String>,
    /// Read capacity units.
    pub read: f64,
    /// Write capacity units, the index's included.
    pub write: f64,
}

impl Summary {
    /// Whether anything was sent that can change the table.
    pub fn wrote(&self) -> bool {
        self.operations.iter().any(|name| {
            ["Put", "Update", "Delete", "Write", "Create"]
                .iter()
                .any(|verb| name.contains(verb))
        })
    }
}

impl Recorder {
    /// The calls since the last take.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the calls since the last take cost.
    pub fn summary(&self) -> Summary {
        let calls = self.take();
        Summary {
            read: calls.iter().map(|c| c.capacity.read).sum(),
            write: calls.iter().map(|c| c.capacity.write).sum(),
            operations: calls.into_iter().map(|c| c.operation).collect(),
        }
    }
}

impl Observer for Recorder {
    fn after(&self, call: &Call) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(call.clone());
    }
}
