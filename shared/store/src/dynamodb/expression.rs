//! Conditions and changes in DynamoDB's expression language.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::{operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue};
use serde::Serialize;

use crate::dynamodb::{
    error::Result,
    item::{ItemAttributes, number_value, string_value},
};

/// An expression with the names and values that its placeholders stand for. Values are bound, never spliced into the text.
///
/// `K` is what the expression does beside its condition: [`OnlyCondition`] or [`UpdateClause`].
#[derive(Clone, Debug, Default)]
pub struct Expression<K> {
    pub(crate) kind: K,
    pub(crate) condition: Option<String>,
    pub(crate) names: Option<HashMap<String, String>>,
    pub(crate) values: Option<ItemAttributes>,
}

/// A condition on a write.
pub type ConditionExpression = Expression<OnlyCondition>;

/// An update expression, with or without a condition.
pub type UpdateExpression = Expression<UpdateClause>;

/// The kind of an expression that only states a condition.
#[derive(Clone, Copy, Debug, Default)]
pub struct OnlyCondition;

/// The kind of an expression that changes an item: `SET …`, `ADD …` and so on.
#[derive(Clone, Debug)]
pub struct UpdateClause(pub(crate) String);

impl<K> Expression<K> {
    const fn with_kind(kind: K) -> Self {
        Self { kind, condition: None, names: None, values: None }
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

    /// Binds any serializable value, in the form that it has in items.
    pub fn serialized(self, placeholder: &str, value: &impl Serialize) -> Result<Self> {
        let value = serde_dynamo::aws_sdk_dynamodb_1::to_attribute_value(value)?;
        Ok(self.value(placeholder, value))
    }
}

impl ConditionExpression {
    pub fn new(condition: impl Into<String>) -> Self {
        Self { condition: Some(condition.into()), ..Self::with_kind(OnlyCondition) }
    }

    /// The item exists.
    pub fn exists() -> Self {
        Self::new("attribute_exists(pk)")
    }
}

impl UpdateExpression {
    pub fn new(clause: impl Into<String>) -> Self {
        Self::with_kind(UpdateClause(clause.into()))
    }

    #[must_use]
    pub fn with_condition(mut self, condition: impl Into<String>) -> Self {
        self.condition = Some(condition.into());
        self
    }

    /// Adds a condition that must hold as well.
    #[must_use]
    pub fn and_condition(mut self, condition: &str) -> Self {
        self.condition = Some(match self.condition {
            Some(first) => format!("({first}) AND {condition}"),
            None => condition.to_owned(),
        });
        self
    }

    pub(crate) fn apply(self, update: UpdateItemFluentBuilder) -> UpdateItemFluentBuilder {
        update
            .update_expression(self.kind.0)
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(self.names)
            .set_expression_attribute_values(self.values)
    }
}
