//! Answers to reads, remembered until something is written.
//!
//! A read is answered from the request and the tables alone: until the next write the same bytes get the
//! same answer, and one that comes again costs neither SQL nor JSON, nor does it wait for the engine. With
//! it is kept how many commits it shows, since it must not be given before they are on disk.

use std::collections::HashMap;

/// When more bytes would be remembered, all are forgotten.
const MOST: usize = 16 * 1024 * 1024;

/// An answer's body, and how many commits it shows.
type Known = (Vec<u8>, u64);

/// By operation and request.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    known: HashMap<String, HashMap<Vec<u8>, Known>>,
    bytes: usize,
}

impl Answers {
    /// The answer to the same read before.
    pub(crate) fn get(&self, operation: &str, request: &[u8]) -> Option<Known> {
        self.known.get(operation)?.get(request).cloned()
    }

    /// Remembers an answer.
    pub(crate) fn keep(&mut self, operation: &str, request: &[u8], answer: &[u8], seen: u64) {
        self.bytes += request.len() + answer.len();
        if self.bytes > MOST {
            self.forget();
            return;
        }
        let known = self.known.entry(operation.to_owned()).or_default();
        known.insert(request.to_vec(), (answer.to_vec(), seen));
    }

    /// Something is about to be written.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_for_the_same_bytes_until_they_are_forgotten() {
        let mut answers = Answers::default();
        answers.keep("GetItem", b"a", b"1", 7);
        assert_eq!(answers.get("GetItem", b"a"), Some((b"1".to_vec(), 7)));
        assert_eq!(answers.get("GetItem", b"b"), None);
        assert_eq!(answers.get("Query", b"a"), None);
        answers.forget();
        assert_eq!(answers.get("GetItem", b"a"), None);
    }

    #[test]
    fn no_more_is_remembered_than_may_be() {
        let mut answers = Answers::default();
        let large = vec![b'x'; MOST / 4];
        for request in [b"1", b"2", b"3", b"4", b"5"] {
            answers.keep("Query", request, &large, 1);
            assert!(answers.bytes <= MOST);
        }
        assert_eq!(answers.get("Query", b"1"), None);
    }
}
