//! Reads of single items, strongly consistent, of no more attributes than wanted.

use std::collections::HashMap;

use crate::{
    Table, TableError,
    item::{Item, key_item},
    keys::{Key, PK, SK},
    sdk::{GetItemInput, Request},
};

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
