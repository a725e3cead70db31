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

/// The number of concurrent deletions.
const CONCURRENT_DELETES: usize = 16;
/// Rows in one request.
const ROWS_PER_PAGE: i32 = 1_000;

#[derive(Deserialize)]
struct ChatRowKey {
    pk: String,
    sk: String,
}

/// CHAT-14. Deletes the chat's rows of a deleted account that has left all channels: drafts, preferences and mentions.
/// Memberships stay, because each is deleted with its member row. 1 write unit for each row.
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
            let private_rows = rows.into_iter().filter(|row| !row.sk.starts_with(prefix::CHANNEL));
            stream::iter(private_rows)
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
