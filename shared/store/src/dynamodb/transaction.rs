//! Transactions, which apply several writes or none.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    ConditionCheck, Delete, Put, ReturnConsumedCapacity, TransactWriteItem, Update,
    builders::TransactWriteItemBuilder,
};
use rand::RngExt;

use crate::dynamodb::{
    client::{Store, WriteOutcome},
    cost::{CapacityKind, record},
    error::{Result, StoreError, failed_conditions, is_transaction_conflict},
    expression::{ConditionExpression, UpdateExpression},
    item::{Item, ItemAttributes, key_attributes, to_attributes},
    key::Key,
};

/// Pauses after conflicts with other transactions. The sixth conflict is an error.
const MAX_CONFLICT_PAUSES: u32 = 5;

/// One write of a transaction.
pub struct TransactWrite(TransactWriteKind);

enum TransactWriteKind {
    Put(ItemAttributes, ConditionExpression),
    Update(Key, UpdateExpression),
    Delete(Key, ConditionExpression),
    Check(Key, ConditionExpression),
}

/// The outcome of a transaction whose writes have names of type `N`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactOutcome<N> {
    Applied,
    /// At least one condition did not hold, and nothing was written.
    Failed(ConditionFailures<N>),
}

/// The names of the writes whose conditions did not hold, in the order in which the writes were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionFailures<N>(Vec<N>);

impl<N: Copy + PartialEq> ConditionFailures<N> {
    /// Whether the condition of this write did not hold.
    pub fn contains(&self, name: N) -> bool {
        self.0.contains(&name)
    }

    /// The first write whose condition did not hold.
    pub fn first(&self) -> Option<N> {
        self.0.first().copied()
    }
}

/// For callers that treat all failed conditions alike.
impl<N> From<TransactOutcome<N>> for WriteOutcome {
    fn from(outcome: TransactOutcome<N>) -> Self {
        match outcome {
            TransactOutcome::Applied => Self::Applied(()),
            TransactOutcome::Failed(_) => Self::ConditionFailed,
        }
    }
}

impl TransactWrite {
    pub fn put<T: Item>(item: &T, condition: ConditionExpression) -> Result<Self> {
        Ok(Self(TransactWriteKind::Put(to_attributes(item)?, condition)))
    }

    /// Puts an item whose key must be free.
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

    fn build(self, table: &str) -> Result<TransactWriteItem> {
        let item = TransactWriteItem::builder();
        let built = match self.0 {
            TransactWriteKind::Put(attributes, condition) => Put::builder()
                .table_name(table)
                .set_item(Some(attributes))
                .set_condition_expression(condition.condition)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values)
                .build()
                .map(|put| item.put(put)),
            TransactWriteKind::Update(key, change) => Update::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .update_expression(change.kind.0)
                .set_condition_expression(change.condition)
                .set_expression_attribute_names(change.names)
                .set_expression_attribute_values(change.values)
                .build()
                .map(|update| item.update(update)),
            TransactWriteKind::Delete(key, condition) => Delete::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .set_condition_expression(condition.condition)
                .set_expression_attribute_names(condition.names)
                .set_expression_attribute_values(condition.values)
                .build()
                .map(|delete| item.delete(delete)),
            TransactWriteKind::Check(key, condition) => ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(key_attributes(&key)))
                .set_condition_expression(condition.condition)
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

impl Store {
    /// Applies all writes or none. Each write has a name, and a failure names the writes whose conditions did not hold.
    ///
    /// Conflicts with other transactions are retried here, because the SDK takes a cancelled transaction for final.
    ///
    /// # Errors
    /// Returns [`StoreError::Unavailable`] after the sixth conflict.
    pub async fn transact<N: Copy>(&self, writes: Vec<(N, TransactWrite)>) -> Result<TransactOutcome<N>> {
        let names: Vec<N> = writes.iter().map(|(name, _)| *name).collect();
        let items =
            writes.into_iter().map(|(_, write)| write.build(&self.table)).collect::<Result<Vec<_>>>()?;
        let mut pauses = 0;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            let error = match sent {
                Ok(output) => {
                    record(&CapacityKind::Write, output.consumed_capacity());
                    return Ok(TransactOutcome::Applied);
                }
                Err(error) => error,
            };
            if let Some(positions) = failed_conditions(&error) {
                record(&CapacityKind::Write, None);
                let failed = positions.into_iter().filter_map(|position| names.get(position).copied());
                return Ok(TransactOutcome::Failed(ConditionFailures(failed.collect())));
            }
            if !is_transaction_conflict(&error) {
                return Err(error.into());
            }
            if pauses == MAX_CONFLICT_PAUSES {
                return Err(StoreError::Unavailable(error.to_string()));
            }
            pauses += 1;
            let pause = rand::rng().random_range(10..20_u64 << pauses);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}
