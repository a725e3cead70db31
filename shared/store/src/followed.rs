//! How far what follows from the messages of a channel has been done: mentions, replies, the search index.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y4 | how far were these channels followed | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get_many`] |
//!
//! It may be behind the log, never ahead of it: a number from which to look for the end of a log, and a sign that a job was lost.

use jiff::Timestamp;
use model::ChannelId;
use serde::{Deserialize, Serialize};

use crate::{
    Freshness, Item, Key, Store,
    error::Result,
    table::{Pk, Sk},
};

/// Everything up to this number was followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Followed {
    pub channel: ChannelId,
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

/// Y4: of those of them that were followed at all, in no order. Half a read unit each.
pub async fn get_many(store: &Store, channels: &[ChannelId], now: Timestamp) -> Result<Vec<Followed>> {
    let keys: Vec<Key> = channels.iter().copied().map(key).collect();
    store.get_many(&keys, Freshness::Eventual, now).await
}
