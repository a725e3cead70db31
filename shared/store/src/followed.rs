//! How far what follows from the messages of a channel has been done: mentions, answers, words.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y4 | up to which message it is done | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get`], [`get_many`], [`advance`] |

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
    pub seq: u64,
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
pub async fn get(store: &Store, channel: ChannelId, now: Timestamp) -> Result<u64> {
    let followed: Option<Followed> = store.get(&key(channel), Freshness::Strong, now).await?;
    Ok(followed.map_or(0, |followed| followed.seq))
}

/// Y4: those of them of which something is done, in no order.
pub async fn get_many(store: &Store, channels: &[ChannelId], now: Timestamp) -> Result<Vec<Followed>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, Freshness::Eventual, now).await
}

/// Y4: it is done up to there; only ever forwards, whoever is late. 1 write unit.
pub async fn advance(store: &Store, channel: ChannelId, seq: u64) -> Result<Written> {
    let change = Change::new("SET seq = :seq, channel = :channel, kind = :kind, v = :v")
        .only_if("attribute_not_exists(seq) OR seq < :seq")
        .number(":seq", seq)
        .text(":channel", channel)
        .text(":kind", Followed::KIND)
        .number(":v", Followed::VERSION);
    store.update_unseen(&key(channel), change).await
}
