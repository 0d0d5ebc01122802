//! A proxy between the SDK and the engine, which makes one call fail, or every one from it on.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use engine::{Call, Failure, Intercept, Observer, Request, error_body};
use serde_json::{Value, json};

/// Longer than any attempt waits.
const TOO_LONG: Duration = Duration::from_secs(10);

/// What becomes of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Carried out; the answer is lost.
    AnswerDropped,
    /// Lost before it was carried out, which shows only by silence.
    RequestDropped,
    /// `InternalServerError`.
    ServerError,
    /// `ThrottlingException`.
    Throttled,
    /// `ProvisionedThroughputExceededException`.
    ThroughputExceeded,
    /// Another transaction holds the item.
    TransactionConflict,
    /// The same transaction is still under way.
    TransactionInProgress,
    /// Not answered within the attempt's time, and not carried out.
    Slow,
    /// Carried out, and answered too late.
    AnsweredLate,
    /// Carried out; the answer breaks off.
    Truncated,
    /// The answer is no JSON.
    Garbage,
    /// The connection is reset before the request is read.
    Reset,
    /// DynamoDB's name resolves to nothing.
    NameNotResolved,
    /// An index answers as it was a write ago.
    Stale,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 14] = [
        Self::AnswerDropped,
        Self::RequestDropped,
        Self::ServerError,
        Self::Throttled,
        Self::ThroughputExceeded,
        Self::TransactionConflict,
        Self::TransactionInProgress,
        Self::Slow,
        Self::AnsweredLate,
        Self::Truncated,
        Self::Garbage,
        Self::Reset,
        Self::NameNotResolved,
        Self::Stale,
    ];

    /// Whether it can happen to such a call.
    pub fn fits(self, call: &Call) -> bool {
        let writes = |name: &str| {
            ["Put", "Update", "Delete"]
                .iter()
                .any(|v| name.starts_with(v))
        };
        let transaction = call.operation.starts_with("Transact");
        match self {
            Self::TransactionConflict => transaction || writes(&call.operation),
            Self::TransactionInProgress => transaction,
            // Only an index may lag; every read of the table itself is strongly consistent.
            Self::Stale => call.index.is_some(),
            _ => true,
        }
    }

    /// What the engine is to do with `request`, whose answer was `before`.
    fn intercept(self, request: &Request, before: &Value) -> Intercept {
        let refusal = |status, code| Intercept::Answer {
            status,
            body: error_body(code, "injected"),
        };
        match self {
            Self::AnswerDropped => Intercept::ExecuteThenFail(Failure::Io),
            Self::RequestDropped => Intercept::Fail(Failure::Timeout),
            Self::ServerError => refusal(500, "InternalServerError"),
            Self::Throttled => refusal(400, "ThrottlingException"),
            Self::ThroughputExceeded => refusal(400, "ProvisionedThroughputExceededException"),
            Self::TransactionConflict => conflict(request),
            Self::TransactionInProgress => refusal(400, "TransactionInProgressException"),
            Self::Slow => Intercept::Delay(TOO_LONG),
            Self::AnsweredLate => Intercept::ExecuteThenDelay(TOO_LONG),
            Self::Truncated => Intercept::ExecuteThenTruncate,
            Self::Garbage => Intercept::Garbage {
                status: 200,
                body: b"<html>It works!</html>".to_vec(),
            },
            Self::Reset => Intercept::Fail(Failure::Io),
            Self::NameNotResolved => Intercept::Fail(Failure::NoConnection),
            Self::Stale => Intercept::Answer {
                status: 200,
                body: a_write_ago(before),
            },
        }
    }
}

/// A transaction is cancelled with a reason for each item; a single write is refused.
fn conflict(request: &Request) -> Intercept {
    let Some(items) = request.json["TransactItems"].as_array() else {
        let body = error_body("TransactionConflictException", "injected");
        return Intercept::Answer { status: 400, body };
    };
    let mut reasons = vec![json!({"Code": "None"}); items.len()];
    reasons[0] = json!({"Code": "TransactionConflict", "Message": "injected"});
    let mut body = error_body("TransactionCanceledException", "injected");
    body["CancellationReasons"] = json!(reasons);
    Intercept::Answer { status: 400, body }
}

/// The answer without its youngest entry.
fn a_write_ago(answer: &Value) -> Value {
    let mut older = answer.clone();
    if let Some(items) = older["Items"].as_array_mut() {
        items.pop();
    }
    let count = older["Items"].as_array().map_or(0, Vec::len);
    older["Count"] = json!(count);
    older["ScannedCount"] = json!(count);
    older
}

/// What becomes of the calls after the first that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// They pass.
    Pass,
    /// The next one fails in another way, the others pass.
    Next(Fault),
    /// All fail in the same way.
    Burst,
}

/// Which calls fail, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The first one, counted from 0. A retry is a call of its own.
    pub at: usize,
    /// How.
    pub fault: Fault,
    /// What becomes of the later ones.
    pub then: Then,
    /// What the first one is answered without a fault.
    pub before: Value,
}

/// The proxy. Without a plan it lets everything through.
#[derive(Default)]
pub struct FaultProxy(Mutex<State>);

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    seen: usize,
    injected: usize,
    calls: Vec<Call>,
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FaultProxy(..)")
    }
}

impl FaultProxy {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows `plan` from the next call on, which is number 0.
    pub fn follow(&self, plan: Plan) {
        *self.state() = State {
            plan: Some(plan),
            ..State::default()
        };
    }

    /// Lets everything through again; how many calls have failed, and all of them.
    pub fn stop(&self) -> (usize, Vec<Call>) {
        let State {
            injected, calls, ..
        } = std::mem::take(&mut *self.state());
        (injected, calls)
    }
}

impl Observer for FaultProxy {
    fn before(&self, request: &Request) -> Intercept {
        let mut state = self.state();
        let number = state.seen;
        state.seen += 1;
        let Some(plan) = state.plan.clone() else {
            return Intercept::Pass;
        };
        let fault = match plan.then {
            _ if number == plan.at => plan.fault,
            Then::Burst if number > plan.at => plan.fault,
            Then::Next(next) if number == plan.at + 1 => next,
            _ => return Intercept::Pass,
        };
        state.injected += 1;
        fault.intercept(request, &plan.before)
    }

    fn after(&self, call: &Call) {
        self.state().calls.push(call.clone());
    }
}
