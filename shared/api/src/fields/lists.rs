//! Lists of texts and of objects, and where in the body an item stands when others could not be read.

use domain::Invalid;
use serde_json::Value;

use super::Fields;

impl Fields {
    /// Notes a fault at an item of the list `name`.
    fn fault_at(&mut self, name: &str, at: usize, invalid: Invalid) {
        let pointer = format!("{}/{at}", self.pointer(name));
        self.faults.push(pointer, invalid);
    }

    /// An optional list of texts, each parsed; a set, so nothing may stand in it twice. Where items can't be
    /// read, each is a fault, and the others are judged with the whole.
    pub fn list<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.present(name)? else {
            self.fault(name, Invalid::Type("an array of strings"));
            return None;
        };
        if items.len() > max {
            self.fault(name, Invalid::TooMany(max));
            return None;
        }
        let mut read: Vec<T> = Vec::with_capacity(items.len());
        let mut places = Vec::with_capacity(items.len());
        for (at, item) in items.iter().enumerate() {
            let parsed = match item.as_str() {
                None => Err(Invalid::Type("a string")),
                Some(text) => match parse(text) {
                    Ok(value) if read.contains(&value) => Err(Invalid::Duplicate),
                    parsed => parsed,
                },
            };
            match parsed {
                Ok(value) => {
                    read.push(value);
                    places.push(at);
                }
                Err(invalid) => self.fault_at(name, at, invalid),
            }
        }
        self.note_gaps(name, items.len(), places);
        Some(read)
    }

    /// Remembers where in the list `name` of `length` items those that were read stand.
    fn note_gaps(&mut self, name: &str, length: usize, places: Vec<usize>) {
        if places.len() < length {
            self.gaps.push((self.pointer(name), places));
        }
    }

    /// A required list of texts; empty when it could not be read.
    pub fn required_list<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        parse: impl Fn(&str) -> Result<T, Invalid>,
    ) -> Vec<T> {
        self.require(name);
        self.list(name, max, parse).unwrap_or_default()
    }

    /// An optional list of objects, each read by `read`.
    pub fn objects<T: PartialEq>(
        &mut self,
        name: &str,
        max: usize,
        read: impl Fn(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Value::Array(items) = self.present(name)? else {
            self.fault(name, Invalid::Type("an array of objects"));
            return None;
        };
        if items.len() > max {
            self.fault(name, Invalid::TooMany(max));
            return None;
        }
        let length = items.len();
        let (mut all, mut places) = (Vec::with_capacity(length), Vec::with_capacity(length));
        for (at, item) in items.into_iter().enumerate() {
            let Value::Object(members) = item else {
                self.fault_at(name, at, Invalid::Type("an object"));
                continue;
            };
            let pointer = self.pointer(name) + &format!("/{at}");
            let mut inner = Self::within(pointer, members, Vec::new());
            let value = read(&mut inner);
            self.faults.extend(inner.into_faults());
            match value {
                Some(value) if all.contains(&value) => {
                    self.fault_at(name, at, Invalid::Duplicate);
                }
                Some(value) => {
                    all.push(value);
                    places.push(at);
                }
                None => {}
            }
        }
        self.note_gaps(name, length, places);
        Some(all)
    }
}

/// The pointer as the body has it, where that of a list's item counts only what was read.
pub(super) fn as_sent(gaps: &[(String, Vec<usize>)], pointer: &str) -> String {
    let sent = |(list, places): &(String, Vec<usize>)| {
        let item = pointer.strip_prefix(list.as_str())?.strip_prefix('/')?;
        let (at, rest) = item.split_at(item.find('/').unwrap_or(item.len()));
        let place = places.get(at.parse::<usize>().ok()?)?;
        Some(format!("{list}/{place}{rest}"))
    };
    let sent = gaps.iter().find_map(sent);
    sent.unwrap_or_else(|| pointer.to_owned())
}
