//! How far what follows from the messages of a channel has been done: mentions, answers, words.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y4 | up to which message, and which change, it is done | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get`], [`get_many`], [`advance`] |

use jiff::Timestamp;
use model::ChannelId;
use serde::{Deserialize, Serialize};

use crate::{
    Change, Freshness, Item, Key, Store, Written,
    error::Result,
    table::{Pk, Sk},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    pub channel: ChannelId,
    /// Of every message up to this number it is done.
    #[serde(default)]
    pub seq: u64,
    /// And of every change up to this one.
    #[serde(default)]
    pub change: u64,
}

/// One of the two logs of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    Messages,
    Changes,
}

impl Item for Followed {
    const KIND: &'static str = "followed";

    fn key(&self) -> Key {
        key(self.channel)
    }
}

fn key(channel: ChannelId) -> Key {
    Key::new(&Pk::Channel(channel), &Sk::Followed)
}

/// Y4. Strong, and 0 where nothing is done.
pub async fn get(store: &Store, channel: ChannelId, now: Timestamp) -> Result<Followed> {
    let followed: Option<Followed> = store.get(&key(channel), Freshness::Strong, now).await?;
    Ok(followed.unwrap_or(Followed { channel, seq: 0, change: 0 }))
}

/// Y4: those of them of which something is done, in no order.
pub async fn get_many(store: &Store, channels: &[ChannelId], now: Timestamp) -> Result<Vec<Followed>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, Freshness::Eventual, now).await
}

/// Y4: it is done up to that number of that log; only ever forwards, whoever is late. 1 write unit.
pub async fn advance(store: &Store, channel: ChannelId, log: Log, number: u64) -> Result<Written> {
    let field = match log {
        Log::Messages => "seq",
        Log::Changes => "change",
    };
    let change = Change::new("SET #done = :done, channel = :channel, kind = :kind, v = :v")
        .only_if("attribute_not_exists(#done) OR #done < :done")
        .name("#done", field)
        .number(":done", number)
        .text(":channel", channel)
        .text(":kind", Followed::KIND)
        .number(":v", Followed::VERSION);
    store.update_unseen(&key(channel), change).await
}
