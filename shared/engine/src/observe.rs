//! What an observer is told, and what it may do.

use std::fmt::Debug;
use std::time::Duration;

use aws_smithy_runtime_api::client::result::ConnectorError;
use serde_json::{Value, json};

use crate::dispatch::Answer;

/// Watches every call, and may fail it.
pub trait Observer: Send + Sync + Debug {
    /// Before the call: lets it through, or makes it fail.
    fn before(&self, call: &Request) -> Intercept {
        let _ = call;
        Intercept::Pass
    }

    /// After the call, before the SDK has its answer.
    fn after(&self, call: &Call) {
        let _ = call;
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Intercept {
    /// The engine answers.
    #[default]
    Pass,
    /// Not executed; the SDK gets this answer.
    Answer {
        /// HTTP status.
        status: u16,
        /// JSON body; see [`error_body`].
        body: Value,
    },
    /// Executed; the SDK gets this answer and not the engine's.
    ExecuteThenAnswer {
        /// HTTP status.
        status: u16,
        /// JSON body; see [`error_body`].
        body: Value,
    },
    /// Not executed: the request is lost on its way.
    Fail(Failure),
    /// Executed: the answer is lost on its way.
    ExecuteThenFail(Failure),
    /// Executed after a while, or not at all if the SDK's read timeout is shorter.
    Delay(Duration),
    /// Executed; the answer comes after a while, or not at all if the SDK's read timeout is shorter.
    ExecuteThenDelay(Duration),
    /// Not executed; the SDK gets these bytes, which need not be JSON.
    Garbage {
        /// HTTP status.
        status: u16,
        /// The body.
        body: Vec<u8>,
    },
    /// Executed; the SDK gets the first half of the answer.
    ExecuteThenTruncate,
}

/// How a connection fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The connection broke. The SDK retries.
    Io,
    /// The answer took too long. The SDK retries.
    Timeout,
    /// No connection came about: the name did not resolve, or nobody listens. The SDK retries.
    NoConnection,
    /// Anything else. The SDK does not retry.
    Other,
}

impl From<Failure> for ConnectorError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Io => Self::io("connection reset by the observer".into()),
            Failure::Timeout => Self::timeout("timed out by the observer".into()),
            Failure::NoConnection => Self::io("the name does not resolve".into()).never_connected(),
            Failure::Other => Self::other("failed by the observer".into(), None),
        }
    }
}

/// The body of a `DynamoDB` error, for an [`Intercept`].
pub fn error_body(code: &str, message: &str) -> Value {
    json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message })
}

/// One request of the SDK. Each retry is a request of its own.
#[derive(Debug, Clone)]
pub struct Request {
    /// The operation, such as `TransactWriteItems`.
    pub operation: String,
    /// The IAM actions that it needs, in order: those of its parts for a transaction, else itself.
    pub actions: Vec<String>,
    /// The body as the SDK sent it.
    pub json: Value,
}

impl Request {
    pub(crate) fn parse(operation: String, body: &[u8]) -> Result<Self, ConnectorError> {
        let json =
            serde_json::from_slice(body).map_err(|error| ConnectorError::user(Box::new(error)))?;
        let actions = actions(&operation, &json);
        Ok(Self {
            operation,
            actions,
            json,
        })
    }

    /// The `(pk, sk)` of every item that it names, in the order of its parts. A query names none.
    pub fn keys(&self) -> Vec<(String, String)> {
        keys(&self.json)
    }

    /// The body to execute: as sent, but asking for the consumed capacity if it can.
    pub(crate) fn measured_body(&self) -> String {
        let mut json = self.json.clone();
        if let (Some(_), Some(members)) = (Kind::of(&self.operation), json.as_object_mut()) {
            members
                .entry("ReturnConsumedCapacity")
                .or_insert_with(|| json!("INDEXES"));
        }
        json.to_string()
    }

    /// The report on this request: what the engine answered, and what the SDK received.
    pub(crate) fn into_call(self, executed: Option<&Answer>, received: Option<&Answer>) -> Call {
        let parsed = |answer: &Answer| serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let capacity = executed
            .map(|answer| Capacity::of(&self.operation, &parsed(answer)))
            .unwrap_or_default();
        Call {
            index: self
                .json
                .get("IndexName")
                .and_then(Value::as_str)
                .map(str::to_owned),
            keys: self.keys(),
            consistent: consistent(&self.operation, &self.json),
            status: received.map_or(0, |answer| answer.status),
            executed: executed.map(|answer| answer.status),
            capacity,
            response: received.map_or(Value::Null, parsed),
            operation: self.operation,
            actions: self.actions,
            request: self.json,
        }
    }
}

/// One call that the SDK made.
#[derive(Debug, Clone)]
pub struct Call {
    /// The operation, such as `TransactWriteItems`.
    pub operation: String,
    /// The IAM actions that it needs, in order: those of its parts for a transaction, else itself.
    pub actions: Vec<String>,
    /// The index that it reads.
    pub index: Option<String>,
    /// The `(pk, sk)` of every item that the request names, in order. A query names none.
    pub keys: Vec<(String, String)>,
    /// Whether every read in it is strongly consistent. True of transactional reads, which always are.
    pub consistent: bool,
    /// The status that the SDK received; 0 if it received no answer.
    pub status: u16,
    /// The engine's own status; none if the request never reached it.
    pub executed: Option<u16>,
    /// What the engine reports as consumed. A refusal reports nothing, though `DynamoDB` bills it.
    pub capacity: Capacity,
    /// The body as the SDK sent it.
    pub request: Value,
    /// The body that the SDK received; null if it received no answer.
    pub response: Value,
}

/// Capacity units as `DynamoDB` reports them, summed over tables.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Capacity {
    /// All units.
    pub total: f64,
    /// Units of the table itself.
    pub table: f64,
    /// Units of all its indexes.
    pub indexes: f64,
    /// The part of the total that is read units.
    pub read: f64,
    /// The part of the total that is write units.
    pub write: f64,
}

impl Capacity {
    fn of(operation: &str, response: &Value) -> Self {
        let mut sum = Self::default();
        let consumed = response.get("ConsumedCapacity");
        // One table's report, or a list with one for each table.
        let tables = consumed.filter(|one| one.is_object()).into_iter();
        for table in tables.chain(list(consumed)) {
            let total = units(table, "CapacityUnits");
            sum.total += total;
            sum.table += table
                .get("Table")
                .map_or(0.0, |t| units(t, "CapacityUnits"));
            for indexes in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
                for index in values(table.get(indexes)) {
                    sum.indexes += units(index, "CapacityUnits");
                }
            }
            // A replayed transaction reports reads; so the answer's own split goes first.
            let (read, write) = (
                units(table, "ReadCapacityUnits"),
                units(table, "WriteCapacityUnits"),
            );
            if read + write > 0.0 {
                sum.read += read;
                sum.write += write;
            } else if Kind::of(operation) == Some(Kind::Write) {
                sum.write += total;
            } else {
                sum.read += total;
            }
        }
        sum
    }
}

/// The operations that consume capacity.
#[derive(Debug, PartialEq)]
enum Kind {
    Read,
    Write,
}

impl Kind {
    fn of(operation: &str) -> Option<Self> {
        match operation {
            "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems" => Some(Self::Read),
            "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems" => {
                Some(Self::Write)
            }
            _ => None,
        }
    }
}

fn units(report: &Value, member: &str) -> f64 {
    report.get(member).and_then(Value::as_f64).unwrap_or(0.0)
}

fn list(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    value.and_then(Value::as_array).into_iter().flatten()
}

fn values(value: Option<&Value>) -> impl Iterator<Item = &Value> {
    let members = value.and_then(Value::as_object);
    members.into_iter().flat_map(serde_json::Map::values)
}

fn actions(operation: &str, request: &Value) -> Vec<String> {
    if !matches!(operation, "TransactWriteItems" | "TransactGetItems") {
        return vec![operation.to_owned()];
    }
    list(request.get("TransactItems"))
        .filter_map(Value::as_object)
        .flat_map(serde_json::Map::keys)
        .map(|part| format!("{part}Item"))
        .collect()
}

fn keys(request: &Value) -> Vec<(String, String)> {
    // A request, or a part of one, names an item whole or by its key.
    let named = |part: &Value| key(part.get("Item").or_else(|| part.get("Key"))?);
    let mut found: Vec<_> = named(request).into_iter().collect();
    for item in list(request.get("TransactItems")) {
        found.extend(values(Some(item)).filter_map(named));
    }
    for table in values(request.get("RequestItems")) {
        found.extend(list(table.get("Keys")).filter_map(key));
        for write in list(Some(table)) {
            found.extend(values(Some(write)).filter_map(named));
        }
    }
    found
}

fn key(attributes: &Value) -> Option<(String, String)> {
    let text = |name| Some(attributes.get(name)?.get("S")?.as_str()?.to_owned());
    Some((text("pk")?, text("sk")?))
}

fn consistent(operation: &str, request: &Value) -> bool {
    let asked = |read: &Value| read.get("ConsistentRead") == Some(&Value::Bool(true));
    match operation {
        "TransactGetItems" => true,
        "BatchGetItem" => values(request.get("RequestItems")).all(asked),
        _ => asked(request),
    }
}
