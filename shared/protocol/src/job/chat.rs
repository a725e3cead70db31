//! Jobs of a team's chat.

use std::time::Duration;

use model::{ChannelId, UserId};
use serde::{Deserialize, Serialize};

use super::{FifoKey, Job, Queue, is_zero};

/// See whether someone is still there: a `$disconnect` may never come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckTeamPresence {
    pub user: UserId,
    /// A connection has just closed. The check waits, because a page that is loaded again is back within seconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub after_close: bool,
}

impl Job for CheckTeamPresence {
    const NAME: &'static str = "check_team_presence.v1";
    const QUEUE: Queue = Queue::Chat;

    fn delay(&self) -> Duration {
        if self.after_close { Duration::from_secs(5) } else { Duration::ZERO }
    }
}

/// Do what follows from messages of a channel: everything up to these numbers that was not followed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMessages {
    pub channel: ChannelId,
    /// The message that asks for it; also one that was edited.
    pub seq: u64,
    /// The version of that message.
    pub version: u64,
    /// The last change of it; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub change: u64,
    /// How often it was put off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u8,
}

impl Job for ProcessMessages {
    const NAME: &'static str = "process_messages.v1";
    const QUEUE: Queue = Queue::MessageProcessing;

    /// Those of one channel stand in order: the first does the work of the others. One that was put off is another one.
    fn fifo_key(&self) -> Option<FifoKey> {
        let Self { channel, seq, version, change, .. } = self;
        let mut deduplication = format!("{channel}-{seq}-{version}-{change}");
        if self.tries > 0 {
            deduplication = format!("{deduplication}-{}", self.tries);
        }
        Some(FifoKey { message_group_id: self.channel.to_string(), message_deduplication_id: deduplication })
    }
}

/// Make the chat agree with an account: default channels, its name in lists of members; nothing of one that is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncProfile {
    pub user: UserId,
}

impl Job for SyncProfile {
    const NAME: &'static str = "sync_profile.v1";
    const QUEUE: Queue = Queue::Chat;
}

/// Write to someone of what they have missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMentionDigest {
    pub user: UserId,
}

impl Job for SendMentionDigest {
    const NAME: &'static str = "send_mention_digest.v1";
    const QUEUE: Queue = Queue::Chat;
}

/// Clear away what is left of a deleted channel, some of it at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteChannelRows {
    pub channel: ChannelId,
}

impl Job for DeleteChannelRows {
    const NAME: &'static str = "delete_channel_rows.v1";
    const QUEUE: Queue = Queue::Chat;
}
