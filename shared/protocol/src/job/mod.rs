//! Jobs: structs of ids that a queue carries to the worker of their subject. Delivered at least once, in any order.

mod chat;

use std::time::Duration;

use jiff::Timestamp;
use model::{LoginId, QuestionId, Room, SessionId, SlideId, UserId, tick::Tick};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

pub use self::chat::{
    CheckTeamPresence, DeleteChannelRows, OffboardConnection, OnboardConnection, ProcessMessages,
    SendMentionDigest, SyncProfile,
};

/// Which queue carries a job; its URL is the setting [`Queue::setting`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Queue {
    Sessions,
    Ticks,
    Broadcast,
    Mail,
    Answers,
    Chat,
    MessageProcessing,
}

impl Queue {
    pub const ALL: [Self; 7] = [
        Self::Sessions,
        Self::Ticks,
        Self::Broadcast,
        Self::Mail,
        Self::Answers,
        Self::Chat,
        Self::MessageProcessing,
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
        }
    }
}

/// Where a job stands in a FIFO queue: in order within its group, and once per deduplication id in five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FifoKey {
    pub message_group_id: String,
    pub message_deduplication_id: String,
}

pub trait Job: Serialize + DeserializeOwned + Send {
    /// With a version: a changed struct is a new name, and the old one is drained.
    const NAME: &'static str;
    const QUEUE: Queue;

    /// `None` on a standard queue.
    fn fifo_key(&self) -> Option<FifoKey> {
        None
    }

    /// How long a standard queue keeps it back; at most 900 s (SQS's limit).
    fn delay(&self) -> Duration {
        Duration::ZERO
    }
}

/// A job as it lies in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobEnvelope {
    pub job: String,
    pub payload: Value,
    pub at: Timestamp,
}

/// Tell a connection the state of its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendSessionState {
    pub connection: String,
    /// It is new: the presenter is told who has come.
    pub arrived: bool,
    /// It could not be told something because it was not open yet.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub opening: bool,
}

impl Job for SendSessionState {
    const NAME: &'static str = "send_session_state.v1";
    const QUEUE: Queue = Queue::Sessions;

    fn delay(&self) -> Duration {
        if self.opening { Duration::from_secs(1) } else { Duration::ZERO }
    }
}

/// Look after a running session: count what was not announced, end what nobody ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSession {
    pub session: SessionId,
}

impl Job for CheckSession {
    const NAME: &'static str = "check_session.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// Write the report of a session that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteReport {
    pub session: SessionId,
    /// The last answers are still being counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counting: bool,
}

impl Job for WriteReport {
    const NAME: &'static str = "write_report.v1";
    const QUEUE: Queue = Queue::Sessions;

    fn delay(&self) -> Duration {
        if self.counting { Duration::from_secs(3) } else { Duration::ZERO }
    }
}

/// Compute who leads in the quizzes of a session, and tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RankQuiz {
    pub session: SessionId,
}

impl Job for RankQuiz {
    const NAME: &'static str = "rank_quiz.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// Have the assistant answer a question of the audience.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerQuestion {
    pub session: SessionId,
    pub question: QuestionId,
}

impl Job for AnswerQuestion {
    const NAME: &'static str = "answer_question.v1";
    const QUEUE: Queue = Queue::Answers;
}

/// Have a model write on a slide: a summary, or takeaways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerateSlide {
    pub session: SessionId,
    pub slide: SlideId,
}

impl Job for GenerateSlide {
    const NAME: &'static str = "generate_slide.v1";
    const QUEUE: Queue = Queue::Answers;
}

/// Close the sockets of a log-in that has ended: whoever ended it broke off before they were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndLogin {
    pub user: UserId,
    pub login: LoginId,
}

impl Job for EndLogin {
    const NAME: &'static str = "end_login.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// End a session, whoever's it is: an admin wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSession {
    pub session: SessionId,
}

impl Job for EndSession {
    const NAME: &'static str = "end_session.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// Who is told what a count comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountRecipients {
    Presenter,
    Everyone,
}

/// Count the answers to a slide when a tick is over. However many instances store votes in a tick, the deduplication id
/// makes it one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountVotes {
    pub session: SessionId,
    pub slide: SlideId,
    pub tick: Tick,
    #[serde(rename = "told")]
    pub recipients: CountRecipients,
    /// How often it was put off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u8,
    /// Milliseconds since 1970: answers stored since then were counted by the try before, and could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
}

impl Job for CountVotes {
    const NAME: &'static str = "count_votes.v1";
    const QUEUE: Queue = Queue::Ticks;

    fn fifo_key(&self) -> Option<FifoKey> {
        Some(tick_fifo_key(self.session, &self.slide.to_string(), self.tick, self.recipients, self.tries))
    }
}

/// Count who is connected when a tick is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountPresence {
    pub session: SessionId,
    pub tick: Tick,
    #[serde(rename = "told")]
    pub recipients: CountRecipients,
    /// How often it was put off.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u8,
}

impl Job for CountPresence {
    const NAME: &'static str = "count_presence.v1";
    const QUEUE: Queue = Queue::Ticks;

    fn fifo_key(&self) -> Option<FifoKey> {
        Some(tick_fifo_key(self.session, "presence", self.tick, self.recipients, self.tries))
    }
}

/// Count who wants a question answered; of one that was merged, count them where it went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountUpvotes {
    pub session: SessionId,
    pub question: QuestionId,
}

impl Job for CountUpvotes {
    const NAME: &'static str = "count_upvotes.v1";
    const QUEUE: Queue = Queue::Sessions;

    /// The two seconds in which an instance announces it once: whatever was stored in them is seen.
    fn delay(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// Counts of one thing stand in order; those for everyone in a group of their own, since waiting for the audience's tick
/// must not hold up the presenter's. One that was put off is not what is announced of its new tick: it may have more to
/// tell.
fn tick_fifo_key(session: SessionId, counted: &str, tick: Tick, told: CountRecipients, tries: u8) -> FifoKey {
    let told = match told {
        CountRecipients::Presenter => "presenter",
        CountRecipients::Everyone => "everyone",
    };
    let mut deduplication = format!("{session}-{counted}-{}-{told}", tick.0);
    if tries > 0 {
        deduplication = format!("{deduplication}-{tries}");
    }
    FifoKey { message_group_id: format!("{session}-{told}"), message_deduplication_id: deduplication }
}

fn is_zero<T: Default + PartialEq>(number: &T) -> bool {
    *number == T::default()
}

/// Post to one shard of a large room, or to all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastFrame {
    pub room: Room,
    pub shard: Option<u8>,
    /// The frame, as it goes out.
    pub frame: String,
    /// The last word: close the connections after it.
    #[serde(default)]
    pub close: bool,
}

impl Job for BroadcastFrame {
    const NAME: &'static str = "broadcast_frame.v1";
    const QUEUE: Queue = Queue::Broadcast;

    /// The last word waits for what is still being counted.
    fn delay(&self) -> Duration {
        if self.close { Duration::from_secs(10) } else { Duration::ZERO }
    }
}

/// Send one e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMail {
    /// The same mail is sent once, however often the job is delivered.
    pub id: String,
    pub user: UserId,
    #[serde(rename = "letter")]
    pub template: EmailTemplate,
}

impl Job for SendMail {
    const NAME: &'static str = "send_mail.v1";
    const QUEUE: Queue = Queue::Mail;
}

/// What the mail says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum EmailTemplate {
    PasswordReset {
        /// The token itself: the table holds only its hash. Queues are encrypted at rest.
        token: String,
    },
    PasswordChanged,
    /// The report of a session can be read.
    ReportReady {
        session: SessionId,
        title: String,
    },
    /// Mentions that somebody has missed, newest first.
    MentionDigest {
        mentions: Vec<EmailMention>,
        /// How many there are beside these.
        more: usize,
    },
}

/// A line of a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmailMention {
    /// `None` where it is a direct one.
    pub channel: Option<String>,
    /// The name of whoever wrote it.
    pub from: String,
    /// How it begins.
    pub text: String,
}
