//! Jobs. A job is a struct of ids that a queue carries to a worker, at least once and in any order.
//!
//! | file | jobs of |
//! | --- | --- |
//! | `sessions` | live sessions and their assistant |
//! | `chat` | the team's chat |
//! | `identity` | accounts, which the platform forwards to other areas |
//! | `realtime` | connections and fan-out to large rooms |
//! | `mail` | e-mail |

mod chat;
mod identity;
mod mail;
mod realtime;
mod sessions;

use std::time::Duration;

use jiff::Timestamp;
use model::ConnectionIdentity;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use self::{
    chat::{
        CheckTeamPresence, DeleteChannelRows, DeliverPresence, ProcessMessages, PublishPresence,
        SendMentionDigest, SyncProfile,
    },
    identity::{AccountChanged, EndLogin, EndLogins, SessionEndRequested},
    mail::{EmailMention, EmailTemplate, MailAudience, MailRecipient, SendMail},
    realtime::{
        BroadcastFrame, ConnectionClosed, ConnectionHeartbeat, ConnectionOpened, ConnectionUnreachable,
        ConnectionsEnded, OpenedReason,
    },
    sessions::{
        AnswerQuestion, CheckSession, CountPresence, CountRecipients, CountTurnedAway, CountUpvotes,
        CountVotes, EndSession, FinishRemoval, GenerateSlide, RankQuiz, WriteReport,
    },
};

/// A queue. Its URL is the environment variable [`Queue::env_var`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    Sessions,
    Ticks,
    Broadcast,
    Mail,
    Answers,
    Chat,
    MessageProcessing,
    Presence,
}

impl Queue {
    pub const ALL: [Self; 8] = [
        Self::Sessions,
        Self::Ticks,
        Self::Broadcast,
        Self::Mail,
        Self::Answers,
        Self::Chat,
        Self::MessageProcessing,
        Self::Presence,
    ];

    pub const fn env_var(self) -> &'static str {
        match self {
            Self::Sessions => "SESSIONS_QUEUE_URL",
            Self::Ticks => "TICKS_QUEUE_URL",
            Self::Broadcast => "BROADCAST_QUEUE_URL",
            Self::Mail => "MAIL_QUEUE_URL",
            Self::Answers => "ANSWERS_QUEUE_URL",
            Self::Chat => "CHAT_QUEUE_URL",
            Self::MessageProcessing => "MESSAGE_PROCESSING_QUEUE_URL",
            Self::Presence => "PRESENCE_QUEUE_URL",
        }
    }

    /// The queue of the area that owns a connection: sessions if it belongs to a session, chat if it is an account's own.
    /// The owner of a connection never changes.
    pub const fn of_connection(identity: &ConnectionIdentity) -> Self {
        match identity.session() {
            Some(_) => Self::Sessions,
            None => Self::Chat,
        }
    }
}

/// The key of a job in a FIFO queue. Jobs of a group run in order, and a deduplication id is accepted once in five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FifoKey {
    pub message_group_id: String,
    pub message_deduplication_id: String,
}

pub trait Job: Serialize + DeserializeOwned + Send {
    /// The name with a version. A struct that changes gets a new name, and the old jobs are drained first.
    const NAME: &'static str;
    /// The queue that carries the job. For a job that goes to the owner of a connection, the first of [`Job::QUEUES`].
    const QUEUE: Queue;
    /// Every queue that may carry the job.
    const QUEUES: &'static [Queue] = &[Self::QUEUE];

    /// The queue that carries this job.
    fn queue(&self) -> Queue {
        Self::QUEUE
    }

    /// `None` on a standard queue.
    fn fifo_key(&self) -> Option<FifoKey> {
        None
    }

    /// The time for which a standard queue holds the job back, at most 900 s (SQS's limit).
    fn delay(&self) -> Duration {
        Duration::ZERO
    }
}

/// A job as it is stored in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobEnvelope {
    pub job: String,
    pub payload: Value,
    pub at: Timestamp,
    /// The request, socket message or clock event that led to the job. A job that a job sends inherits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// A job's entry in [`ALL`].
#[derive(Clone, Copy, Debug)]
pub struct JobKind {
    pub name: &'static str,
    pub queues: &'static [Queue],
}

impl JobKind {
    const fn of<J: Job>() -> Self {
        Self { name: J::NAME, queues: J::QUEUES }
    }
}

/// Every job. A contract test compares this list with the tables of all workers.
pub const ALL: &[JobKind] = &[
    JobKind::of::<AccountChanged>(),
    JobKind::of::<AnswerQuestion>(),
    JobKind::of::<BroadcastFrame>(),
    JobKind::of::<CheckSession>(),
    JobKind::of::<CheckTeamPresence>(),
    JobKind::of::<ConnectionClosed>(),
    JobKind::of::<ConnectionHeartbeat>(),
    JobKind::of::<ConnectionOpened>(),
    JobKind::of::<ConnectionUnreachable>(),
    JobKind::of::<ConnectionsEnded>(),
    JobKind::of::<CountPresence>(),
    JobKind::of::<CountTurnedAway>(),
    JobKind::of::<CountUpvotes>(),
    JobKind::of::<CountVotes>(),
    JobKind::of::<DeleteChannelRows>(),
    JobKind::of::<DeliverPresence>(),
    JobKind::of::<EndLogin>(),
    JobKind::of::<EndLogins>(),
    JobKind::of::<EndSession>(),
    JobKind::of::<FinishRemoval>(),
    JobKind::of::<GenerateSlide>(),
    JobKind::of::<ProcessMessages>(),
    JobKind::of::<PublishPresence>(),
    JobKind::of::<RankQuiz>(),
    JobKind::of::<SendMail>(),
    JobKind::of::<SendMentionDigest>(),
    JobKind::of::<SessionEndRequested>(),
    JobKind::of::<SyncProfile>(),
    JobKind::of::<WriteReport>(),
];

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}
