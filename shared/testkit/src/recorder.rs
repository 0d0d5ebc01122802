//! What reached the engine: counted, because DynamoDB bills by it; and failed, where a test says so.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, PoisonError},
};

use engine::{Call, Intercept, Observer, Request, error_body};
use serde_json::{Value, json};

use crate::permissions::Permissions;

/// Keeps every call. `Debug` does not show them: the SDK prints its HTTP client, and so the engine and
/// its observer, into its own log lines.
#[derive(Default)]
pub struct Recorder {
    calls: Mutex<Vec<Call>>,
    script: Mutex<VecDeque<(String, Intercept)>>,
    pub(crate) permissions: Permissions,
}

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
    /// The units of either kind that are the index's.
    pub indexes: f64,
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

    /// What DynamoDB bills for: `GetItem + UpdateItem: 1 RU, 3 WU, 1 of them the index's`.
    pub fn bill(&self) -> String {
        let Self {
            operations,
            read,
            write,
            indexes,
        } = self;
        let calls = operations.join(" + ");
        format!("{calls}: {read} RU, {write} WU, {indexes} of them the index's")
    }
}

impl Recorder {
    /// The calls since the last take.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *lock(&self.calls))
    }

    /// What the calls since the last take cost.
    pub fn summary(&self) -> Summary {
        let calls = self.take();
        Summary {
            read: calls.iter().map(|c| c.capacity.read).sum(),
            write: calls.iter().map(|c| c.capacity.write).sum(),
            indexes: calls.iter().map(|c| c.capacity.indexes).sum(),
            operations: calls.into_iter().map(|c| c.operation).collect(),
        }
    }

    /// The bill of the calls since the last take.
    pub fn bill(&self) -> String {
        self.summary().bill()
    }

    /// What becomes of the next calls of an operation, one after the other.
    pub fn script(&self, operation: &str, fates: impl IntoIterator<Item = Intercept>) {
        let fates = fates.into_iter().map(|fate| (operation.to_owned(), fate));
        lock(&self.script).extend(fates);
    }

    /// Lets everything through again.
    pub fn clear_script(&self) {
        lock(&self.script).clear();
    }
}

/// The answer to a write whose condition did not hold, with the item as it stood there.
pub fn refused_condition(item: Option<Value>) -> Intercept {
    let mut body = error_body("ConditionalCheckFailedException", "The condition failed");
    if let (Some(item), Some(members)) = (item, body.as_object_mut()) {
        members.insert("Item".into(), item);
    }
    Intercept::Answer { status: 400, body }
}

/// The answer to a transaction that was cancelled for this reason, that of its first item.
pub fn cancelled(code: &str) -> Intercept {
    let mut body = error_body("TransactionCanceledException", "Transaction cancelled");
    if let Some(members) = body.as_object_mut() {
        let reasons = json!([{ "Code": code }]);
        members.insert("CancellationReasons".into(), reasons);
    }
    Intercept::Answer { status: 400, body }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Observer for Recorder {
    fn before(&self, call: &Request) -> Intercept {
        self.permissions.check(call);
        let mut script = lock(&self.script);
        let at = script.iter().position(|(op, _)| *op == call.operation);
        at.and_then(|at| script.remove(at))
            .map_or(Intercept::Pass, |(_, fate)| fate)
    }

    fn after(&self, call: &Call) {
        lock(&self.calls).push(call.clone());
    }
}
