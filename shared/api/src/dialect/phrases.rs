//! How a dialect says why a request is refused. Rules and handlers give the reason, in words that every dialect has;
//! what to do about it names members, headers and paths, and those are the dialect's own.

use domain::{Invalid, Violation};

use crate::ApiError;

/// A dialect's phrases for errors. A test holds that no answer has a word that only another dialect has.
pub(super) trait Phrases {
    /// What to do about an error of this code, where that takes the dialect's own words.
    fn advice(&self, _code: &str) -> Option<&'static str> {
        None
    }

    /// What is wrong with a value, where a rule of the domain takes the dialect's own words.
    fn rule(&self, _broken: &Invalid) -> Option<&'static str> {
        None
    }

    /// A fault with its place.
    fn fault(&self, fault: &Violation) -> String {
        let Some(own) = self.rule(&fault.invalid) else {
            return fault.to_string();
        };
        let (place, invalid) = (fault.place.clone(), Invalid::Conflict(own));
        Violation { place, invalid }.to_string()
    }

    /// What happened and what to do next, for people.
    fn detail(&self, error: &ApiError) -> String {
        advised(self, error)
    }
}

/// The reason, and the dialect's advice about it.
pub(super) fn advised(dialect: &(impl Phrases + ?Sized), error: &ApiError) -> String {
    if let ApiError::Invalid(faults) = error {
        let all: Vec<_> = faults.iter().map(|fault| dialect.fault(fault)).collect();
        return all.join("; ");
    }
    let reason = error.detail();
    match dialect.advice(error.code()) {
        Some(advice) => format!("{}; {advice}.", reason.trim_end_matches('.')),
        None => reason,
    }
}
