//! Reads a JSON object member by member and collects every fault, each with its pointer.
//!
//! A dialect takes the members it knows; what is left at the end is unknown.

use domain::{Invalid, Violations};
use serde_json::{Map, Value};

use crate::{
    ApiError, Request,
    json::{self, Names, pointer},
};

mod lists;

/// The members of one JSON object that are still to be read.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    /// Pointers to members that a merge patch took away: one that nobody asks for is unknown too.
    removed: Vec<String>,
    path: String,
    faults: Violations,
    nulls: Nulls,
    /// Lists of which not all could be read: the pointer of each, and where in it what was read stands.
    gaps: Vec<(String, Vec<usize>)>,
}

/// What is said of a member that is null, which is no value.
#[derive(Debug, Clone, Copy)]
pub struct Nulls {
    /// Of one that may be left out.
    pub optional: &'static str,
    /// Of one that must be there.
    pub required: &'static str,
}

impl Nulls {
    /// Where what is left out gets its default.
    pub const IN_NEW: Self = Self {
        optional: "leave it out to have its default",
        required: "it is required",
    };
}

impl Fields {
    /// The body of a request: a JSON object in one of `media_types`.
    pub fn of_body(request: &Request, media_types: &'static str) -> Result<Self, ApiError> {
        Self::of(request, media_types, Names::Exact)
    }

    /// The same, its names compared as `names` says.
    pub fn of(
        request: &Request,
        media_types: &'static str,
        names: Names,
    ) -> Result<Self, ApiError> {
        let sent = request.media_type();
        if !media_types.split(" or ").any(|taken| taken == sent) {
            return Err(ApiError::UnsupportedMediaType(media_types));
        }
        Ok(Self::new(json::object(&request.body, names)?))
    }

    /// The members of an object that stands for a whole body.
    pub fn new(members: Map<String, Value>) -> Self {
        Self::patched(members, Vec::new())
    }

    /// Such an object after a merge patch that took the members at `removed` away.
    pub fn patched(members: Map<String, Value>, removed: Vec<String>) -> Self {
        Self {
            members,
            removed,
            path: String::new(),
            faults: Violations::default(),
            nulls: Nulls::IN_NEW,
            gaps: Vec::new(),
        }
    }

    /// The same, where nulls are answered so.
    #[must_use]
    pub const fn with_nulls(mut self, nulls: Nulls) -> Self {
        self.nulls = nulls;
        self
    }

    /// The same, with faults that were found already.
    #[must_use]
    pub fn with_faults(mut self, faults: Violations) -> Self {
        self.faults.extend(faults);
        self
    }

    /// The members of an object that stands in this one, at `pointer`.
    fn within(pointer: String, members: Map<String, Value>, removed: Vec<String>) -> Self {
        Self {
            path: pointer,
            ..Self::patched(members, removed)
        }
    }

    fn pointer(&self, name: &str) -> String {
        pointer(&self.path, name)
    }

    /// Notes a fault at the member `name`.
    pub fn fault(&mut self, name: &str, invalid: Invalid) {
        let pointer = self.pointer(name);
        self.faults.push(pointer, invalid);
    }

    /// Takes a member as it is.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        if !self.removed.is_empty() {
            let pointer = self.pointer(name);
            self.removed.retain(|removed| *removed != pointer);
        }
        self.members.remove(name)
    }

    /// Whether a member is there and still unread.
    pub fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// Whether a member is there and null.
    pub fn is_null(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(Value::is_null)
    }

    /// Takes a member that has a value; null is none.
    fn present(&mut self, name: &str) -> Option<Value> {
        let value = self.take(name)?;
        if value.is_null() {
            self.fault(name, Invalid::Null(self.nulls.optional));
            return None;
        }
        Some(value)
    }

    /// Notes it where a required member is absent or null.
    fn require(&mut self, name: &str) {
        match self.members.get(name) {
            Some(Value::Null) => {
                self.take(name);
                self.fault(name, Invalid::Null(self.nulls.required));
            }
            Some(_) => {}
            None => self.fault(name, Invalid::Required),
        }
    }

    fn parsed<T>(&mut self, name: &str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.fault(name, invalid)).ok()
    }

    /// An optional text, parsed.
    pub fn text<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let parsed = match self.present(name)? {
            Value::String(text) => parse(&text),
            _ => Err(Invalid::Type("a string")),
        };
        self.parsed(name, parsed)
    }

    /// A required text, parsed.
    pub fn required<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<T> {
        self.require(name);
        self.text(name, parse)
    }

    /// A required boolean; `false` when it could not be read.
    pub fn required_boolean(&mut self, name: &str) -> bool {
        self.require(name);
        self.boolean(name).unwrap_or_default()
    }

    /// An optional boolean.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.present(name)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Invalid::Type("true or false")),
        };
        self.parsed(name, parsed)
    }

    /// An optional boolean that may come as a string, as the openid-apps seed sends `trusted`.
    pub fn loose_boolean(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.present(name)? {
            Value::Bool(value) => Ok(value),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(Invalid::Type("true or false")),
        };
        self.parsed(name, parsed)
    }

    /// An optional whole number from `min` to `max`, of what `counted` names (`domain::invalid`).
    pub fn integer(
        &mut self,
        name: &str,
        counted: &'static str,
        min: i64,
        max: i64,
    ) -> Option<i64> {
        let parsed = match self.present(name)?.as_i64() {
            Some(value) if (min..=max).contains(&value) => Ok(value),
            _ => Err(Invalid::Range(counted, min, max)),
        };
        self.parsed(name, parsed)
    }

    /// An optional object, read by `read`; its own unknown members are faults too.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(members) = self.present(name)? else {
            self.fault(name, Invalid::Type("an object"));
            return None;
        };
        let removed = self.removed_within(name);
        let mut inner = Self::within(self.pointer(name), members, removed);
        let value = read(&mut inner);
        self.gaps.append(&mut inner.gaps);
        self.faults.extend(inner.into_faults());
        Some(value)
    }

    /// Pointers to what was taken away from the object `name`.
    fn removed_within(&self, name: &str) -> Vec<String> {
        let within = self.pointer(name) + "/";
        let removed = self.removed.iter();
        removed
            .filter(|pointer| pointer.starts_with(&within))
            .cloned()
            .collect()
    }

    /// Takes any value that `parse` understands; the places of its faults are within the value.
    pub fn value<T>(
        &mut self,
        name: &str,
        parse: impl Fn(Value) -> Result<T, Violations>,
    ) -> Option<T> {
        let parsed = parse(self.present(name)?);
        let place = self.pointer(name);
        match parsed {
            Ok(value) => Some(value),
            Err(found) => {
                let found = found.renamed(|at| format!("{place}{at}"));
                self.faults.extend(found);
                None
            }
        }
    }

    /// The members that are still to be read.
    pub fn into_members(self) -> Map<String, Value> {
        self.members
    }

    /// Drops what is left, for dialects that ignore what they don't know.
    pub fn ignore_others(&mut self) {
        self.members.clear();
        self.removed.clear();
    }

    /// The faults found so far with those that `found` tells of the whole, as far as nothing is wrong at their
    /// places yet. `found` counts the items of a list that were read.
    pub fn into_faults_with(mut self, found: Violations) -> Violations {
        let gaps = std::mem::take(&mut self.gaps);
        let mut faults = self.into_faults();
        faults.extend_elsewhere(found.renamed(|pointer| lists::as_sent(&gaps, pointer)));
        faults
    }

    /// The faults found so far; whatever was not taken is unknown.
    pub fn into_faults(mut self) -> Violations {
        let mut unknown: Vec<_> = self.members.keys().map(|name| self.pointer(name)).collect();
        let parent = |pointer: &str| {
            pointer
                .rfind('/')
                .and_then(|at| pointer.get(..at).map(str::len))
        };
        self.removed.retain(|pointer| {
            pointer.starts_with(&self.path) && parent(pointer) == Some(self.path.len())
        });
        unknown.append(&mut self.removed);
        for pointer in unknown {
            self.faults.push(pointer, Invalid::Unknown);
        }
        self.faults
    }
}

#[cfg(test)]
mod tests;
