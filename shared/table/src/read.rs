//! Reads of single items, strongly consistent, of no more attributes than wanted.

use std::collections::HashMap;

use crate::{
    Table, TableError,
    item::{Item, key_item},
    keys::{Key, PK, SK},
};

impl Table {
    /// A strongly consistent read of one item; `projection` names the attributes wanted.
    pub(crate) async fn get(
        &self,
        key: &Key,
        projection: Option<&str>,
    ) -> Result<Option<Item>, TableError> {
        let mut get = self
            .client
            .get_item()
            .table_name(&self.name)
            .set_key(Some(key_item(key)))
            .consistent_read(true);
        if let Some(attributes) = projection {
            get = project(attributes, |expression, names| {
                get.projection_expression(expression)
                    .set_expression_attribute_names(Some(names))
            });
        }
        get.send()
            .await
            .map(|answer| answer.item)
            .map_err(|e| TableError::from_sdk("GetItem", &e))
    }
}

/// A projection with every attribute behind a placeholder, because some names are reserved words.
pub(crate) fn project<T>(
    attributes: &str,
    with: impl FnOnce(String, HashMap<String, String>) -> T,
) -> T {
    let names: Vec<_> = [PK, SK]
        .into_iter()
        .chain(attributes.split(", "))
        .enumerate()
        .map(|(at, name)| (format!("#p{at}"), name.to_owned()))
        .collect();
    let expression: Vec<_> = names.iter().map(|(alias, _)| alias.as_str()).collect();
    with(expression.join(", "), names.iter().cloned().collect())
}
