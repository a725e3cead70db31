//! Pages of a list.
//!
//! A cursor is opaque and signed. It is bound to its list, which includes the partition (and so the owner), the filter
//! and the order.

use std::collections::HashMap;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sha2::Sha256;

use crate::dynamodb::{
    client::Store,
    error::{Result, StoreError},
    item::{ItemAttributes, from_attributes, is_expired, string_value},
    query::Query,
};

/// Bytes of the signature at the start of a cursor.
const TAG_BYTES: usize = 16;

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

impl Store {
    /// Returns up to `limit` items from a cursor on.
    ///
    /// Sends further requests while a filter leaves the page short, but ten requests at most. Such a page is short and
    /// has a cursor.
    pub async fn page<T: DeserializeOwned>(
        &self,
        query: Query,
        limit: usize,
        cursor: Option<&str>,
        now: Timestamp,
    ) -> Result<Page<T>> {
        let identity = query.identity();
        let mut start = cursor.map(|cursor| self.open_cursor(cursor, &identity)).transpose()?;
        let mut items = Vec::new();
        for _ in 0..10 {
            let ask = i32::try_from(limit - items.len()).unwrap_or(i32::MAX);
            let (found, next) = self.query_once(query.clone().limit(ask).start(start)).await?;
            for item in found {
                if !is_expired(&item, now) {
                    items.push(from_attributes(item)?);
                }
            }
            start = next;
            if start.is_none() || items.len() >= limit {
                break;
            }
        }
        Ok(Page { items, next: start.map(|key| self.seal_cursor(&key, &identity)) })
    }

    fn cursor_tag(&self, identity: &str, position: &[u8]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(self.cursor_key()).expect("any length");
        mac.update(identity.as_bytes());
        mac.update(&[0]);
        mac.update(position);
        mac
    }

    pub(crate) fn seal_cursor(&self, key: &ItemAttributes, identity: &str) -> String {
        let position: HashMap<&String, &String> =
            key.iter().filter_map(|(name, value)| Some((name, value.as_s().ok()?))).collect();
        let position = serde_json::to_vec(&position).unwrap_or_default();
        let tag = self.cursor_tag(identity, &position).finalize().into_bytes();
        let mut sealed = tag[..TAG_BYTES].to_vec();
        sealed.extend(position);
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    pub(crate) fn open_cursor(&self, cursor: &str, identity: &str) -> Result<ItemAttributes> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| StoreError::InvalidCursor)?;
        let (tag, position) = sealed.split_at_checked(TAG_BYTES).ok_or(StoreError::InvalidCursor)?;
        self.cursor_tag(identity, position)
            .verify_truncated_left(tag)
            .map_err(|_| StoreError::InvalidCursor)?;
        let position: HashMap<String, String> =
            serde_json::from_slice(position).map_err(|_| StoreError::InvalidCursor)?;
        Ok(position.into_iter().map(|(name, value)| (name, string_value(value))).collect())
    }
}
