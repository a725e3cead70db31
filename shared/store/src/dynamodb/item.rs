//! How a struct lies in the table.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::dynamodb::{
    error::{Result, StoreError},
    key::{Gsi1Partition, Key},
};

pub type ItemAttributes = HashMap<String, AttributeValue>;

/// An item: what it is called, where it lies, where else it can be found and until when.
pub trait Item: Serialize + DeserializeOwned {
    /// The `kind` attribute.
    const KIND: &'static str;
    /// The `v` attribute: the version of the shape; readers accept the previous one.
    const VERSION: u32 = 1;

    fn key(&self) -> Key;

    /// The entry in `gsi1`: the question and the sort key of the answer.
    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        None
    }

    /// When something is to happen to this item: the entry in the sparse `due` index.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// After this the item does not exist: reads do not return it, and DynamoDB deletes it within days.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The one partition of the `due` index. One is enough while less than 1,000 things a second fall due.
pub(crate) const DUE_SHARD: &str = "0";

pub(crate) fn string_value(value: impl Display) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(crate) fn number_value(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Sortable: RFC 3339 with milliseconds, always the same length.
pub fn sortable_timestamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// What the table itself writes into an item.
const RESERVED_ATTRIBUTES: [&str; 9] =
    ["pk", "sk", "kind", "v", "gsi1pk", "gsi1sk", "due_shard", "due_at", "ttl"];

pub(crate) fn to_attributes<T: Item>(item: &T) -> Result<ItemAttributes> {
    let mut all: ItemAttributes = serde_dynamo::aws_sdk_dynamodb_1::to_item(item)?;
    // the item's own field would be overwritten, and found out when it is read
    if let Some(taken) = RESERVED_ATTRIBUTES.into_iter().find(|name| all.contains_key(*name)) {
        return Err(StoreError::InvalidRequest(format!(
            "{}: the attribute {taken} is the table's own",
            T::KIND
        )));
    }
    let Key { pk, sk } = item.key();
    all.insert("pk".into(), string_value(pk));
    all.insert("sk".into(), string_value(sk));
    all.insert("kind".into(), string_value(T::KIND));
    all.insert("v".into(), number_value(T::VERSION));
    if let Some((index, sort)) = item.gsi1() {
        all.insert("gsi1pk".into(), string_value(index));
        all.insert("gsi1sk".into(), string_value(sort));
    }
    if let Some(due) = item.due() {
        all.insert("due_shard".into(), string_value(DUE_SHARD));
        all.insert("due_at".into(), string_value(sortable_timestamp(due)));
    }
    if let Some(expiry) = item.expires_at() {
        all.insert("ttl".into(), number_value(expiry.as_second()));
    }
    Ok(all)
}

pub(crate) fn from_attributes<T: DeserializeOwned>(item: ItemAttributes) -> Result<T> {
    Ok(serde_dynamo::aws_sdk_dynamodb_1::from_item(item)?)
}

pub(crate) fn key_attributes(key: &Key) -> ItemAttributes {
    HashMap::from([("pk".into(), string_value(&key.pk)), ("sk".into(), string_value(&key.sk))])
}

/// DynamoDB deletes expired items within days, so a reader must not take them for alive.
pub(crate) fn is_expired(item: &ItemAttributes, now: Timestamp) -> bool {
    item.get("ttl")
        .and_then(|ttl| ttl.as_n().ok())
        .and_then(|ttl| ttl.parse::<i64>().ok())
        .is_some_and(|ttl| ttl <= now.as_second())
}
