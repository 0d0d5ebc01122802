//! Reads a JSON object member by member and collects every fault, each with its pointer.
//!
//! A dialect takes the members it knows; what is left at the end is unknown.

use domain::{Invalid, Violations};
use serde_json::{Map, Value};

use crate::{
    ApiError, Request,
    json::{self, Names, pointer},
};

/// The members of one JSON object that are still to be read.
#[derive(Debug)]
pub struct Fields {
    members: Map<String, Value>,
    /// Pointers to members that a merge patch took away: one that nobody asks for is unknown too.
    removed: Vec<String>,
    path: String,
    faults: Violations,
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
        }
    }

    fn pointer(&self, name: &str) -> String {
        pointer(&self.path, name)
    }

    /// Notes a fault at an item of the list `name`.
    fn fault_at(&mut self, name: &str, at: usize, invalid: Invalid) {
        let pointer = format!("{}/{at}", self.pointer(name));
        self.faults.push(pointer, invalid);
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

    fn parsed<T>(&mut self, name: &str, parsed: Result<T, Invalid>) -> Option<T> {
        parsed.map_err(|invalid| self.fault(name, invalid)).ok()
    }

    /// An optional text, parsed.
    pub fn text<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, Invalid>) -> Option<T> {
        let parsed = match self.take(name)? {
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
        if !self.has(name) {
            self.fault(name, Invalid::Required);
        }
        self.text(name, parse)
    }

    /// An optional list of texts, each parsed; a set, so nothing may stand in it twice.
    pub fn list<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.take(name)? else {
            self.fault(name, Invalid::Type("an array of strings"));
            return None;
        };
        if items.len() > max {
            self.fault(name, Invalid::TooMany(max));
            return None;
        }
        let mut read: Vec<T> = Vec::with_capacity(items.len());
        let mut whole = true;
        for (at, item) in items.iter().enumerate() {
            let parsed = match item.as_str() {
                None => Err(Invalid::Type("a string")),
                Some(text) => match parse(text) {
                    Ok(value) if read.contains(&value) => Err(Invalid::Duplicate),
                    parsed => parsed,
                },
            };
            match parsed {
                Ok(value) => read.push(value),
                Err(invalid) => {
                    self.fault_at(name, at, invalid);
                    whole = false;
                }
            }
        }
        whole.then_some(read)
    }

    /// A required list of texts; empty when it could not be read.
    pub fn required_list<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Vec<T> {
        if !self.has(name) {
            self.fault(name, Invalid::Required);
        }
        self.list(name, max, parse).unwrap_or_default()
    }

    /// A required boolean; `false` when it could not be read.
    pub fn required_boolean(&mut self, name: &str) -> bool {
        if !self.has(name) {
            self.fault(name, Invalid::Required);
        }
        self.boolean(name).unwrap_or_default()
    }

    /// An optional boolean.
    pub fn boolean(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.take(name)? {
            Value::Bool(value) => Ok(value),
            _ => Err(Invalid::Type("true or false")),
        };
        self.parsed(name, parsed)
    }

    /// An optional boolean that may come as a string, as the openid-apps seed sends `trusted`.
    pub fn loose_boolean(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.take(name)? {
            Value::Bool(value) => Ok(value),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(Invalid::Type("true or false")),
        };
        self.parsed(name, parsed)
    }

    /// An optional whole number from `min` to `max`.
    pub fn integer(&mut self, name: &str, min: i64, max: i64) -> Option<i64> {
        let parsed = match self.take(name)?.as_i64() {
            Some(value) if (min..=max).contains(&value) => Ok(value),
            _ => Err(Invalid::Range(min, max)),
        };
        self.parsed(name, parsed)
    }

    /// An optional object, read by `read`; its own unknown members are faults too.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        let Value::Object(members) = self.take(name)? else {
            self.fault(name, Invalid::Type("an object"));
            return None;
        };
        let mut inner = Self {
            members,
            removed: self.removed_within(name),
            path: self.pointer(name),
            faults: Violations::default(),
        };
        let value = read(&mut inner);
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

    /// An optional list of objects, each read by `read`.
    pub fn objects<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.take(name)? else {
            self.fault(name, Invalid::Type("an array of objects"));
            return None;
        };
        if items.len() > max {
            self.fault(name, Invalid::TooMany(max));
            return None;
        }
        let mut all = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let Value::Object(members) = item else {
                self.fault_at(name, at, Invalid::Type("an object"));
                continue;
            };
            let mut inner = Self {
                members,
                removed: Vec::new(),
                path: self.pointer(name) + &format!("/{at}"),
                faults: Violations::default(),
            };
            let value = read(&mut inner);
            self.faults.extend(inner.into_faults());
            match value {
                Some(value) if all.contains(&value) => {
                    self.fault_at(name, at, Invalid::Duplicate);
                }
                Some(value) => all.push(value),
                None => {}
            }
        }
        Some(all)
    }

    /// Takes any value that `parse` understands.
    pub fn value<T>(
        &mut self,
        name: &str,
        parse: impl Fn(Value) -> Result<T, Invalid>,
    ) -> Option<T> {
        let parsed = parse(self.take(name)?);
        self.parsed(name, parsed)
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
mod tests {
    use super::*;
    use domain::Name;
    use serde_json::json;

    fn fields(value: Value) -> Fields {
        let Value::Object(members) = value else {
            panic!("an object")
        };
        Fields::new(members)
    }

    #[test]
    fn every_fault_is_found_with_its_pointer() {
        let mut f = fields(json!({
            "name": 1, "tags": ["a", 2, "a"], "on": "yes", "n": 1.5,
            "inner": {"x/y": 1}, "odd": null,
        }));
        assert_eq!(f.required("name", Name::parse), None);
        assert_eq!(f.required("other", Name::parse), None);
        assert_eq!(f.list("tags", 9, Name::parse), None);
        assert_eq!(f.boolean("on"), None);
        assert_eq!(f.integer("n", 1, 9), None);
        assert_eq!(f.object("inner", |_| ()), Some(()));
        let faults = f.into_faults();
        let at: Vec<_> = faults
            .iter()
            .map(|v| (v.pointer.as_str(), v.invalid.code()))
            .collect();
        assert_eq!(
            at,
            [
                ("/name", "wrong_type"),
                ("/other", "required"),
                ("/tags/1", "wrong_type"),
                ("/tags/2", "duplicate"),
                ("/on", "wrong_type"),
                ("/n", "out_of_range"),
                ("/inner/x~1y", "unknown_member"),
                ("/odd", "unknown_member"),
            ]
        );
    }
}
