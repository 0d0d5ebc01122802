//! From an operation's name and JSON to the engine and back.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use dynoxide::actions::transact_write_items::TransactWriteItemsRequest;
use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::tokens::Tokens;

/// What goes back over the wire.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// One that the engine did not give.
    pub(crate) fn injected(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            body: body.to_string().into_bytes(),
        }
    }

    /// What is left of it when the connection ends too early.
    pub(crate) fn cut_in_half(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }
}

/// Executes one operation. The engine's refusals are answers too.
///
/// `tokens`: those of transactions, where they are not left to the engine.
pub(crate) fn execute(
    database: &Database,
    operation: &str,
    body: &[u8],
    tokens: Option<&Mutex<Tokens>>,
) -> Answer {
    let result = match (operation, tokens) {
        ("TransactWriteItems", Some(tokens)) => Some(transact(database, body, tokens)),
        _ => run(database, operation, body),
    };
    let Some(result) = result else {
        return Answer {
            status: 400,
            body: br#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#.to_vec(),
        };
    };
    match result.map_err(|error| worded(operation, error)) {
        Ok(body) => Answer { status: 200, body },
        Err(error) => Answer {
            status: error.status_code(),
            body: error.to_json().into_bytes(),
        },
    }
}

/// Whether an operation may write.
pub(crate) fn writes(operation: &str) -> bool {
    let reads = [
        "Get",
        "Query",
        "Scan",
        "BatchGet",
        "TransactGet",
        "Describe",
        "List",
    ];
    !reads.iter().any(|read| operation.starts_with(read))
}

fn run(db: &Database, operation: &str, body: &[u8]) -> Option<dynoxide::Result<Vec<u8>>> {
    Some(match operation {
        "GetItem" => call(db, body, Database::get_item),
        "PutItem" => call(db, body, Database::put_item),
        "UpdateItem" => call(db, body, Database::update_item),
        "DeleteItem" => call(db, body, Database::delete_item),
        "Query" => call(db, body, Database::query),
        "Scan" => call(db, body, Database::scan),
        "BatchGetItem" => call(db, body, Database::batch_get_item),
        "BatchWriteItem" => call(db, body, Database::batch_write_item),
        "TransactGetItems" => call(db, body, Database::transact_get_items),
        "TransactWriteItems" => call(db, body, Database::transact_write_items),
        "CreateTable" => call(db, body, Database::create_table),
        "DescribeTable" => call(db, body, Database::describe_table),
        "UpdateTable" => call(db, body, Database::update_table),
        "DeleteTable" => call(db, body, Database::delete_table),
        "ListTables" => call(db, body, Database::list_tables),
        "UpdateTimeToLive" => call(db, body, Database::update_time_to_live),
        "DescribeTimeToLive" => call(db, body, Database::describe_time_to_live),
        _ => return None,
    })
}

/// A transaction whose token is ours to remember.
fn transact(database: &Database, body: &[u8], tokens: &Mutex<Tokens>) -> dynoxide::Result<Vec<u8>> {
    let mut request: TransactWriteItemsRequest = decoded(body)?;
    let Some(token) = request.client_request_token.take() else {
        return encoded(&database.transact_write_items(request)?);
    };
    let mut tokens = tokens.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(answer) = tokens.answer(&token) {
        return Ok(answer.to_vec());
    }
    let answer = encoded(&database.transact_write_items(request)?)?;
    tokens.keep(token, answer.clone(), Instant::now());
    Ok(answer)
}

fn call<Q: DeserializeOwned, A: Serialize>(
    database: &Database,
    body: &[u8],
    operation: fn(&Database, Q) -> dynoxide::Result<A>,
) -> dynoxide::Result<Vec<u8>> {
    encoded(&operation(database, decoded(body)?)?)
}

fn decoded<Q: DeserializeOwned>(body: &[u8]) -> dynoxide::Result<Q> {
    serde_json::from_slice(body).map_err(|error| unreadable(&error))
}

fn encoded(answer: &impl Serialize) -> dynoxide::Result<Vec<u8>> {
    serde_json::to_vec(answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// The engine's decoders say by a prefix which of `DynamoDB`'s errors a bad request is.
fn unreadable(error: &serde_json::Error) -> DynoxideError {
    let full = error.to_string();
    let message = full
        .rsplit_once(" at line ")
        .map_or(&*full, |(text, _)| text);
    let (class, text) = message.split_once(':').unwrap_or(("", message));
    match class {
        "VALIDATION_REQUEST" => DynoxideError::EnvelopedValidation(text.to_owned()),
        "VALIDATION" | "VALIDATION_AS_READ" => DynoxideError::ValidationException(text.to_owned()),
        "SERIALIZATION" | "SERIALIZATION_AS_READ" => {
            DynoxideError::SerializationException(text.to_owned())
        }
        // A missing member or an unknown variant is invalid; a member of another type is unreadable.
        _ if [
            "missing field",
            "unknown variant",
            "type: null",
            "AttributeValue",
        ]
        .iter()
        .any(|mark| message.contains(mark)) =>
        {
            DynoxideError::ValidationException(message.to_owned())
        }
        _ => DynoxideError::SerializationException(message.to_owned()),
    }
}

/// Single writes wrap some validation messages in an envelope; the engine leaves that to its wire side.
fn worded(operation: &str, error: DynoxideError) -> DynoxideError {
    match error {
        DynoxideError::EnvelopedValidation(message)
            if matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem") =>
        {
            DynoxideError::ValidationException(format!("1 validation error detected: {message}"))
        }
        other => other,
    }
}
