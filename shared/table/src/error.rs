//! Table errors, named by what a caller can do about them.

use std::{error::Error as StdError, fmt};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    types::CancellationReason,
};
use thiserror::Error;

use crate::KeptAnswer;

/// Why the table did not answer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// Out of reach, throttled, or too slow: the same call may succeed later.
    #[error("the table is unavailable: {0}")]
    Unavailable(String),
    /// An item that this version of Roster can't read. Never treated as absent.
    #[error("the item {key} can't be read: {why}")]
    Corrupt {
        /// Its primary key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
    /// A mistake of ours, or of the deployment's permissions.
    #[error("{0}")]
    Internal(String),
}

impl TableError {
    pub(crate) fn internal(what: &str, e: &dyn fmt::Display) -> Self {
        Self::Internal(format!("{what}: {e}"))
    }

    pub(crate) fn corrupt(key: impl Into<String>, why: impl fmt::Display) -> Self {
        Self::Corrupt {
            key: key.into(),
            why: why.to_string(),
        }
    }

    /// Sorts an SDK error by what the caller can do.
    pub(crate) fn from_sdk<E, R>(operation: &str, e: &SdkError<E, R>) -> Self
    where
        E: ProvideErrorMetadata + StdError + 'static,
        R: fmt::Debug,
    {
        let code = e.code().unwrap_or_default();
        let text = format!("{operation}: {}", chain(e));
        let again = match e {
            SdkError::TimeoutError(_)
            | SdkError::DispatchFailure(_)
            | SdkError::ResponseError(_) => true,
            _ => AGAIN.contains(&code) || code.is_empty(),
        };
        if again {
            Self::Unavailable(text)
        } else {
            Self::Internal(text)
        }
    }
}

/// Error codes after which the same call may succeed later.
const AGAIN: [&str; 9] = [
    "InternalServerError",
    "InternalFailure",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// An error with its causes, without the request or the answer: those can hold digests.
fn chain<E, R>(e: &SdkError<E, R>) -> String
where
    E: ProvideErrorMetadata + StdError + 'static,
    R: fmt::Debug,
{
    if let SdkError::ServiceError(service) = e {
        return format!(
            "{} {}",
            service.err().code().unwrap_or("unknown error"),
            service.err().message().unwrap_or_default()
        );
    }
    let mut text = e.to_string();
    let mut cause = e.source();
    while let Some(e) = cause {
        text.push_str(": ");
        text.push_str(&e.to_string());
        cause = e.source();
    }
    text
}

/// What a cancelled transaction says of one of its items.
pub(crate) fn reason(reasons: &[CancellationReason], at: usize) -> &str {
    reasons
        .get(at)
        .and_then(CancellationReason::code)
        .unwrap_or("None")
}

pub(crate) const CONDITION_FAILED: &str = "ConditionalCheckFailed";

/// Whether every failed item of a cancelled transaction failed for a reason that passes.
pub(crate) fn is_passing(reasons: &[CancellationReason]) -> bool {
    let mut failed = reasons
        .iter()
        .filter_map(CancellationReason::code)
        .filter(|code| *code != "None")
        .peekable();
    failed.peek().is_some()
        && failed.all(|code| {
            matches!(
                code,
                "TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded"
            )
        })
}

/// What only one app of a tenant may have, besides its code name; its guard moves and goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unique {
    /// A name, of apps for which that was asked.
    Name,
    /// The audience that a resource server claims.
    Audience,
    /// The subdomain of an admin portal.
    Subdomain,
}

/// Why an app was not created.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CreateAppError {
    /// Another app of the tenant has the code name.
    #[error("the code name is taken")]
    CodeNameTaken,
    /// Another app of the tenant has what only one may have.
    #[error("another has the same {0:?}")]
    Taken(Unique),
    /// Another client has the chosen id.
    #[error("the client id is taken")]
    ClientIdTaken,
    /// The same idempotency key was used before; this is what was answered then.
    #[error("the idempotency key was used before")]
    Replay(Box<KeptAnswer>),
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// There is no such thing, or no longer.
    #[error("it does not exist")]
    Missing,
    /// Another app of the tenant has what only one may have.
    #[error("another has the same {0:?}")]
    Taken(Unique),
    /// The app has as many clients as it may.
    #[error("there are as many as there may be")]
    TooMany,
    /// It is no longer in the version that the change was made from.
    #[error("it has changed meanwhile")]
    Stale,
    /// The same idempotency key was used before; this is what was answered then.
    #[error("the idempotency key was used before")]
    Replay(Box<KeptAnswer>),
    /// The table did not answer.
    #[error(transparent)]
    Table(#[from] TableError),
}
