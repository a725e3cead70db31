//! Items: the mapping between structs and the attributes of the table.

use std::{collections::HashMap, fmt::Display};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use crate::dynamodb::{
    error::{Result, StoreError},
    key::{Gsi1Partition, Key},
};

pub type ItemAttributes = HashMap<String, AttributeValue>;

/// An item: its kind, its key, its index entries and its expiry.
pub trait Item: Serialize + DeserializeOwned {
    /// The `kind` attribute.
    const KIND: &'static str;
    /// The `v` attribute, which is the version of the shape. Readers accept the previous version too.
    const VERSION: u32 = 1;

    fn key(&self) -> Key;

    /// Returns the entry in `gsi1`: the partition that the item is listed in, and its sort key there.
    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        None
    }

    /// Returns the time at which the item needs work, which is its entry in the sparse `due` index.
    fn due(&self) -> Option<Timestamp> {
        None
    }

    /// Returns the time after which the item does not exist. Reads ignore it from then on, and DynamoDB deletes it
    /// within days.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// The only partition of the `due` index. It suffices while fewer than 1,000 items a second become due.
pub(crate) const DUE_SHARD: &str = "0";

pub(crate) fn string_value(value: impl Display) -> AttributeValue {
    AttributeValue::S(value.to_string())
}

pub(crate) fn number_value(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// Formats a time as RFC 3339 with milliseconds. The text always has the same length, so it sorts by time.
pub fn sortable_timestamp(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Attributes that the store writes into every item.
const RESERVED_ATTRIBUTES: [&str; 9] =
    ["pk", "sk", "kind", "v", "gsi1pk", "gsi1sk", "due_shard", "due_at", "ttl"];

pub(crate) fn to_attributes<T: Item>(item: &T) -> Result<ItemAttributes> {
    let mut all: ItemAttributes = serde_dynamo::aws_sdk_dynamodb_1::to_item(item)?;
    // A field with a reserved name would be overwritten, and the mistake would only show when the item is read.
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

/// Whether an item has expired. DynamoDB deletes expired items within days, so readers must ignore them until then.
pub(crate) fn is_expired(item: &ItemAttributes, now: Timestamp) -> bool {
    item.get("ttl")
        .and_then(|ttl| ttl.as_n().ok())
        .and_then(|ttl| ttl.parse::<i64>().ok())
        .is_some_and(|ttl| ttl <= now.as_second())
}
