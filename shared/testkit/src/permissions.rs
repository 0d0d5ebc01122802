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

/// What IAM is asked about a request: each part of a transaction is an action of its own.
fn accesses(request: &Request) -> Vec<Access> {
    let json = &request.json;
    let access = |action: &str, key: &Value| Access {
        action: action.to_owned(),
        index: None,
        key: key["pk"]["S"].as_str().unwrap().to_owned(),
    };
    let named = |part: &Value| part.get("Item").or(part.get("Key")).unwrap().clone();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match request.operation.as_str() {
        "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem" => {
            vec![access(&request.operation, &named(json))]
        }
        "Query" => vec![Access {
            action: "Query".into(),
            index: json["IndexName"].as_str().map(str::to_owned),
            key: queried(json),
        }],
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = json["RequestItems"].as_object().unwrap();
            let parts = tables.values().flat_map(|table| match table.get("Keys") {
                Some(keys) => list(keys),
                None => list(table)
                    .iter()
                    .flat_map(|write| write.as_object().unwrap().values().map(named))
                    .collect(),
            });
            parts.map(|key| access(&request.operation, &key)).collect()
        }
        "TransactWriteItems" | "TransactGetItems" => list(&json["TransactItems"])
            .iter()
            .flat_map(|part| part.as_object().unwrap().clone())
            .map(|(kind, part)| access(&format!("{kind}Item"), &named(&part)))
            .collect(),
        other => vec![Access {
            action: other.to_owned(),
            index: None,
            key: String::new(),
        }],
    }
}

/// The partition that a query reads: the value that its key condition compares with `=`.
fn queried(json: &Value) -> String {
    let condition = json["KeyConditionExpression"].as_str().unwrap();
    let value = condition.split_once("= ").unwrap().1;
    let value = value.split_whitespace().next().unwrap();
    let value = &json["ExpressionAttributeValues"][value]["S"];
    value.as_str().unwrap().to_owned()
}
