//! What an operation asks of the table, as IAM sees it: which action on which partition or index. It is held
//! against what `api::operations` grants, and so against the template.

use std::{
    collections::BTreeSet,
    fmt,
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
};

use api::operations::{self, Grant};
use engine::Request;
use serde_json::Value;

use crate::Recorder;

tokio::task_local! {
    static OPERATION: &'static str;
}

/// A use of a grant: operation, grant, and the key pattern that fitted.
pub type Use = (&'static str, &'static Grant, Option<&'static str>);

/// One thing that IAM decides about.
struct Access {
    /// The action, without its `dynamodb:`.
    action: String,
    /// The index, or none for the table.
    index: Option<String>,
    /// The partition key: what IAM calls the leading key.
    key: String,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { action, index, key } = self;
        match index {
            Some(index) => write!(f, "{action} on {index}"),
            None => write!(f, "{action} on {key}"),
        }
    }
}

/// What was used and what was not granted.
#[derive(Default)]
pub(crate) struct Permissions(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    used: BTreeSet<Use>,
    denied: Vec<String>,
}

impl Permissions {
    /// Holds a request against the grants of the operation that is under way, if one is.
    pub(crate) fn check(&self, request: &Request) {
        let Ok(name) = OPERATION.try_with(|name| *name) else {
            return;
        };
        let operation = operations::by_name(name).unwrap();
        let mut seen = self.lock();
        for access in accesses(request) {
            let Access { action, index, key } = &access;
            match operation.granting(action, index.as_deref(), key) {
                Some((grant, pattern)) => drop(seen.used.insert((name, grant, pattern))),
                None => seen.denied.push(format!("{name}: {access}")),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recorder {
    /// Every grant that was used so far.
    pub fn used_grants(&self) -> BTreeSet<Use> {
        self.permissions.lock().used.clone()
    }

    /// Runs `work` as an operation. Fails if it asks of the table what the operation is not granted.
    pub async fn as_operation<T>(&self, name: &'static str, work: impl Future<Output = T>) -> T {
        let done = OPERATION.scope(name, work).await;
        let denied = std::mem::take(&mut self.permissions.lock().denied);
        assert!(
            denied.is_empty(),
            "api::operations does not grant: {denied:?}"
        );
        done
    }
}

/// What IAM is asked about a request: each part of a transaction is an action of its own, and every
/// item of a batch is one key of the batch's.
fn accesses(request: &Request) -> Vec<Access> {
    if request.operation == "Query" {
        return vec![Access {
            action: "Query".into(),
            index: request.json["IndexName"].as_str().map(str::to_owned),
            key: queried(&request.json),
        }];
    }
    let mut keys: Vec<_> = request.keys().into_iter().map(|(pk, _)| pk).collect();
    if keys.is_empty() {
        // It names no item, a scan say: nothing grants that.
        keys.push(String::new());
    }
    let mut actions = request.actions.clone();
    if let [batch] = actions.as_slice() {
        actions = vec![batch.clone(); keys.len()];
    }
    assert_eq!(actions.len(), keys.len(), "{}", request.operation);
    let access = |(action, key)| Access {
        action,
        index: None,
        key,
    };
    actions.into_iter().zip(keys).map(access).collect()
}

/// The partition that a query reads: the value that its key condition compares with `=`.
fn queried(json: &Value) -> String {
    let condition = json["KeyConditionExpression"].as_str().unwrap();
    let value = condition.split_once("= ").unwrap().1;
    let value = value.split_whitespace().next().unwrap();
    let value = &json["ExpressionAttributeValues"][value]["S"];
    value.as_str().unwrap().to_owned()
}
