//! One `UpdateItem`, alone or in a transaction: built by name, refused with the item as it is.

use std::collections::HashMap;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::update_item::{UpdateItemError, builders::UpdateItemInputBuilder},
    types::{
        self, AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
    },
};
use domain::Version;
use serde::Serialize;

use crate::{
    Table, TableError,
    item::{Item, key_item},
    keys::Key,
    sdk::{Request, UpdateItemInput},
};

/// A path as expressions write it, each of its names behind a placeholder.
pub(crate) fn aliased(path: &str) -> String {
    let names: Vec<_> = path.split('.').map(|name| format!("#{name}")).collect();
    names.join(".")
}

/// One update of an item: what it sets and removes, and the names and values it speaks of.
pub(crate) struct Update {
    key: Key,
    sets: Vec<String>,
    removes: Vec<String>,
    names: HashMap<String, String>,
    values: HashMap<String, AttributeValue>,
}

impl Update {
    pub(crate) fn of(key: Key) -> Self {
        Self {
            key,
            sets: Vec::new(),
            removes: Vec::new(),
            names: HashMap::new(),
            values: HashMap::new(),
        }
    }

    /// Names every attribute on a path through a placeholder, because some are reserved words.
    pub(crate) fn named(mut self, path: &str) -> Self {
        for name in path.split('.') {
            self.names.insert(format!("#{name}"), name.to_owned());
        }
        self
    }

    pub(crate) fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(format!(":{placeholder}"), value);
        self
    }

    /// Sets the attribute at a path: an attribute of the item, or a member of one of its maps.
    pub(crate) fn set(mut self, path: &str, value: &impl Serialize) -> Result<Self, TableError> {
        let value = serde_dynamo::to_attribute_value(value)
            .map_err(|e| TableError::internal("encoding an attribute", &e))?;
        let placeholder = path.replace('.', "_");
        self.sets
            .push(format!("{} = :{placeholder}", aliased(path)));
        Ok(self.named(path).value(&placeholder, value))
    }

    /// Sets the attribute at `to` to what the one at `from` was before this update.
    pub(crate) fn copy(mut self, from: &str, to: &str) -> Self {
        self.sets
            .push(format!("{} = {}", aliased(to), aliased(from)));
        self.named(from).named(to)
    }

    /// Adds one to a number.
    pub(crate) fn count(mut self, path: &str) -> Self {
        let alias = aliased(path);
        self.sets.push(format!("{alias} = {alias} + :one"));
        self.named(path).value("one", AttributeValue::N("1".into()))
    }

    pub(crate) fn remove(mut self, path: &str) -> Self {
        self.removes.push(aliased(path));
        self.named(path)
    }

    /// With the end of a condition: that the item is in one of these versions, where any are asked for.
    pub(crate) fn only_in(mut self, versions: Option<&[Version]>, path: &str) -> (Self, String) {
        let Some(versions) = versions else {
            return (self, String::new());
        };
        let mut asked = Vec::with_capacity(versions.len());
        for (at, version) in versions.iter().enumerate() {
            let name = format!("in{at}");
            asked.push(format!(":{name}"));
            self = self.value(&name, AttributeValue::N(version.to_string()));
        }
        let condition = format!(" AND {} IN ({})", aliased(path), asked.join(", "));
        (self.named(path), condition)
    }

    fn expression(&self) -> String {
        let mut expression = format!("SET {}", self.sets.join(", "));
        if !self.removes.is_empty() {
            expression.push_str(" REMOVE ");
            expression.push_str(&self.removes.join(", "));
        }
        expression
    }

    /// `Ok(Err(item))` is a refused condition, with the item as it is.
    pub(crate) async fn send(
        self,
        table: &Table,
        condition: &str,
        returned: ReturnValue,
    ) -> Result<Result<Option<Item>, Option<Item>>, TableError> {
        let sent = UpdateItemInput::builder()
            .table_name(&table.name)
            .set_key(Some(key_item(&self.key)))
            .update_expression(self.expression())
            .condition_expression(condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values(returned)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send_to(&table.sdk)
            .await;
        match sent {
            Ok(answer) => Ok(Ok(answer.attributes)),
            Err(SdkError::ServiceError(e)) => match e.err() {
                UpdateItemError::ConditionalCheckFailedException(refused) => {
                    Ok(Err(refused.item().cloned()))
                }
                _ => Err(TableError::from_sdk(
                    "UpdateItem",
                    &SdkError::ServiceError(e),
                )),
            },
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e)),
        }
    }

    /// The same update as part of a transaction.
    pub(crate) fn in_transaction(
        self,
        table: &Table,
        condition: &str,
    ) -> Result<TransactWriteItem, TableError> {
        let update = types::Update::builder()
            .table_name(&table.name)
            .set_key(Some(key_item(&self.key)))
            .update_expression(self.expression())
            .condition_expression(condition)
            .set_expression_attribute_names(Some(self.names))
            .set_expression_attribute_values(Some(self.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|e| TableError::internal("update", &e))?;
        Ok(TransactWriteItem::builder().update(update).build())
    }
}

impl Table {
    /// One update under a condition; whether the condition held.
    pub(crate) async fn update_if(
        &self,
        update: UpdateItemInputBuilder,
    ) -> Result<bool, TableError> {
        match update.table_name(&self.name).send_to(&self.sdk).await {
            Ok(_) => Ok(true),
            Err(SdkError::ServiceError(e))
                if matches!(e.err(), UpdateItemError::ConditionalCheckFailedException(_)) =>
            {
                Ok(false)
            }
            Err(e) => Err(TableError::from_sdk("UpdateItem", &e)),
        }
    }
}
