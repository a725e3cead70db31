use futures::{StreamExt, TryStreamExt, stream};
use model::UserId;
use serde::Deserialize;

use crate::{
    Key, Query, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, prefix},
    },
};

/// Deletions under way at once.
const CONCURRENT_DELETES: usize = 16;
/// Rows that are read at once.
const ROWS_PER_PAGE: i32 = 1_000;

#[derive(Deserialize)]
struct ChatRowKey {
    pk: String,
    sk: String,
}

/// Z4: deletes what the chat keeps about an account that is gone and in no channel any more: drafts, preferences, and what mentions it.
/// Places stay: each goes with its row of the channel. 1 write unit a row.
pub async fn delete_chat_rows(store: &Store, user: UserId) -> Result<()> {
    for part in [PartitionKey::Chat(user), PartitionKey::Mentions(user)] {
        let mut start = None;
        loop {
            let query = Query::partition(&part).strong().project("pk, sk").limit(ROWS_PER_PAGE).start(start);
            let (rows, next) = store.query_once(query).await?;
            let rows = rows
                .into_iter()
                .map(crate::dynamodb::item::from_attributes)
                .collect::<Result<Vec<ChatRowKey>>>()?;
            let theirs = rows.into_iter().filter(|row| !row.sk.starts_with(prefix::CHANNEL));
            stream::iter(theirs)
                .map(|ChatRowKey { pk, sk }| async move { store.delete(&Key { pk, sk }).await })
                .buffer_unordered(CONCURRENT_DELETES)
                .try_collect::<()>()
                .await?;
            start = next;
            if start.is_none() {
                break;
            }
        }
    }
    Ok(())
}
