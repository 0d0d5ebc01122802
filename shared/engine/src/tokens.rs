//! `ClientRequestToken`s: a transaction that comes again is answered as it was the first time.
//!
//! The engine has this too, but looks through the tokens of ten minutes at every transaction, so that each
//! one takes longer than the one before. Here the oldest lie in front.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

/// Longer than anybody tries again: the SDK gives up after 2.3 s.
const WINDOW: Duration = Duration::from_secs(30);

/// The tokens of the last seconds, with the answers to their transactions.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    answers: HashMap<String, Vec<u8>>,
    by_age: VecDeque<(Instant, String)>,
}

impl Tokens {
    /// The answer to an earlier transaction with this token.
    pub(crate) fn answer(&self, token: &str) -> Option<&[u8]> {
        self.answers.get(token).map(Vec::as_slice)
    }

    /// Keeps an answer.
    pub(crate) fn keep(&mut self, token: String, answer: Vec<u8>, now: Instant) {
        let old = |at: Instant| now.duration_since(at) >= WINDOW;
        while self.by_age.front().is_some_and(|(at, _)| old(*at)) {
            if let Some((_, token)) = self.by_age.pop_front() {
                self.answers.remove(&token);
            }
        }
        self.by_age.push_back((now, token.clone()));
        self.answers.insert(token, answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_kept_for_their_time() {
        let (mut tokens, start) = (Tokens::default(), Instant::now());
        tokens.keep("a".into(), b"1".to_vec(), start);
        tokens.keep("b".into(), b"2".to_vec(), start + WINDOW / 2);
        assert_eq!(tokens.answer("a"), Some(&b"1"[..]));
        tokens.keep("c".into(), b"3".to_vec(), start + WINDOW);
        assert_eq!(tokens.answer("a"), None);
        assert_eq!(tokens.answer("b"), Some(&b"2"[..]));
        assert_eq!((tokens.answers.len(), tokens.by_age.len()), (2, 2));
    }
}
