use jiff::Timestamp;
use model::{ChannelId, MessageId};
use serde::{Deserialize, Serialize};

use super::{Message, get_many};
use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Pins of a channel. The number is small, because pins are for what all members should see.
pub const MAX_PINS: usize = 50;

/// A pin. It is written with its message, which contains `pinned_at` too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePin {
    pub channel: ChannelId,
    pub seq: u64,
    pub pinned_at: Timestamp,
}

impl Item for MessagePin {
    const KIND: &'static str = "message_pin";

    fn key(&self) -> Key {
        key(MessageId { channel: self.channel, seq: self.seq })
    }
}

pub(super) fn key(message: MessageId) -> Key {
    Key::new(&PartitionKey::Channel(message.channel), &SortKey::Pin(message.seq))
}

/// CHAT-5. Returns the pins of a channel, newest first. One query, 1 read unit.
pub async fn list_pins(store: &Store, channel: ChannelId, now: Timestamp) -> Result<Vec<MessagePin>> {
    let query = Query::with_prefix(&PartitionKey::Channel(channel), prefix::PIN).strong();
    let mut pins: Vec<MessagePin> = store.query_all(query, now).await?;
    pins.sort_by_key(|pin| std::cmp::Reverse((pin.pinned_at, pin.seq)));
    Ok(pins)
}

/// CHAT-5, CHAT-1. Returns the pinned messages of a channel, newest pin first. Two requests.
pub async fn list_pinned_messages(store: &Store, channel: ChannelId, now: Timestamp) -> Result<Vec<Message>> {
    let pins = list_pins(store, channel, now).await?;
    let ids: Vec<MessageId> = pins.iter().map(|pin| MessageId { channel, seq: pin.seq }).collect();
    let mut messages = get_many(store, &ids, ReadConsistency::Strong, now).await?;
    messages.retain(|message| message.pinned_at.is_some());
    messages.sort_by_key(|message| std::cmp::Reverse((message.pinned_at, message.seq)));
    Ok(messages)
}
