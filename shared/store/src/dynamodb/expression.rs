//! Conditions, changes and the writes of a transaction, in DynamoDB's expression language.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::{
    operation::update_item::builders::UpdateItemFluentBuilder,
    types::{
        AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update,
        builders::TransactWriteItemBuilder,
    },
};
use serde::Serialize;

use crate::dynamodb::{
    error::{Result, StoreError},
    item::{Item, ItemAttributes, key_attributes, number_value, string_value, to_attributes},
    key::Key,
};

/// A condition on a write. `expression` in DynamoDB's language; values are bound, never spliced.
#[derive(Clone, Debug, Default)]
pub struct ConditionExpression {
    pub(crate) expression: Option<String>,
    pub(crate) names: Option<HashMap<String, String>>,
    pub(crate) values: Option<ItemAttributes>,
}

impl ConditionExpression {
    pub fn new(expression: impl Into<String>) -> Self {
        Self { expression: Some(expression.into()), ..Self::default() }
    }

    /// The item is there.
    pub fn exists() -> Self {
        Self::new("attribute_exists(pk)")
    }

    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.get_or_insert_default().insert(placeholder.into(), attribute.into());
        self
    }

    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.get_or_insert_default().insert(placeholder.into(), value);
        self
    }

    #[must_use]
    pub fn text(self, placeholder: &str, value: impl Display) -> Self {
        self.value(placeholder, string_value(value))
    }

    #[must_use]
    pub fn number(self, placeholder: &str, value: impl Display) -> Self {
        self.value(placeholder, number_value(value))
    }

    /// Any serializable value, in the form items have.
    pub fn serialized(self, placeholder: &str, value: &impl Serialize) -> Result<Self> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)?;
        Ok(self.value(placeholder, value))
    }
}

/// An update expression with what is bound in it and, perhaps, a condition.
#[derive(Clone, Debug, Default)]
pub struct UpdateExpression {
    expression: String,
    bound: ConditionExpression,
}

impl UpdateExpression {
    pub fn new(expression: impl Into<String>) -> Self {
        Self { expression: expression.into(), bound: ConditionExpression::default() }
    }

    #[must_use]
    pub fn with_condition(mut self, condition: impl Into<String>) -> Self {
        self.bound.expression = Some(condition.into());
        self
    }

    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.bound = self.bound.name(placeholder, attribute);
        self
    }

    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.bound = self.bound.value(placeholder, value);
        self
    }

    #[must_use]
    pub fn text(self, placeholder: &str, value: impl Display) -> Self {
        self.value(placeholder, string_value(value))
    }

    #[must_use]
    pub fn number(self, placeholder: &str, value: impl Display) -> Self {
        self.value(placeholder, number_value(value))
    }

    /// Any serializable value, in the form items have.
    pub fn serialized(mut self, placeholder: &str, value: &impl Serialize) -> Result<Self> {
        self.bound = self.bound.serialized(placeholder, value)?;
        Ok(self)
    }

    pub(crate) fn apply(self, update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        update
            .update_expression(self.expression)
            .set_condition_expression(self.bound.expression)
            .set_expression_attribute_names(self.bound.names)
            .set_expression_attribute_values(self.bound.values)
    }
}

/// One write of a transaction.
pub struct TransactWrite(TransactWriteKind);

enum TransactWriteKind {
    Put(ItemAttributes, ConditionExpression),
    Update(Key, UpdateExpression),
    Delete(Key, ConditionExpression),
    Check(Key, ConditionExpression),
}

impl TransactWrite {
    pub fn put<T: Item>(item: &T, condition: ConditionExpression) -> Result<Self> {
        Ok(Self(TransactWriteKind::Put(to_attributes(item)?, condition)))
    }

    /// A put where nothing may lie yet.
    pub fn put_new<T: Item>(item: &T) -> Result<Self> {
        Self::put(item, ConditionExpression::new("attribute_not_exists(pk)"))
    }

    pub const fn update(key: Key, change: UpdateExpression) -> Self {
        Self(TransactWriteKind::Update(key, change))
    }

    pub const fn delete(key: Key, condition: ConditionExpression) -> Self {
        Self(TransactWriteKind::Delete(key, condition))
    }

    pub const fn check(key: Key, condition: ConditionExpression) -> Self {
        Self(TransactWriteKind::Check(key, condition))
    }

    pub(crate) fn build(self, table: &str) -> Result<TransactWriteItem> {
        let item = TransactWriteItem::builder();
        let built = match self.0 {
            TransactWriteKind::Put(attributes, condition) => Put::builder()
                .table_name(table)
                .set_item(Some(attributes))
                .set_condition_expression(condition.expression)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values)
                .build()
                .map(|put| item.put(put)),
            TransactWriteKind::Update(key, change) => Update::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .update_expression(change.expression)
                .set_condition_expression(change.bound.expression)
                .set_expression_attribute_names(change.bound.names)
                .set_expression_attribute_values(change.bound.values)
                .build()
                .map(|update| item.update(update)),
            TransactWriteKind::Delete(key, condition) => Delete::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .set_condition_expression(condition.expression)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values)
                .build()
                .map(|delete| item.delete(delete)),
            TransactWriteKind::Check(key, condition) => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .set_condition_expression(condition.expression)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values)
                .build()
                .map(|check| item.condition_check(check)),
        };
        built
            .map(TransactWriteItemBuilder::build)
            .map_err(|error| StoreError::InvalidRequest(error.to_string()))
    }
}
