//! Jobs of a team's chat.

use std::time::Duration;

use model::{ChannelId, PresenceForm, UserId, tick::Tick};
use serde::{Deserialize, Serialize};

use super::{FifoKey, Job, Queue, is_zero};
use crate::event::chat::TeamPresenceChanged;

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

/// Publish the statuses of the team that are not published yet, when a tick is over. The deduplication id makes the jobs of all
/// instances in a tick one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishPresence {
    pub tick: Tick,
}

impl Job for PublishPresence {
    const NAME: &'static str = "publish_presence.v1";
    const QUEUE: Queue = Queue::Presence;

    /// One tick at a time. A tick that began before the last one is done would publish the same statuses again, and a busy team
    /// would be published to ever more slowly.
    fn fifo_key(&self) -> Option<FifoKey> {
        let deduplication = format!("tick-{}", self.tick.0);
        Some(FifoKey { message_group_id: "publish".to_owned(), message_deduplication_id: deduplication })
    }
}

/// Post published statuses to the connections of the team that receive them in one form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliverPresence {
    pub presence: TeamPresenceChanged,
    pub form: PresenceForm,
    /// A shard of the team's room. `None` stands for the whole room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u8>,
    /// The index of the first of the statuses, among those of the version.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: usize,
}

impl Job for DeliverPresence {
    const NAME: &'static str = "deliver_presence.v1";
    const QUEUE: Queue = Queue::Presence;

    /// Single statuses of a shard are posted in order, because they are many, and the group keeps them from taking all workers.
    /// A state is one post for each connection.
    fn fifo_key(&self) -> Option<FifoKey> {
        let version = self.presence.version;
        let shard = self.shard.map_or_else(|| "all".to_owned(), |shard| shard.to_string());
        let (message_group_id, form) = match self.form {
            PresenceForm::Events => (format!("events-{shard}"), "events"),
            PresenceForm::State => (format!("state-{version}-{shard}"), "state"),
        };
        let message_deduplication_id = format!("{form}-{version}-{shard}-{}", self.part);
        Some(FifoKey { message_group_id, message_deduplication_id })
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
