//! The handful of calls that everything else is made of.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client, Config,
    config::retry::RetryConfig,
    error::DisplayErrorContext,
    operation::put_item::PutItemError,
    types::{KeysAndAttributes, ReturnConsumedCapacity, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use jiff::Timestamp;
use rand::RngExt;
use serde::de::DeserializeOwned;

use crate::dynamodb::{
    cost::{CapacityKind, record},
    error::{Result, StoreError, failed_conditions, is_condition_failure, is_transaction_conflict},
    expression::{ConditionExpression, TransactWrite, UpdateExpression},
    item::{Item, ItemAttributes, from_attributes, is_expired, key_attributes, number_value, to_attributes},
    key::{Key, PartitionKey, SortKey},
    query::Query,
};

/// How fresh a read must be. A strong read costs double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadConsistency {
    Eventual,
    Strong,
}

/// What a conditional write came to.
#[derive(Debug, PartialEq, Eq)]
pub enum WriteOutcome<T = ()> {
    Applied(T),
    /// The condition did not hold; nothing was written.
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

/// What a put where nothing may lie came to.
#[derive(Debug, PartialEq, Eq)]
pub enum PutNewOutcome<T> {
    Created,
    /// This lies there; nothing was written.
    Exists(Box<T>),
}

/// The table. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Client,
    table: String,
    cursor_key: [u8; 32],
}

impl Store {
    /// `cursor_key` signs cursors; every instance must have the same.
    pub fn new(client: Client, table: String, cursor_key: [u8; 32]) -> Self {
        Self { client, table, cursor_key }
    }

    pub(crate) const fn cursor_key(&self) -> &[u8; 32] {
        &self.cursor_key
    }

    /// Does the table answer? One read of an item that is not there.
    pub async fn check_reachable(&self) -> Result<()> {
        let key = Key::new(&PartitionKey::ReachabilityProbe, &SortKey::Self_);
        self.get_attributes(&key, ReadConsistency::Eventual).await.map(drop)
    }

    /// Opens a connection to the table, by the same read and once only: a name is looked up, a TLS session agreed. On AWS
    /// that is most of a first call (FIGURES 1), and a function has the processor to itself while it starts.
    pub async fn open_connection(&self) {
        let key = key_attributes(&Key::new(&PartitionKey::ReachabilityProbe, &SortKey::Self_));
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let asking = self.client.get_item().table_name(&self.table).set_key(Some(key));
        if let Err(error) = asking.customize().config_override(once).send().await {
            tracing::debug!(error = %DisplayErrorContext(error), "the table does not answer yet");
        }
    }

    async fn get_attributes(&self, key: &Key, freshness: ReadConsistency) -> Result<Option<ItemAttributes>> {
        let output = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .consistent_read(freshness == ReadConsistency::Strong)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await?;
        record(&CapacityKind::Read, output.consumed_capacity());
        Ok(output.item)
    }

    /// One item by its key, unless it has expired.
    pub async fn get<T: Item>(
        &self,
        key: &Key,
        freshness: ReadConsistency,
        now: Timestamp,
    ) -> Result<Option<T>> {
        let item = self.get_attributes(key, freshness).await?;
        item.filter(|item| !is_expired(item, now)).map(from_attributes).transpose()
    }

    /// Many items by their keys, in no order, missing ones left out. Any number: asked for by the hundred, and what
    /// DynamoDB leaves unprocessed is asked again.
    pub async fn get_many<T: Item>(
        &self,
        keys: &[Key],
        freshness: ReadConsistency,
        now: Timestamp,
    ) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(keys.len());
        for chunk in keys.chunks(100) {
            let mut wanted: Vec<ItemAttributes> = chunk.iter().map(key_attributes).collect();
            while !wanted.is_empty() {
                let request = KeysAndAttributes::builder()
                    .set_keys(Some(wanted))
                    .consistent_read(freshness == ReadConsistency::Strong)
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

    /// Writes an item, whatever lies there.
    pub async fn put<T: Item>(&self, item: &T) -> Result<()> {
        self.put_attributes(to_attributes(item)?, None).await.map(drop)
    }

    /// Writes an item where none lies, or only one that has expired.
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
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                record(&CapacityKind::Write, output.consumed_capacity());
                Ok(WriteOutcome::Applied(()))
            }
            Err(error) if is_condition_failure(&error) => {
                record(&CapacityKind::Write, None);
                Ok(WriteOutcome::ConditionFailed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Writes an item where none lies, or says which one does: in the same request, so that a loser need not read.
    pub async fn put_new_or_get<T: Item>(&self, item: &T) -> Result<PutNewOutcome<T>> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(to_attributes(item)?))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                record(&CapacityKind::Write, output.consumed_capacity());
                Ok(PutNewOutcome::Created)
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(lost)) => {
                    record(&CapacityKind::Write, None);
                    let lies_there = lost.item.clone().unwrap_or_default();
                    Ok(PutNewOutcome::Exists(Box::new(from_attributes(lies_there)?)))
                }
                _ => Err(error.into()),
            },
        }
    }

    /// Changes an item and returns it as it is now.
    pub async fn update<T: Item>(&self, key: &Key, change: UpdateExpression) -> Result<WriteOutcome<T>> {
        Ok(match self.send_update(key, change, ReturnValue::AllNew).await? {
            WriteOutcome::Applied(Some(item)) => WriteOutcome::Applied(from_attributes(item)?),
            WriteOutcome::Applied(None) | WriteOutcome::ConditionFailed => WriteOutcome::ConditionFailed,
        })
    }

    /// Changes an item that nobody wants to see.
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
        match sent {
            Ok(output) => {
                record(&CapacityKind::Write, output.consumed_capacity());
                Ok(WriteOutcome::Applied(output.attributes))
            }
            Err(error) if is_condition_failure(&error) => {
                record(&CapacityKind::Write, None);
                Ok(WriteOutcome::ConditionFailed)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes an item, if it is there.
    pub async fn delete(&self, key: &Key) -> Result<()> {
        self.delete_if(key, ConditionExpression::default()).await
    }

    /// Deletes an item, if it is there and as it should be.
    pub async fn delete_if(&self, key: &Key, condition: ConditionExpression) -> Result<()> {
        let sent = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .set_condition_expression(condition.expression)
            .set_expression_attribute_names(condition.names)
            .set_expression_attribute_values(condition.values)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await;
        match sent {
            Ok(output) => {
                record(&CapacityKind::Write, output.consumed_capacity());
                Ok(())
            }
            Err(error) if is_condition_failure(&error) => {
                record(&CapacityKind::Write, None);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// All or nothing. Conflicts with other transactions are retried here: the SDK takes a cancelled transaction for
    /// final.
    ///
    /// # Errors
    /// The positions of the writes whose conditions did not hold are in `Ok(Err(..))`.
    pub async fn transact(&self, writes: Vec<TransactWrite>) -> Result<Result<(), Vec<usize>>> {
        let items = writes.into_iter().map(|write| write.build(&self.table)).collect::<Result<Vec<_>>>()?;
        let mut attempt = 0;
        loop {
            let sent = self
                .client
                .transact_write_items()
                .set_transact_items(Some(items.clone()))
                .return_consumed_capacity(ReturnConsumedCapacity::Total)
                .send()
                .await;
            match sent {
                Ok(output) => {
                    record(&CapacityKind::Write, output.consumed_capacity());
                    return Ok(Ok(()));
                }
                Err(error) => {
                    if let Some(lost) = failed_conditions(&error) {
                        record(&CapacityKind::Write, None);
                        return Ok(Err(lost));
                    }
                    if !is_transaction_conflict(&error) {
                        return Err(error.into());
                    }
                    if attempt == 5 {
                        return Err(StoreError::Unavailable(error.to_string()));
                    }
                    attempt += 1;
                    let wait = rand::rng().random_range(10..20_u64 << attempt);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
            }
        }
    }

    /// A query of one partition, as far as one request goes (1 MB), with where it stopped.
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

    /// Everything that a query finds, request after request. Only for partitions whose size the product bounds.
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

    /// How many items a query finds; paid for like reading them.
    pub async fn count(&self, query: Query) -> Result<u64> {
        let (mut total, mut start) = (0, None);
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
