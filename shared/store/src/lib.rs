//! The store: keys, items and access patterns of the one DynamoDB table. No other crate speaks DynamoDB.
//!
//! | area | items |
//! | --- | --- |
//! | [`identity`] | accounts, log-ins, password resets, usage of plans, the audit log |
//! | [`presentations`] | presentations, slides, images |
//! | [`sessions`] | sessions, participants, answers, questions, counts, reports |
//! | [`chat`] | channels, memberships, messages, and what is derived from messages |
//! | [`realtime`] | connections and tickets |
//! | [`platform`] | rate limits, idempotency keys, claims, due work |
//! | [`dynamodb`] | the client, the key language, expressions, transactions, paging, cost |
//!
//! Each area is a folder. Its `mod.rs` lists the access patterns of the area. Each entity is a file with its item, its
//! key, its table of access patterns and its operations. The doc comment of an operation starts with the numbers of its
//! access patterns.
//!
//! # Rules
//!
//! - There is no scan, and no filter where a key condition would do. Every list is paged by an encrypted cursor ([`Page`]).
//! - Items that must agree are written in one transaction ([`Store::transact`]). A unique value (address, user name,
//!   slug, join code) is claimed by an item of its own.
//! - Changes of what was read are conditional, and repeated by [`retry_conflict`] if a concurrent change came first.
//! - Every item carries `kind` and `v`. Expired items are not returned, although DynamoDB deletes them only within
//!   days.
//! - Every call asks for its capacity units ([`dynamodb::cost`]). `infra/COSTS.md` says what each operation costs, and
//!   a test compares.
//! - A key string is written in [`dynamodb::key`] and nowhere else.
//! - Operations return [`StoreError`], an `Option` or an outcome. The error for the caller is made by the calling
//!   function or by `model`.
//! - The store is concrete. There is no repository trait and no copy in memory. Tests start the embedded engine
//!   (`infra/emulator`).

pub mod chat;
pub mod dynamodb;
pub mod identity;
pub mod platform;
pub mod presentations;
pub mod realtime;
pub mod sessions;

pub use dynamodb::{
    client::{PutNewOutcome, ReadConsistency, ReplaceOutcome, Store, WriteOutcome},
    cost::RequestCost,
    error::StoreError,
    expression::{ConditionExpression, UpdateExpression},
    item::{Item, sortable_timestamp},
    key::Key,
    page::{Page, PageRequest},
    query::Query,
    retry::retry_conflict,
    transaction::{ConditionFailures, TransactOutcome, TransactWrite},
};
pub use platform::rate_limits::RateLimit;
