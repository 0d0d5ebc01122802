//! Reads of items by their keys, strongly consistent, of no more attributes than wanted.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use crate::{
    Table, TableError,
    item::{Item, key_item, string},
    keys::{Key, PK, SK},
    sdk::{BatchGetItemInput, GetItemInput, Request},
};

/// How often unanswered keys of a batch are asked for again.
const BATCH_TRIES: u32 = 3;

impl Table {
    /// A strongly consistent read of one item; `projection`: of some attributes only.
    pub(crate) async fn get(
        &self,
        key: &Key,
        projection: Option<&Projection>,
    ) -> Result<Option<Item>, TableError> {
        let mut get = GetItemInput::builder()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .consistent_read(true);
        if let Some(wanted) = projection {
            get = get
                .projection_expression(&wanted.expression)
                .set_expression_attribute_names(Some(wanted.names.clone()));
        }
        get.send_to(&self.sdk)
            .await
            .map(|answer| answer.item)
            .map_err(|e| TableError::from_sdk("GetItem", &e))
    }

    /// A few items in one round trip, strongly consistent, by their sort keys, which differ.
    pub(crate) async fn get_all(
        &self,
        keys: &[Key],
        attributes: &Projection,
    ) -> Result<HashMap<String, Item>, TableError> {
        let items = self.get_each(keys, attributes).await?.into_iter();
        Ok(items
            .map(|item| (string(&item, SK).to_owned(), item))
            .collect())
    }

    /// Those of a few items that are there, at most 100 keys without a repetition, in one round trip,
    /// strongly consistent, in any order.
    pub(crate) async fn get_each(
        &self,
        keys: &[Key],
        attributes: &Projection,
    ) -> Result<Vec<Item>, TableError> {
        let wanted = keys.iter().map(key_item).collect();
        let mut ask = KeysAndAttributes::builder()
            .set_keys(Some(wanted))
            .consistent_read(true)
            .projection_expression(&attributes.expression)
            .set_expression_attribute_names(Some(attributes.names.clone()))
            .build()
            .map_err(|e| TableError::internal("batch", &e))?;
        let mut found = Vec::new();
        for _ in 0..BATCH_TRIES {
            let answer = BatchGetItemInput::builder()
                .request_items(&self.name, ask)
                .send_to(&self.sdk)
                .await
                .map_err(|e| TableError::from_sdk("BatchGetItem", &e))?;
            let items = answer.responses.unwrap_or_default().remove(&self.name);
            found.extend(items.unwrap_or_default());
            match answer
                .unprocessed_keys
                .unwrap_or_default()
                .remove(&self.name)
            {
                None => return Ok(found),
                Some(rest) => ask = rest,
            }
        }
        Err(TableError::Unavailable(
            "BatchGetItem: keys stayed unprocessed".into(),
        ))
    }
}

/// The attributes that a read asks for, keys included, each behind a placeholder, because some names are
/// reserved words.
#[derive(Debug)]
pub(crate) struct Projection {
    pub(crate) expression: String,
    pub(crate) names: HashMap<String, String>,
}

impl Projection {
    /// Of the attributes in `list`, between commas.
    pub(crate) fn of(list: &str) -> Self {
        let names: Vec<_> = [PK, SK]
            .into_iter()
            .chain(list.split(", "))
            .enumerate()
            .map(|(at, name)| (format!("#p{at}"), name.to_owned()))
            .collect();
        let expression: Vec<_> = names.iter().map(|(alias, _)| alias.as_str()).collect();
        Self {
            expression: expression.join(", "),
            names: names.iter().cloned().collect(),
        }
    }

    pub(crate) fn asks_for(&self, attribute: &str) -> bool {
        self.names.values().any(|name| name == attribute)
    }
}
