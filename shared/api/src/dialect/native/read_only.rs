//! Members that answers show and no request sets. An update takes one that repeats what is stored, because
//! callers send back what they read; any other value is refused, and the refusal says what changes it.

use domain::{Invalid, Violations};
use serde_json::{Map, Value};

use crate::{fields::Fields, json::pointer};

/// A member's name, and what to do about it.
pub(super) type Member = (&'static str, Why);

/// Why no request sets a member.
#[derive(Clone, Copy)]
pub(super) enum Why {
    /// The text says what changes it, or that nothing does.
    Always(&'static str),
    /// It moves with each change.
    Dated,
    /// A request that makes the thing may choose it; no later one.
    OnceMade(&'static str),
}

impl Why {
    /// What is said of another value than the stored one.
    const fn in_update(self) -> &'static str {
        match self {
            Self::Always(why) | Self::OnceMade(why) => why,
            Self::Dated => STALE,
        }
    }
}

const GIVEN: Why = Why::Always("Roster gives it once, and it never changes; leave it out");
const OPERATOR: Why = Why::Always("only an operator sets it; leave it out");
const SECRET: Why = Why::Always(
    "POST /v1/applications/{app}/clients/{client_id}/secrets issues a new one; leave it out",
);
const STATUS_OF_APP: Why =
    Why::Always("PUT /v1/applications/{app}/status changes it; leave it out here");
const STATUS_OF_CLIENT: Why = Why::Always(
    "PUT /v1/applications/{app}/clients/{client_id}/status changes it; leave it out here",
);
const CODE_NAME: Why = Why::OnceMade("an application keeps its code name; leave it out");
const FOLLOWS: Why =
    Why::Always("it follows from whether the client and its application are active; leave it out");
const SCOPES_OF_APP: Why =
    Why::Always("it follows from client_scopes and the application's roles; leave it out");
const SCOPES: Why = Why::Always("it follows from scopes and the application's roles; leave it out");
const APP: Why = Why::Always("PUT /v1/applications/{app} changes it; leave it out here");

const STALE: &str = "what is stored has another value, so it has changed since you read it; read it again and repeat your change, or leave this member out";
const IN_NEW: &str = "Roster sets it with each change; leave it out";

/// An app's.
pub(super) const OF_APP: [Member; 18] = [
    ("app_id", GIVEN),
    ("tenant_id", GIVEN),
    ("app_code_name", CODE_NAME),
    ("client_id", GIVEN),
    ("client_secret", SECRET),
    ("active", STATUS_OF_APP),
    ("effective", FOLLOWS),
    ("effective_scopes", SCOPES_OF_APP),
    ("status_change", STATUS_OF_APP),
    ("previous_status_change", STATUS_OF_APP),
    ("reason", STATUS_OF_APP),
    ("login_preferences", OPERATOR),
    ("password_sharing_group_id", OPERATOR),
    ("created_at", GIVEN),
    ("created_by", GIVEN),
    ("updated_at", Why::Dated),
    ("updated_by", Why::Dated),
    ("version", Why::Dated),
];

/// A client's.
pub(super) const OF_CLIENT: [Member; 17] = [
    ("app_id", GIVEN),
    ("tenant_id", GIVEN),
    ("client_id", GIVEN),
    ("client_secret", SECRET),
    ("default", GIVEN),
    ("active", STATUS_OF_CLIENT),
    ("effective", FOLLOWS),
    ("effective_scopes", SCOPES),
    ("status_change", STATUS_OF_CLIENT),
    ("previous_status_change", STATUS_OF_CLIENT),
    ("reason", STATUS_OF_CLIENT),
    ("app", APP),
    ("created_at", GIVEN),
    ("created_by", GIVEN),
    ("updated_at", Why::Dated),
    ("updated_by", Why::Dated),
    ("version", Why::Dated),
];

/// The same request, which makes something, with a fault for each of them.
pub(super) fn refuse(mut fields: Fields, members: &[Member]) -> Fields {
    for (name, why) in members {
        let why = match why {
            Why::Always(why) => why,
            Why::Dated => IN_NEW,
            Why::OnceMade(_) => continue,
        };
        if fields.take(name).is_some() {
            fields.fault(name, Invalid::ReadOnly(why));
        }
    }
    fields
}

/// The read-only members of something that is there.
pub(super) struct ReadOnly<'a> {
    members: &'static [Member],
    /// What an answer shows of the thing.
    shown: &'a Map<String, Value>,
}

impl<'a> ReadOnly<'a> {
    /// Those of `members` in what is `shown` of the thing.
    pub(super) const fn new(members: &'static [Member], shown: &'a Map<String, Value>) -> Self {
        Self { members, shown }
    }

    /// Adds them to a document that a request is to be laid over.
    pub(super) fn add_to(&self, document: &mut Map<String, Value>) {
        for (name, _) in self.members {
            if let Some(value) = self.shown.get(*name) {
                document.insert((*name).to_owned(), value.clone());
            }
        }
    }

    /// Takes them out of a document that a request was laid over; one that is no longer as it is shown is a
    /// fault. Null stands for one that is not there.
    pub(super) fn judge(&self, document: &mut Map<String, Value>) -> Violations {
        let mut faults = Violations::default();
        for (name, why) in self.members {
            let now = document.remove(*name).filter(|value| !value.is_null());
            if now.as_ref() != self.shown.get(*name) {
                faults.push(pointer("", name), Invalid::ReadOnly(why.in_update()));
            }
        }
        faults
    }

    /// Whether a pointer is to one of them, or into it.
    pub(super) fn holds(&self, place: &str) -> bool {
        self.members.iter().any(|(name, _)| {
            let rest = place.strip_prefix(&pointer("", name));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}
