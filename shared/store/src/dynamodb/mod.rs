//! DynamoDB: the client, keys, items, expressions, transactions, paging, cost.

pub(crate) mod client;
pub mod cost;
mod cursor;
pub mod due;
pub mod error;
pub(crate) mod expression;
pub mod item;
pub mod key;
pub mod page;
pub(crate) mod query;
pub(crate) mod retry;
pub(crate) mod transaction;
