//! Counts what reaches the engine, and makes it fail by script.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use engine::{Call, Intercept, Observer, Request, error_body};
use serde_json::{Value, json};

#[derive(Debug, Default)]
pub(crate) struct Watcher(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    calls: Vec<Call>,
    operation: &'static str,
    next: VecDeque<Intercept>,
    then: Intercept,
}

impl Watcher {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls since the last take.
    pub(crate) fn take(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// The next calls of `operation` meet these faults, one each; later ones pass.
    pub(crate) fn script(&self, operation: &'static str, faults: impl Into<VecDeque<Intercept>>) {
        let mut state = self.state();
        state.operation = operation;
        state.next = faults.into();
        state.then = Intercept::Pass;
    }

    /// Every call of `operation` meets this fault from now on.
    pub(crate) fn always(&self, operation: &'static str, fault: Intercept) {
        self.script(operation, []);
        self.state().then = fault;
    }
}

impl Observer for Watcher {
    fn before(&self, call: &Request) -> Intercept {
        let mut state = self.state();
        if state.operation != call.operation {
            return Intercept::Pass;
        }
        let next = state.next.pop_front();
        next.unwrap_or_else(|| state.then.clone())
    }

    fn after(&self, call: &Call) {
        self.state().calls.push(call.clone());
    }
}

/// An error answer of `DynamoDB` that comes instead of execution.
pub(crate) fn refusal(status: u16, code: &str) -> Intercept {
    Intercept::Answer {
        status,
        body: error_body(code, "injected"),
    }
}

/// A transaction cancelled for these reasons, one a part.
pub(crate) fn cancelled(reasons: &[&str]) -> Intercept {
    let mut body = error_body("TransactionCanceledException", "injected");
    let reasons: Value = reasons.iter().map(|code| json!({ "Code": code })).collect();
    body["CancellationReasons"] = reasons;
    Intercept::Answer { status: 400, body }
}
