//! Pages of a list.
//!
//! A cursor is opaque: it is encrypted ([`cursor`](super::cursor)). It is bound to its caller, the name of the list, its
//! filters, and to the query with its partition and order.

use std::fmt::{Debug, Write};

use jiff::Timestamp;
use model::UserId;
use serde::{Serialize, de::DeserializeOwned};

use crate::dynamodb::{
    client::Store,
    error::{Result, StoreError},
    item::{ItemAttributes, from_attributes, is_expired},
    query::Query,
};

/// One page of a list.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page, or `null` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(convert).collect(), next: self.next }
    }
}

/// The page that a caller requests.
#[derive(Clone, Debug)]
pub struct PageRequest {
    pub limit: usize,
    pub cursor: Option<String>,
    scope: String,
}

impl PageRequest {
    /// A page that a caller requests of a list. `list` is the name of the operation, because two operations can read
    /// the same partition.
    pub fn new(caller: UserId, list: &str, limit: usize, cursor: Option<String>) -> Self {
        Self { limit, cursor, scope: format!("{caller}|{list}") }
    }

    /// A page that an operation reads for itself, beginning at the first item. No caller can use its cursor.
    pub const fn internal(limit: usize) -> Self {
        Self { limit, cursor: None, scope: String::new() }
    }

    /// Binds cursors to a filter that is not part of the query.
    #[must_use]
    pub fn filtered_by(mut self, filter: &impl Debug) -> Self {
        // Writing to a `String` cannot fail.
        let _ = write!(self.scope, "|{filter:?}");
        self
    }

    /// The page at another cursor of the same list.
    #[must_use]
    pub fn at(mut self, cursor: Option<String>) -> Self {
        self.cursor = cursor;
        self
    }

    /// The page with another number of items.
    #[must_use]
    pub const fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Decrypts the cursor, if the request has one.
    pub(crate) async fn open<T: DeserializeOwned>(&self, store: &Store, query: &str) -> Result<Option<T>> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let position = store.cursor_keys().await?.open(cursor, &self.scope_of(query))?;
        serde_json::from_slice(&position).map(Some).map_err(|_| StoreError::InvalidCursor)
    }

    /// Encrypts the position of the next page.
    pub(crate) async fn seal(&self, store: &Store, query: &str, position: &impl Serialize) -> Result<String> {
        let position =
            serde_json::to_vec(position).map_err(|error| StoreError::InvalidRequest(error.to_string()))?;
        store.cursor_keys().await?.seal(position, &self.scope_of(query))
    }

    fn scope_of(&self, query: &str) -> String {
        format!("{}|{query}", self.scope)
    }
}

impl Store {
    /// Returns the requested page.
    ///
    /// Sends further requests while a filter leaves the page short, but ten requests at most. Such a page is short and
    /// has a cursor.
    pub async fn page<T: DeserializeOwned>(
        &self,
        query: Query,
        request: &PageRequest,
        now: Timestamp,
    ) -> Result<Page<T>> {
        let identity = query.identity();
        let position: Option<Vec<String>> = request.open(self, &identity).await?;
        let mut start: Option<ItemAttributes> =
            position.map(|position| query.key_at(position)).transpose()?;
        let mut items = Vec::new();
        for _ in 0..10 {
            let ask = i32::try_from(request.limit - items.len()).unwrap_or(i32::MAX);
            let (found, next) = self.query_once(query.clone().limit(ask).start(start)).await?;
            for item in found {
                if !is_expired(&item, now) {
                    items.push(from_attributes(item)?);
                }
            }
            start = next;
            if start.is_none() || items.len() >= request.limit {
                break;
            }
        }
        let next = match start {
            Some(key) => Some(request.seal(self, &identity, &query.position_of(&key)?).await?),
            None => None,
        };
        Ok(Page { items, next })
    }
}
