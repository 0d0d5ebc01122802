//! Items to records and back: one decoder, which never takes a bad item for an absent one.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    TableError,
    keys::{Key, PK, SK},
};

/// An item as the SDK has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The version of every record's shape. A newer one is refused, not guessed at.
pub(crate) const SCHEMA: u32 = 1;

/// A kind of item: its `kind` attribute, checked on every read, so that no item is taken for another.
pub(crate) trait Record: Serialize + DeserializeOwned {
    const KIND: &'static str;
}

pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(crate) fn key_item(key: &Key) -> Item {
    HashMap::from([
        (PK.into(), text(key.pk.as_str())),
        (SK.into(), text(key.sk.as_str())),
    ])
}

/// The key of an item; empty where it is no text.
pub(crate) fn key_of(item: &Item) -> Key {
    Key {
        pk: string(item, PK).into(),
        sk: string(item, SK).into(),
    }
}

/// The item that holds `record` under `key`.
pub(crate) fn encode<R: Record>(key: &Key, record: &R) -> Result<Item, TableError> {
    let mut item: Item =
        serde_dynamo::to_item(record).map_err(|e| TableError::internal("encoding an item", &e))?;
    item.extend(key_item(key));
    item.insert("kind".into(), text(R::KIND));
    item.insert("schema".into(), AttributeValue::N(SCHEMA.to_string()));
    Ok(item)
}

/// The record that `item` holds.
pub(crate) fn decode<R: Record>(item: Item) -> Result<R, TableError> {
    let key = key_of(&item).to_string();
    match item.get("kind") {
        Some(AttributeValue::S(kind)) if kind == R::KIND => {}
        Some(AttributeValue::S(kind)) => {
            return Err(TableError::corrupt(
                key,
                format!("it is of the kind {kind:?}, not {:?}", R::KIND),
            ));
        }
        _ => return Err(TableError::corrupt(key, "it has no kind")),
    }
    match item.get("schema") {
        Some(AttributeValue::N(n)) if n.parse::<u32>().is_ok_and(|n| n <= SCHEMA) => {}
        Some(AttributeValue::N(n)) => {
            return Err(TableError::corrupt(
                key,
                format!("its schema {n} is newer than this version of Roster reads"),
            ));
        }
        _ => return Err(TableError::corrupt(key, "it has no schema version")),
    }
    serde_dynamo::from_item(item).map_err(|e| TableError::corrupt(key, e))
}

/// A text attribute, or nothing.
pub(crate) fn string<'a>(item: &'a Item, name: &str) -> &'a str {
    match item.get(name) {
        Some(AttributeValue::S(value)) => value,
        _ => "",
    }
}
