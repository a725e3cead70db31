//! The table as DynamoDB sees it: the client, keys, items, expressions, paging, cost.

pub(crate) mod client;
pub mod cost;
pub mod error;
pub(crate) mod expression;
pub mod item;
pub mod key;
pub mod page;
pub(crate) mod query;
pub(crate) mod retry;
