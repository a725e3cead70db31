//! How far what follows from the messages of a channel has been done: mentions, answers, words.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Y4 | up to which message, and which change, it is done | table | `CHANNEL#{channel}` | `FOLLOWED` | [`get`], [`get_many`], [`heads`], [`advance`] |

use std::collections::HashMap;

use jiff::Timestamp;
use model::ChannelId;
use serde::{Deserialize, Serialize};

use crate::{
    Change, Freshness, Item, Key, Store, Written,
    error::Result,
    members::Place,
    messages,
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

/// How far a channel that somebody is in has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub channel: ChannelId,
    /// The number of its last message, 0 for none.
    pub seq: u64,
    /// Up to which what follows is done.
    pub followed: u64,
}

/// Y4, X3: how far all channels of somebody are, in the order of their places: what was followed of each says where to look. A
/// request for each hundred of them, and those of [`messages::heads`].
pub async fn heads(
    store: &Store,
    places: &[Place],
    freshness: Freshness,
    now: Timestamp,
) -> Result<Vec<Head>> {
    let channels: Vec<ChannelId> = places.iter().map(|place| place.channel).collect();
    let followed = get_many(store, &channels, now).await?;
    let followed: HashMap<ChannelId, u64> = followed.iter().map(|one| (one.channel, one.seq)).collect();
    let followed = |channel: ChannelId| followed.get(&channel).copied().unwrap_or(0);
    let known: Vec<(ChannelId, u64)> =
        places.iter().map(|place| (place.channel, place.known_seq().max(followed(place.channel)))).collect();
    let heads = messages::heads(store, &known, freshness, now).await?;
    let head = |(channel, seq): (ChannelId, u64)| Head { channel, seq, followed: followed(channel) };
    Ok(channels.into_iter().zip(heads).map(head).collect())
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
