//! What can go wrong, named by what the caller can do about it. Each dialect puts it in its own words.

use domain::{EntropyError, Violations};
use table::TableError;

/// An error on its way to the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// Mend these places of the request (400).
    Invalid(Violations),
    /// The body is no JSON object (400); the text says what it is.
    Malformed(String),
    /// Ask another way (400): a query, filter or path that can't be served as it is.
    Query {
        /// A stable word for programs.
        code: &'static str,
        /// What to do about it.
        detail: String,
    },
    /// Send another content type (415); the text names the ones taken.
    UnsupportedMediaType(&'static str),
    /// Send less (413).
    TooLarge,
    /// Get a token (401); the text says what is wrong with the one sent, if one was.
    Unauthorized(Option<&'static str>),
    /// Get a token with the client's credentials that were sent instead (401).
    NoToken,
    /// Get a token with these scopes, separated by spaces (403).
    InsufficientScope(String),
    /// Not with this token, whatever its scopes (403).
    Forbidden(&'static str),
    /// There is no such thing, or not for this caller (404).
    NotFound(&'static str),
    /// There is such a path, but it takes other methods (405); these.
    MethodNotAllowed(Vec<&'static str>),
    /// The state of things forbids it (409).
    Conflict {
        /// A stable word for programs.
        code: &'static str,
        /// What to do about it.
        detail: String,
    },
    /// Read it again: it is in another version (412).
    PreconditionFailed,
    /// Use another idempotency key: this one was sent with another request (422).
    KeyReused,
    /// An error of the OAuth endpoints (RFC 6749 §5.2).
    OAuth(OAuthError),
    /// Try again later (503).
    Unavailable(String),
    /// Our fault (500); the text is logged, never sent.
    Internal(String),
}

/// RFC 6749 §5.2, RFC 8707 §2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthError {
    /// The registered error code.
    pub error: &'static str,
    /// For developers.
    pub description: String,
}

impl ApiError {
    /// An OAuth error; `invalid_client` is a 401 with a challenge, any other a 400.
    pub fn oauth(error: &'static str, description: impl Into<String>) -> Self {
        Self::OAuth(OAuthError {
            error,
            description: description.into(),
        })
    }

    /// A query that can't be served.
    pub fn query(code: &'static str, detail: impl Into<String>) -> Self {
        Self::Query {
            code,
            detail: detail.into(),
        }
    }

    /// Our fault.
    pub fn internal(what: impl Into<String>) -> Self {
        Self::Internal(what.into())
    }

    /// The HTTP status of the native and OAuth dialects.
    pub fn status(&self) -> u16 {
        match self {
            Self::OAuth(e) if e.error == "invalid_client" => 401,
            Self::Invalid(_) | Self::Malformed(_) | Self::Query { .. } | Self::OAuth(_) => 400,
            Self::UnsupportedMediaType(_) => 415,
            Self::TooLarge => 413,
            Self::Unauthorized(_) | Self::NoToken => 401,
            Self::InsufficientScope(_) | Self::Forbidden(_) => 403,
            Self::NotFound(_) => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::Conflict { .. } => 409,
            Self::PreconditionFailed => 412,
            Self::KeyReused => 422,
            Self::Unavailable(_) => 503,
            Self::Internal(_) => 500,
        }
    }

    /// A stable word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid-request",
            Self::Malformed(_) => "malformed-body",
            Self::UnsupportedMediaType(_) => "unsupported-media-type",
            Self::TooLarge => "body-too-large",
            Self::Unauthorized(_) | Self::NoToken => "unauthorized",
            Self::InsufficientScope(_) => "insufficient-scope",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not-found",
            Self::MethodNotAllowed(_) => "method-not-allowed",
            Self::Conflict { code, .. } | Self::Query { code, .. } => code,
            Self::PreconditionFailed => "precondition-failed",
            Self::KeyReused => "idempotency-key-reused",
            Self::OAuth(e) => e.error,
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// A short title, the same for every error of this code.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::OAuth(_) | Self::Query { .. } => "Invalid request",
            Self::Malformed(_) => "Malformed body",
            Self::UnsupportedMediaType(_) => "Unsupported media type",
            Self::TooLarge => "Body too large",
            Self::Unauthorized(_) | Self::NoToken => "Unauthorized",
            Self::InsufficientScope(_) => "Insufficient scope",
            Self::Forbidden(_) => "Forbidden",
            Self::NotFound(_) => "Not found",
            Self::MethodNotAllowed(_) => "Method not allowed",
            Self::Conflict { .. } => "Conflict",
            Self::PreconditionFailed => "Precondition failed",
            Self::KeyReused => "Idempotency key reused",
            Self::Unavailable(_) => "Temporarily unavailable",
            Self::Internal(_) => "Internal error",
        }
    }

    /// What happened and what to do next, for people.
    pub fn detail(&self) -> String {
        match self {
            Self::Invalid(faults) => {
                let all: Vec<_> = faults.iter().map(ToString::to_string).collect();
                all.join("; ")
            }
            Self::Malformed(what) => format!("The body must be a JSON object; {what}."),
            Self::UnsupportedMediaType(wanted) => format!("Send the body as {wanted}."),
            Self::TooLarge => format!(
                "The body may have at most {} bytes.",
                crate::request::MAX_BODY
            ),
            Self::Unauthorized(None) => {
                "Send an access token from /oauth2/token in the Authorization header: Bearer <token>."
                    .into()
            }
            Self::Unauthorized(Some(why)) => {
                format!("{why} Get a new access token from /oauth2/token.")
            }
            Self::NoToken => {
                "This takes an access token, not a client's own credentials: POST those to /oauth2/token with grant_type=client_credentials, and send a Bearer token here, Authorization: Bearer <access_token>."
                    .into()
            }
            Self::InsufficientScope(scope) => {
                let scopes = if scope.contains(' ') { "scopes" } else { "scope" };
                format!("This needs an access token with the {scopes} {scope}.")
            }
            Self::Forbidden(why) => (*why).into(),
            Self::NotFound(what) => format!("There is no such {what}."),
            Self::MethodNotAllowed(taken) => format!("This path takes {}.", taken.join(", ")),
            Self::Conflict { detail, .. } | Self::Query { detail, .. } => detail.clone(),
            Self::PreconditionFailed => {
                "It has changed since the version in If-Match; read it again and repeat the change.".into()
            }
            Self::KeyReused => {
                "The key of this request was sent with another request in the last 24 hours.".into()
            }
            Self::OAuth(e) => e.description.clone(),
            Self::Unavailable(_) => "The service is busy; try again in a moment.".into(),
            Self::Internal(_) => {
                "Something went wrong on our side; quote the request id when you report it.".into()
            }
        }
    }

    /// The `WWW-Authenticate` challenge that goes with the error (RFC 6750 §3, RFC 6749 §5.2).
    pub fn challenge(&self) -> Option<String> {
        match self {
            // RFC 6750 §3.1: no error code where no token was sent.
            Self::Unauthorized(None) | Self::NoToken => Some("Bearer realm=\"roster\"".into()),
            Self::Unauthorized(Some(why)) => Some(format!(
                "Bearer realm=\"roster\", error=\"invalid_token\", error_description=\"{why}\""
            )),
            Self::InsufficientScope(scope) => Some(format!(
                "Bearer realm=\"roster\", error=\"insufficient_scope\", scope=\"{scope}\""
            )),
            // RFC 9110 §15.5.2: every 401 has one, also after credentials in the body.
            Self::OAuth(e) if e.error == "invalid_client" => {
                Some("Basic realm=\"roster\", charset=\"UTF-8\"".into())
            }
            _ => None,
        }
    }
}

/// Both values, or every fault of both; an error of another kind goes first.
pub fn both<A, B>(a: Result<A, ApiError>, b: Result<B, ApiError>) -> Result<(A, B), ApiError> {
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(ApiError::Invalid(mut all)), Err(ApiError::Invalid(more))) => {
            all.extend(more);
            Err(ApiError::Invalid(all))
        }
        (Err(ApiError::Invalid(_)) | Ok(_), Err(e)) | (Err(e), _) => Err(e),
    }
}

impl From<Violations> for ApiError {
    fn from(faults: Violations) -> Self {
        Self::Invalid(faults)
    }
}

impl From<TableError> for ApiError {
    fn from(e: TableError) -> Self {
        match e {
            TableError::Unavailable(_) => Self::Unavailable(e.to_string()),
            TableError::Corrupt { .. } | TableError::Internal(_) => Self::Internal(e.to_string()),
        }
    }
}

impl From<EntropyError> for ApiError {
    fn from(e: EntropyError) -> Self {
        Self::Internal(e.to_string())
    }
}
