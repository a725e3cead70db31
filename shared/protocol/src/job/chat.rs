//! Jobs of a team's chat.

use std::time::Duration;

use model::{ChannelId, UserId};
use serde::{Deserialize, Serialize};

use super::{FifoKey, Job, Queue, is_zero};

/// Check whether a user is still online. A `$disconnect` may never come.
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

/// Process every message and edit of a channel that was not processed yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessMessages {
    pub channel: ChannelId,
    /// The number of the new or edited message that led to the job.
    pub seq: u64,
    /// The version of that message.
    pub version: u64,
    /// The number of the message's last change, or 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub change: u64,
    /// How often the job was deferred.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u8,
}

impl Job for ProcessMessages {
    const NAME: &'static str = "process_messages.v1";
    const QUEUE: Queue = Queue::MessageProcessing;

    /// The jobs of a channel run in order, and the first one does the work of the others. A deferred job has an id of its own.
    fn fifo_key(&self) -> Option<FifoKey> {
        let Self { channel, seq, version, change, .. } = self;
        let mut deduplication = format!("{channel}-{seq}-{version}-{change}");
        if self.tries > 0 {
            deduplication = format!("{deduplication}-{}", self.tries);
        }
        Some(FifoKey { message_group_id: self.channel.to_string(), message_deduplication_id: deduplication })
    }
}

/// Synchronise the chat with an account: default channels, and the name in lists of members. A deleted account is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncProfile {
    pub user: UserId,
}

impl Job for SyncProfile {
    const NAME: &'static str = "sync_profile.v1";
    const QUEUE: Queue = Queue::Chat;
}

/// Send a user a digest of missed mentions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMentionDigest {
    pub user: UserId,
}

impl Job for SendMentionDigest {
    const NAME: &'static str = "send_mention_digest.v1";
    const QUEUE: Queue = Queue::Chat;
}

/// Delete the rows of a deleted channel, a part at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteChannelRows {
    pub channel: ChannelId,
}

impl Job for DeleteChannelRows {
    const NAME: &'static str = "delete_channel_rows.v1";
    const QUEUE: Queue = Queue::Chat;
}
