//! The end of a channel.
//!
//! With one transaction it is gone for everyone: nobody finds it, its name is free, and a row says that it has to be cleared away.
//! Its members and their places go next, then what was written, some rows at a time and as often as it takes; the row that says so
//! goes last. Whatever breaks off is taken up again by the clock.

use std::collections::BTreeSet;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId, UserId};
use serde::{Deserialize, Serialize};

use super::{Channel, key, name_key};
use crate::{
    Condition, Item, Key, Query, Store, Write, Written,
    error::Result,
    members::place_key,
    table::{Pk, Sk, prefix},
};

/// Deletions under way at once.
const AT_ONCE: usize = 16;
/// Rows that are cleared in one go: a few seconds.
const AT_A_TIME: i32 = 1_000;
/// Whoever was writing into it when it went has written by then.
const SETTLED: SignedDuration = SignedDuration::from_mins(1);

/// That a channel is gone, and its rows are being cleared away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub id: ChannelId,
    pub deleted_at: Timestamp,
}

impl Item for Deleted {
    const KIND: &'static str = "deleted_channel";

    fn key(&self) -> Key {
        deleted_key(self.id)
    }

    fn due(&self) -> Option<Timestamp> {
        Some(self.deleted_at + SETTLED)
    }
}

fn deleted_key(channel: ChannelId) -> Key {
    Key::new(&Pk::Channel(channel), &Sk::Deleted)
}

/// Who may still be in a channel that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupied {
    ByAnyone,
    /// By the one who deletes it: nobody was added meanwhile.
    ByOne,
}

/// Y1, Y2, Y5: there is no such channel any more. `Refused` where there was none, or others are in it. 6 write units, and 2 for indexes.
pub async fn delete(store: &Store, channel: &Channel, by: Occupied, now: Timestamp) -> Result<Written> {
    let condition = match by {
        Occupied::ByAnyone => Condition::exists(),
        Occupied::ByOne => Condition::new("member_count = :one").number(":one", 1),
    };
    let mut writes = vec![
        Write::delete(key(channel.id), condition),
        Write::put(&Deleted { id: channel.id, deleted_at: now }, Condition::default())?,
    ];
    if let Some(name) = &channel.name {
        let ours = Condition::new("channel = :id").text(":id", channel.id);
        writes.push(Write::delete(name_key(name), ours));
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => Written::Done(()),
        Err(_) => Written::Refused,
    })
}

#[derive(Deserialize)]
struct Row {
    pk: String,
    sk: String,
    reply_to: Option<Answered>,
}

/// Of [`crate::messages::Reply`] what is needed here.
#[derive(Deserialize)]
struct Answered {
    seq: u64,
}

/// Y5: deletes some of what is left of a deleted channel, and says whether that was all of it. Members go first: they have no place in
/// it any more. 1 write unit a row.
pub async fn clear(store: &Store, channel: ChannelId, now: Timestamp) -> Result<bool> {
    for part in [Pk::Channel(channel), Pk::Messages(channel), Pk::Changes(channel)] {
        let query = Query::partition(&part).strong().only("pk, sk, reply_to").limit(AT_A_TIME);
        let (rows, next) = store.query_once(query).await?;
        let rows = rows.into_iter().map(crate::item::read).collect::<Result<Vec<Row>>>()?;
        let mut keys = answers(store, channel, &rows, now).await?;
        for Row { pk, sk, .. } in rows {
            let member = sk.strip_prefix(prefix::MEMBER).and_then(|user| user.parse::<UserId>().ok());
            if let Some(user) = member {
                // before the row that names them
                let theirs = [place_key(user, channel), Key::new(&Pk::Chat(user), &Sk::Draft(channel))];
                remove(store, theirs.into()).await?;
            }
            if sk != Sk::Deleted.to_string() {
                keys.push(Key { pk, sk });
            }
        }
        remove(store, keys).await?;
        if next.is_some() {
            return Ok(false);
        }
    }
    let settled = Condition::new("deleted_at <= :settled").serialized(":settled", &(now - SETTLED))?;
    // not yet: it falls due once more
    store.delete_if(&deleted_key(channel), settled).await?;
    Ok(true)
}

/// The rows of answers to the messages that these answer.
async fn answers(store: &Store, channel: ChannelId, rows: &[Row], now: Timestamp) -> Result<Vec<Key>> {
    let answered: BTreeSet<u64> = rows.iter().filter_map(|row| Some(row.reply_to.as_ref()?.seq)).collect();
    let mut keys = Vec::new();
    for seq in answered {
        let query = Query::partition(&Pk::Replies(MessageId { channel, seq })).only("pk, sk");
        let rows: Vec<Row> = store.query_all(query, now).await?;
        keys.extend(rows.into_iter().map(|Row { pk, sk, .. }| Key { pk, sk }));
    }
    Ok(keys)
}

async fn remove(store: &Store, keys: Vec<Key>) -> Result<()> {
    stream::iter(keys)
        .map(|key| async move { store.delete(&key).await })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}
