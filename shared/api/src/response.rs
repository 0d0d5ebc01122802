//! What goes back over HTTP.

use std::fmt;

use serde::Serialize;

/// An answer: status, headers and a text body. `Debug` leaves the body out: it may be the one that
/// shows a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for 204.
    pub body: String,
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("headers", &self.headers)
            .field("body_length", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Response {
    /// An answer without a body.
    pub const fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: String::new(),
        }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::typed(status, "application/json", body)
    }

    /// A JSON answer of another media type.
    pub fn typed(status: u16, media_type: &'static str, body: &impl Serialize) -> Self {
        // Our own answers are maps with text keys, which always serialize.
        let body = serde_json::to_string(body).unwrap_or_default();
        Self::empty(status)
            .with("content-type", media_type)
            .with_body(body)
    }

    fn with_body(mut self, body: String) -> Self {
        self.body = body;
        self
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, value)| value.as_str())
    }
}
