//! The calls of DynamoDB that every operation of the store is made of.

use std::sync::{Arc, PoisonError, RwLock};

use aws_sdk_dynamodb::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::{
        delete_item::DeleteItemOutput,
        put_item::{PutItemError, PutItemOutput},
        update_item::UpdateItemOutput,
    },
    types::{
        ConsumedCapacity, KeysAndAttributes, ReturnConsumedCapacity, ReturnValue,
        ReturnValuesOnConditionCheckFailure,
    },
};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use crate::{
    dynamodb::{
        cost::{CapacityKind, record},
        cursor::CursorKeys,
        error::{Result, StoreError, is_condition_failure},
        expression::{ConditionExpression, UpdateExpression},
        item::{
            Item, ItemAttributes, from_attributes, is_expired, key_attributes, number_value, to_attributes,
        },
        key::Key,
        query::Query,
    },
    platform::deployment_keys,
};

/// The consistency of a read. A strong read costs twice as much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadConsistency {
    Eventual,
    Strong,
}

/// The outcome of a conditional write.
#[derive(Debug, PartialEq, Eq)]
pub enum WriteOutcome<T = ()> {
    Applied(T),
    /// The condition did not hold, and nothing was written.
    ConditionFailed,
}

impl<T> WriteOutcome<T> {
    /// Converts the value of an applied write.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> WriteOutcome<U> {
        match self {
            Self::Applied(value) => WriteOutcome::Applied(convert(value)),
            Self::ConditionFailed => WriteOutcome::ConditionFailed,
        }
    }

    pub fn applied(self) -> Option<T> {
        match self {
            Self::Applied(value) => Some(value),
            Self::ConditionFailed => None,
        }
    }
}

/// The outcome of a put whose key must be free.
#[derive(Debug, PartialEq, Eq)]
pub enum PutNewOutcome<T> {
    Created,
    /// The key is taken by this item, and nothing was written.
    Exists(Box<T>),
}

/// The outcome of a conditional put that returns the item which refused it.
#[derive(Debug, PartialEq, Eq)]
pub enum ReplaceOutcome<T> {
    Written,
    /// The condition did not hold for this item, and nothing was written.
    Kept(Box<T>),
}

/// The table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) client: Client,
    pub(super) table: String,
    cursor_keys: Arc<RwLock<Option<CursorKeys>>>,
}

impl Store {
    /// Creates a store.
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table, cursor_keys: Arc::default() }
    }

    /// Sets the secret from which the keys of cursors are derived, also for the clones of this store. Every instance must have
    /// the same secret.
    pub fn set_cursor_secret(&self, secret: &str) {
        let keys = CursorKeys::derive(secret.as_bytes());
        *self.cursor_keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
    }

    /// Returns the keys of cursors. An instance that has not read the published keys reads them now.
    ///
    /// # Errors
    /// `Unavailable` if no keys are published. Then no log-in exists either.
    pub(crate) async fn cursor_keys(&self) -> Result<CursorKeys> {
        if let Some(keys) = self.cursor_keys.read().unwrap_or_else(PoisonError::into_inner).clone() {
            return Ok(keys);
        }
        let published = Box::pin(deployment_keys::get(self)).await?;
        let newest = published.and_then(|keys| keys.shared_secrets.into_iter().next());
        let newest = newest
            .ok_or_else(|| StoreError::Unavailable("the secret of cursors is not published yet".into()))?;
        self.set_cursor_secret(&newest);
        Ok(CursorKeys::derive(newest.as_bytes()))
    }

    pub(crate) async fn get_attributes(
        &self,
        key: &Key,
        consistency: ReadConsistency,
    ) -> Result<Option<ItemAttributes>> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .consistent_read(consistency == ReadConsistency::Strong)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        record(&CapacityKind::Read, output.consumed_capacity());
        Ok(output.item)
    }

    /// Returns one item by its key, unless it has expired.
    pub async fn get<T: Item>(
        &self,
        key: &Key,
        consistency: ReadConsistency,
        now: Timestamp,
    ) -> Result<Option<T>> {
        let item = self.get_attributes(key, consistency).await?;
        item.filter(|item| !is_expired(item, now)).map(from_attributes).transpose()
    }

    /// Returns many items by their keys, in no order. Missing items are left out.
    ///
    /// The number of keys is not limited. They are requested in batches of 100, and keys that DynamoDB leaves
    /// unprocessed are requested again.
    pub async fn get_many<T: Item>(
        &self,
        keys: &[Key],
        consistency: ReadConsistency,
        now: Timestamp,
    ) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<ItemAttributes> = chunk.iter().map(key_attributes).collect();
            while !wanted.is_empty() {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(consistency == ReadConsistency::Strong)
                    .build()
                    .map_err(|error| StoreError::InvalidRequest(error.to_string()))?;
                let output = self
                    .client
                    .batch_get_item()
                    .request_items(&self.table, request)
                    .return_consumed_capacity(ReturnConsumedCapacity::Total)
                    .send()
                    .await?;
                record(&CapacityKind::Read, output.consumed_capacity());
                let items = output.responses.unwrap_or_default().remove(&self.table).unwrap_or_default();
                for item in items.into_iter().filter(|item| !is_expired(item, now)) {
                    found.push(from_attributes(item)?);
                }
                wanted = output
                    .unprocessed_keys
                    .and_then(|mut left| left.remove(&self.table))
                    .map(|left| left.keys)
                    .unwrap_or_default();
            }
        }
        Ok(found)
    }

    /// Writes an item and overwrites what is stored under its key.
    pub async fn put<T: Item>(&self, item: &T) -> Result<()> {
        self.put_attributes(to_attributes(item)?, None).await.map(drop)
    }

    /// Writes an item if its key is free, or is taken by an item that has expired.
    pub async fn put_new<T: Item>(&self, item: &T, now: Timestamp) -> Result<WriteOutcome> {
        let condition = ConditionExpression::new("attribute_not_exists(pk) OR #ttl <= :now")
            .name("#ttl", "ttl")
            .value(":now", number_value(now.as_second()));
        self.put_if(item, condition).await
    }

    pub async fn put_if<T: Item>(&self, item: &T, condition: ConditionExpression) -> Result<WriteOutcome> {
        self.put_attributes(to_attributes(item)?, Some(condition)).await
    }

    async fn put_attributes(
        &self,
        item: ItemAttributes,
        condition: Option<ConditionExpression>,
    ) -> Result<WriteOutcome> {
        let condition = condition.unwrap_or_default();
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        Ok(write_outcome(sent, PutItemOutput::consumed_capacity)?.map(drop))
    }

    /// Writes an item if its key is free, and otherwise returns the item that takes it. Both are one request, so the
    /// loser needs no read.
    pub async fn put_new_or_get<T: Item>(&self, item: &T) -> Result<PutNewOutcome<T>> {
        let condition = ConditionExpression::new("attribute_not_exists(pk)");
        Ok(match self.replace_or_get(item, condition).await? {
            ReplaceOutcome::Written => PutNewOutcome::Created,
            ReplaceOutcome::Kept(existing) => PutNewOutcome::Exists(existing),
        })
    }

    /// Writes an item if the condition holds, and otherwise returns the item that is stored. Both are one request. The
    /// condition must hold for a free key.
    pub async fn replace_or_get<T: Item>(
        &self,
        item: &T,
        condition: ConditionExpression,
    ) -> Result<ReplaceOutcome<T>> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_attributes(item)?))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                record(&CapacityKind::Write, output.consumed_capacity());
                Ok(ReplaceOutcome::Written)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(failure)) => {
                    record(&CapacityKind::Write, None);
                    let existing = failure.item.clone().unwrap_or_default();
                    Ok(ReplaceOutcome::Kept(Box::new(from_attributes(existing)?)))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Changes an item and returns it as it is after the change.
    pub async fn update<T: Item>(&self, key: &Key, change: UpdateExpression) -> Result<WriteOutcome<T>> {
        Ok(match self.send_update(key, change, ReturnValue::AllNew).await? {
            WriteOutcome::Applied(Some(item)) => WriteOutcome::Applied(from_attributes(item)?),
            WriteOutcome::Applied(None) | WriteOutcome::ConditionFailed => WriteOutcome::ConditionFailed,
        })
    }

    /// Changes an item and returns nothing of it, which keeps the response small.
    pub async fn update_without_return(&self, key: &Key, change: UpdateExpression) -> Result<WriteOutcome> {
        Ok(match self.send_update(key, change, ReturnValue::None).await? {
            WriteOutcome::Applied(_) => WriteOutcome::Applied(()),
            WriteOutcome::ConditionFailed => WriteOutcome::ConditionFailed,
        })
    }

    async fn send_update(
        &self,
        key: &Key,
        change: UpdateExpression,
        returned: ReturnValue,
    ) -> Result<WriteOutcome<Option<ItemAttributes>>> {
        let sent = change
            .apply(self.client.update_item())
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .return_values(returned)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        Ok(write_outcome(sent, UpdateItemOutput::consumed_capacity)?.map(|output| output.attributes))
    }

    /// Deletes an item, if it exists.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        self.delete_if(key, ConditionExpression::default()).await
    }

    /// Deletes an item if the condition holds. A failed condition is not an error.
    pub async fn delete_if(&self, key: &Key, condition: ConditionExpression) -> Result<()> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .set_condition_expression(condition.condition)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        write_outcome(sent, DeleteItemOutput::consumed_capacity).map(drop)
    }

    /// Sends one request of a query, which reads 1 MB at most, and returns the position at which it stopped.
    pub(crate) async fn query_once(
        &self,
        query: Query,
    ) -> Result<(Vec<ItemAttributes>, Option<ItemAttributes>)> {
        let output = query
            .apply(self.client.query())
            .table_name(&self.table)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        record(&CapacityKind::Read, output.consumed_capacity());
        Ok((output.items.unwrap_or_default(), output.last_evaluated_key))
    }

    /// Returns everything that a query finds, request by request. Only for partitions whose size the product limits.
    pub async fn query_all<T: DeserializeOwned>(&self, query: Query, now: Timestamp) -> Result<Vec<T>> {
        let mut found = Vec::new();
        let mut start = None;
        loop {
            let (items, next) = self.query_once(query.clone().start(start)).await?;
            for item in items.into_iter().filter(|item| !is_expired(item, now)) {
                found.push(from_attributes(item)?);
            }
            start = next;
            if start.is_none() {
                return Ok(found);
            }
        }
    }

    /// Counts the items that a query finds. Costs as much as reading them.
    pub async fn count(&self, query: Query) -> Result<u64> {
        let mut total = 0;
        let mut start = None;
        loop {
            let (items, next) = self.query_once(query.clone().project("pk").start(start)).await?;
            total += items.len() as u64;
            start = next;
            if start.is_none() {
                return Ok(total);
            }
        }
    }
}

/// Records what a write cost, and turns a failed condition into an outcome.
fn write_outcome<O, E, R>(
    sent: std::result::Result<O, SdkError<E, R>>,
    consumed: impl Fn(&O) -> Option<&ConsumedCapacity>,
) -> Result<WriteOutcome<O>>
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    match sent {
        Ok(output) => {
            record(&CapacityKind::Write, consumed(&output));
            Ok(WriteOutcome::Applied(output))
        }
        Err(error) if is_condition_failure(&error) => {
            record(&CapacityKind::Write, None);
            Ok(WriteOutcome::ConditionFailed)
        }
        Err(error) => Err(error.into()),
    }
}
