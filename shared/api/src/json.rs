//! The one reader of JSON bodies: what it builds is bounded while it is read, and no member is said twice.
//!
//! RFC 8259 §4 leaves open what a repeated name means, and whoever checks a body may read it otherwise
//! than whoever acts on it; so it is refused, as I-JSON does (RFC 7493 §2.3).

use std::{
    cell::{Cell, RefCell},
    collections::HashSet,
    fmt,
};

use domain::{Invalid, Violations};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::ApiError;

/// Objects and arrays may be nested so deep, the body itself included. No request here needs seven.
pub const MAX_DEPTH: usize = 16;
/// A body may have so many values, members and items alike. The largest app has some 1 200.
pub const MAX_VALUES: usize = 4096;
/// A member's name may have so many bytes: places of faults are made of names.
pub const MAX_NAME: usize = 128;

/// How names of members are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// As they are (RFC 8259 §8.3).
    Exact,
    /// Without regard to letter case (RFC 7643 §2.1): two spellings are one name.
    AnyCase,
}

/// A body as a JSON object.
///
/// Errors: [`ApiError::Malformed`] for what is none, is nested deeper than [`MAX_DEPTH`] or has more
/// values than [`MAX_VALUES`]; [`ApiError::Invalid`] with its pointer for a member that is there twice.
pub fn object(body: &[u8], names: Names) -> Result<Map<String, Value>, ApiError> {
    if body.is_empty() {
        return Err(malformed("it is empty"));
    }
    let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
    let reading = Reading {
        names,
        left: Cell::new(MAX_VALUES),
        fault: RefCell::new(None),
    };
    let place = Place {
        reading: &reading,
        within: None,
        at: At::Top,
        depth: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = place.deserialize(&mut deserializer);
    match read.and_then(|value| deserializer.end().map(|()| value)) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(malformed("it is another JSON value")),
        Err(e) => Err(reading.fault.into_inner().unwrap_or_else(|| {
            malformed(&format!(
                "it is not valid JSON at line {}, column {}",
                e.line(),
                e.column()
            ))
        })),
    }
}

fn malformed(what: &str) -> ApiError {
    ApiError::Malformed(what.to_owned())
}

/// What all places of one body share.
struct Reading {
    names: Names,
    /// How many more values may come.
    left: Cell<usize>,
    /// What was refused that is valid JSON.
    fault: RefCell<Option<ApiError>>,
}

/// Where in its parent a value stands.
#[derive(Clone, Copy)]
enum At<'a> {
    Top,
    Member(&'a str),
    Item(usize),
}

/// Where a value is read: a list of parents on the stack, made into a pointer only for a fault.
#[derive(Clone, Copy)]
struct Place<'a> {
    reading: &'a Reading,
    within: Option<&'a Place<'a>>,
    at: At<'a>,
    depth: usize,
}

impl<'a> Place<'a> {
    fn inner(&'a self, at: At<'a>) -> Place<'a> {
        Place {
            reading: self.reading,
            within: Some(self),
            at,
            depth: self.depth + 1,
        }
    }

    fn pointer(&self) -> String {
        let path = self.within.map(Self::pointer).unwrap_or_default();
        match self.at {
            At::Top => path,
            At::Member(name) => pointer(&path, name),
            At::Item(at) => format!("{path}/{at}"),
        }
    }

    fn refuse<E: Error>(&self, fault: ApiError) -> E {
        self.reading.fault.replace(Some(fault));
        // Its words are never told: the fault is.
        E::custom("refused")
    }

    /// Refuses what would be nested too deep.
    fn enter<E: Error>(&self) -> Result<(), E> {
        if self.depth < MAX_DEPTH {
            return Ok(());
        }
        let what = format!("this one is nested deeper than {MAX_DEPTH} levels");
        Err(self.refuse(ApiError::Malformed(what)))
    }

    /// Refuses a name that is too long, or that was there before.
    fn check_name<E: Error>(&self, name: &str, known: bool) -> Result<(), E> {
        if name.len() > MAX_NAME {
            let what = format!("this one has a member whose name is longer than {MAX_NAME} bytes");
            return Err(self.refuse(ApiError::Malformed(what)));
        }
        if known {
            let twice = Violations::one(self.inner(At::Member(name)).pointer(), Invalid::Repeated);
            return Err(self.refuse(twice.into()));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Place<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self.reading.left.get().checked_sub(1).ok_or_else(|| {
            let what = format!("this one has more than {MAX_VALUES} values");
            self.refuse(ApiError::Malformed(what))
        })?;
        self.reading.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Place<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut all = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner(At::Item(all.len())))? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut all = Map::new();
        let mut folded = HashSet::new();
        while let Some(name) = members.next_key::<String>()? {
            let known = match self.reading.names {
                Names::Exact => all.contains_key(&name),
                Names::AnyCase => !folded.insert(name.to_ascii_lowercase()),
            };
            self.check_name(&name, known)?;
            let value = members.next_value_seed(self.inner(At::Member(&name)))?;
            all.insert(name, value);
        }
        Ok(all.into())
    }
}

/// The pointer to the member `name` of the object at `path` (RFC 6901 §3).
pub fn pointer(path: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{path}/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(body: &str, names: Names) -> String {
        match object(body.as_bytes(), names).unwrap_err() {
            ApiError::Invalid(faults) => {
                let all = faults.iter();
                let said = all.map(|fault| {
                    format!(
                        "{} {}",
                        fault.place.pointer().unwrap(),
                        fault.invalid.code()
                    )
                });
                said.collect::<Vec<_>>().join(", ")
            }
            other => other.detail(),
        }
    }

    #[test]
    fn a_body_that_is_no_object_says_what_it_is() {
        for body in [
            &b""[..],
            b"[]",
            b"1",
            b"{",
            b"{\"a\":1",
            b"{} {}",
            b"\xff\xfe",
            b"null",
        ] {
            let read = object(body, Names::Exact);
            assert!(matches!(read, Err(ApiError::Malformed(_))), "{body:?}");
        }
        assert!(object(b" {} ", Names::Exact).is_ok());
    }

    #[test]
    fn a_member_that_is_there_twice_is_named_at_any_depth() {
        for (body, place) in [
            (r#"{"a":1,"b":2,"a":1}"#, "/a repeated"),
            (r#"{"a":1,"\u0061":1}"#, "/a repeated"),
            (r#"{"x":[0,{"y/z":{"a":1,"a":2}}]}"#, "/x/1/y~1z/a repeated"),
        ] {
            assert_eq!(refused(body, Names::Exact), place);
            assert_eq!(refused(body, Names::AnyCase), place);
        }
        let cased = r#"{"active":true,"x":{"Active":1,"ACTIVE":2}}"#;
        assert!(object(cased.as_bytes(), Names::Exact).is_ok());
        assert_eq!(refused(cased, Names::AnyCase), "/x/ACTIVE repeated");
    }

    #[test]
    fn depth_values_and_names_are_bounded_before_a_tree_is_built() {
        let nested = |depth: usize| {
            let inner = depth - 1;
            format!("{{\"a\":{}{}}}", "[".repeat(inner), "]".repeat(inner))
        };
        assert!(object(nested(MAX_DEPTH).as_bytes(), Names::Exact).is_ok());
        let deep = refused(&nested(MAX_DEPTH + 1), Names::Exact);
        assert!(deep.contains("deeper than 16"), "{deep}");
        // It is refused at its seventeenth bracket: what follows is not even read.
        let torn = format!("{{\"a\":{}", "[".repeat(60_000));
        assert!(refused(&torn, Names::Exact).contains("deeper than 16"));

        // The body and the list are values too.
        let long = |values: usize| format!("{{\"a\":[{}0]}}", "0,".repeat(values - 3));
        assert!(object(long(MAX_VALUES).as_bytes(), Names::Exact).is_ok());
        let many = refused(&long(MAX_VALUES + 1), Names::Exact);
        assert!(many.contains("more than 4096 values"), "{many}");

        let named = |length: usize| format!("{{\"{}\":1}}", "n".repeat(length));
        assert!(object(named(MAX_NAME).as_bytes(), Names::Exact).is_ok());
        let name = refused(&named(MAX_NAME + 1), Names::Exact);
        assert!(name.contains("longer than 128 bytes"), "{name}");
    }

    proptest! {
        /// What the library reads, this reads alike, or refuses for a reason of its own.
        #[test]
        fn it_reads_what_serde_json_reads(text in r#"\{("[ab]":(1|-2|3\.5|null|true|"é\\n"|\[1,\{\}\]|\{"c":1\}),?){0,4}\}"#) {
            let read = object(text.as_bytes(), Names::Exact);
            match (read, serde_json::from_str::<Value>(&text)) {
                (Ok(read), Ok(known)) => prop_assert_eq!(Value::Object(read), known),
                (Err(ApiError::Malformed(_)), Err(_)) | (Err(ApiError::Invalid(_)), _) => {}
                (read, known) => prop_assert!(false, "{:?} {:?}", read, known),
            }
        }
    }
}
