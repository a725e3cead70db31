//! Queries of one partition of the table or of an index.

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use jiff::Timestamp;

use crate::dynamodb::{
    error::{Result, StoreError},
    expression::ConditionExpression,
    item::{DUE_SHARD, ItemAttributes, sortable_timestamp, string_value},
    key::{Gsi1Partition, PartitionKey},
};

/// A query of one partition of the table or of an index.
#[derive(Clone, Debug)]
pub struct Query {
    index: Option<&'static str>,
    condition: String,
    bound: ConditionExpression,
    descending: bool,
    limit: Option<i32>,
    strong: bool,
    start: Option<ItemAttributes>,
    filter: Option<String>,
    projection: Option<&'static str>,
}

impl Query {
    fn new(index: Option<&'static str>, condition: &str, bound: ConditionExpression) -> Self {
        Self {
            index,
            condition: condition.into(),
            bound,
            descending: false,
            limit: None,
            strong: false,
            start: None,
            filter: None,
            projection: None,
        }
    }

    /// Queries a whole partition.
    pub fn partition(pk: &PartitionKey<'_>) -> Self {
        Self::new(None, "pk = :pk", ConditionExpression::default().text(":pk", pk))
    }

    /// Queries the items of a partition whose sort keys start with `prefix`.
    pub fn with_prefix(pk: &PartitionKey<'_>, prefix: &str) -> Self {
        let bound = ConditionExpression::default().text(":pk", pk).text(":prefix", prefix);
        Self::new(None, "pk = :pk AND begins_with(sk, :prefix)", bound)
    }

    /// Queries the items of a partition whose sort keys are in the range, both ends included.
    pub fn between(pk: &PartitionKey<'_>, (from, to): &(String, String)) -> Self {
        let bound = ConditionExpression::default().text(":pk", pk).text(":from", from).text(":to", to);
        Self::new(None, "pk = :pk AND sk BETWEEN :from AND :to", bound)
    }

    /// Queries one partition of `gsi1`.
    pub fn gsi1(question: &Gsi1Partition) -> Self {
        Self::new(Some("gsi1"), "gsi1pk = :pk", ConditionExpression::default().text(":pk", question))
    }

    /// Queries the items that are due at `now`, oldest first.
    pub(crate) fn due(now: Timestamp) -> Self {
        let bound =
            ConditionExpression::default().text(":pk", DUE_SHARD).text(":now", sortable_timestamp(now));
        Self::new(Some("due"), "due_shard = :pk AND due_at <= :now", bound)
    }

    #[must_use]
    pub const fn newest_first(mut self) -> Self {
        self.descending = true;
        self
    }

    #[must_use]
    pub const fn limit(mut self, limit: i32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Makes the query see every write that was acknowledged before. Only for the table, because indexes are eventually
    /// consistent.
    #[must_use]
    pub const fn strong(mut self) -> Self {
        self.strong = true;
        self
    }

    /// Leaves out items after they were read and paid for. Only for conditions that no key can express.
    #[must_use]
    pub fn filter(
        mut self,
        expression: &str,
        bind: impl FnOnce(ConditionExpression) -> ConditionExpression,
    ) -> Self {
        self.filter = Some(expression.into());
        self.bound = bind(self.bound);
        self
    }

    /// Returns only these attributes. The cost is that of the whole items.
    #[must_use]
    pub const fn project(mut self, attributes: &'static str) -> Self {
        self.projection = Some(attributes);
        self
    }

    pub(crate) fn start(mut self, start: Option<ItemAttributes>) -> Self {
        self.start = start;
        self
    }

    /// Returns the text that identifies the list. A cursor is bound to it.
    pub(crate) fn identity(&self) -> String {
        let mut bound: Vec<String> =
            self.bound.values.iter().flatten().map(|(name, value)| format!("{name}={value:?}")).collect();
        bound.sort();
        format!(
            "{:?}|{}|{:?}|{}|{}",
            self.index,
            self.condition,
            self.filter,
            self.descending,
            bound.join("|")
        )
    }

    /// Returns the attribute of the partition key, and the other attributes of a position in the list.
    fn position_attributes(&self) -> (&'static str, &'static [&'static str]) {
        match self.index {
            None => ("pk", &["sk"]),
            Some("gsi1") => ("gsi1pk", &["gsi1sk", "pk", "sk"]),
            Some(_) => ("due_shard", &["due_at", "pk", "sk"]),
        }
    }

    /// Returns the values of a position. The partition key is left out, because the query has it.
    pub(crate) fn position_of(&self, key: &ItemAttributes) -> Result<Vec<String>> {
        let (_, names) = self.position_attributes();
        let value = |name: &&str| key.get(*name)?.as_s().ok().cloned();
        let values: Option<Vec<String>> = names.iter().map(value).collect();
        values.ok_or_else(|| StoreError::InvalidRequest("a position lacks a key attribute".into()))
    }

    /// Returns the key at a position that [`Self::position_of`] returned.
    pub(crate) fn key_at(&self, position: Vec<String>) -> Result<ItemAttributes> {
        let (partition, names) = self.position_attributes();
        let value = self.bound.values.as_ref().and_then(|values| values.get(":pk")).cloned();
        let (Some(value), true) = (value, position.len() == names.len()) else {
            return Err(StoreError::InvalidCursor);
        };
        let mut key: ItemAttributes = names
            .iter()
            .zip(position)
            .map(|(name, value)| ((*name).to_owned(), string_value(value)))
            .collect();
        key.insert(partition.to_owned(), value);
        Ok(key)
    }

    pub(crate) fn apply(self, query: QueryFluentBuilder) -> QueryFluentBuilder {
        query
            .set_index_name(self.index.map(Into::into))
            .key_condition_expression(self.condition)
            .set_filter_expression(self.filter)
            .set_projection_expression(self.projection.map(Into::into))
            .set_expression_attribute_names(self.bound.names)
            .set_expression_attribute_values(self.bound.values)
            .scan_index_forward(!self.descending)
            .consistent_read(self.strong)
            .set_limit(self.limit)
            .set_exclusive_start_key(self.start)
    }
}
