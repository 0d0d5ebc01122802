//! What goes back over HTTP.

use std::{fmt, io};

use serde::Serialize;

/// An answer's body has at most so many bytes as Lambda counts them: written into a JSON string, where
/// each quote and backslash takes two. A function's whole answer may have 6 291 456; what is left is
/// more than any headers take.
pub const MAX_ANSWER: usize = 5 * 1024 * 1024;
/// What a list's own members take, and the places between its items.
const AROUND: usize = 64 * 1024;

/// How many of these items, from the first on, an answer has room for.
pub fn room_for<T: Serialize>(items: &[T]) -> usize {
    let mut taken = Escaped(AROUND);
    let fits = |item: &&T| {
        // A counter never fails, nor do our own items.
        let _ = serde_json::to_writer(&mut taken, item);
        taken.0 = taken.0.saturating_add(1);
        taken.0 <= MAX_ANSWER
    };
    items.iter().take_while(fits).count()
}

/// Counts what is written, as a part of a JSON string.
struct Escaped(usize);

impl io::Write for Escaped {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let escaped = text.iter().filter(|byte| matches!(byte, b'"' | b'\\'));
        self.0 = self.0.saturating_add(text.len() + escaped.count());
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

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

    /// A page.
    pub fn html(status: u16, page: String) -> Self {
        Self::empty(status)
            .with("content-type", "text/html; charset=utf-8")
            .with_body(page)
    }

    /// Whether it is no longer than an answer may be.
    pub fn fits(&self) -> bool {
        // Most are so short that no escape could matter.
        if self.body.len() <= MAX_ANSWER / 2 {
            return true;
        }
        let escapes = self.body.bytes().filter(|b| matches!(b, b'"' | b'\\'));
        self.body.len().saturating_add(escapes.count()) <= MAX_ANSWER
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Answer;

    #[test]
    fn an_answer_is_measured_as_lambda_counts_it() {
        // Nothing but quotes: each is two bytes of the body, and four of the event.
        let items = vec!["\"".repeat(10_000); 200];
        let count = room_for(&items);
        let answer = |count: usize| Response::json(200, &items.get(..count));
        let bytes = |count: usize| serde_json::to_string(&Answer(answer(count))).map(|t| t.len());
        assert!(answer(count).fits());
        assert!(bytes(count).unwrap() <= MAX_ANSWER + 200);
        assert!(bytes(count + 3).unwrap() > MAX_ANSWER);
        assert!(!answer(count + 3).fits());
        assert_eq!(room_for(&items[..3]), 3);
    }
}
