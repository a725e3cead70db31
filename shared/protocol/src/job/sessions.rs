//! Jobs of live sessions.

use std::time::Duration;

use model::{ParticipantId, QuestionId, SessionId, SlideId, tick::Tick};
use serde::{Deserialize, Serialize};

use super::{FifoKey, Job, Queue, is_zero};

/// Check a running session. Count what was not counted yet, and end a forgotten session.
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
    /// The last answers are still being counted, so the job waits.
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

/// Compute the leaderboard of a session's quizzes, and publish it.
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

/// Have a model fill a slide with a summary or takeaways.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GenerateSlide {
    pub session: SessionId,
    pub slide: SlideId,
}

impl Job for GenerateSlide {
    const NAME: &'static str = "generate_slide.v1";
    const QUEUE: Queue = Queue::Answers;
}

/// End a session of any owner, because an admin requested it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndSession {
    pub session: SessionId,
}

impl Job for EndSession {
    const NAME: &'static str = "end_session.v1";
    const QUEUE: Queue = Queue::Sessions;
}

/// The recipients of a count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountRecipients {
    Presenter,
    Everyone,
}

/// Count the answers to a slide when a tick is over. The deduplication id makes the jobs of all instances in a tick one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountVotes {
    pub session: SessionId,
    pub slide: SlideId,
    pub tick: Tick,
    #[serde(rename = "told")]
    pub recipients: CountRecipients,
    /// How often the count was deferred.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries: u8,
    /// Milliseconds since 1970. The previous attempt counted the answers stored since then, and could not publish them.
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

/// Count the connected participants when a tick is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountPresence {
    pub session: SessionId,
    pub tick: Tick,
    #[serde(rename = "told")]
    pub recipients: CountRecipients,
    /// How often the count was deferred.
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

/// Add up the joins that the instances have refused because a session is full, when a tick is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountTurnedAway {
    pub session: SessionId,
    pub tick: Tick,
}

impl Job for CountTurnedAway {
    const NAME: &'static str = "count_turned_away.v1";
    const QUEUE: Queue = Queue::Ticks;

    /// A group of its own, so that votes never wait for it.
    fn fifo_key(&self) -> Option<FifoKey> {
        let group = format!("{}-turned-away", self.session);
        let deduplication = format!("{group}-{}", self.tick.0);
        Some(FifoKey { message_group_id: group, message_deduplication_id: deduplication })
    }
}

/// Count the up-votes of a question. The up-votes of a merged question are counted at the question that it was merged into.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountUpvotes {
    pub session: SessionId,
    pub question: QuestionId,
}

impl Job for CountUpvotes {
    const NAME: &'static str = "count_upvotes.v1";
    const QUEUE: Queue = Queue::Sessions;

    /// An instance sends the job once in two seconds. The count sees everything that was stored in them.
    fn delay(&self) -> Duration {
        Duration::from_secs(2)
    }
}

/// The key of a count. Counts of a session run in order. Counts for everyone have a group of their own, because they wait for the
/// audience's tick and must not delay the presenter's. A deferred count has an id of its own, because it may have more to publish
/// than a new count of the same tick.
fn tick_fifo_key(
    session: SessionId,
    counted: &str,
    tick: Tick,
    recipients: CountRecipients,
    tries: u8,
) -> FifoKey {
    let recipients = match recipients {
        CountRecipients::Presenter => "presenter",
        CountRecipients::Everyone => "everyone",
    };
    let mut deduplication = format!("{session}-{counted}-{}-{recipients}", tick.0);
    if tries > 0 {
        deduplication = format!("{deduplication}-{tries}");
    }
    FifoKey { message_group_id: format!("{session}-{recipients}"), message_deduplication_id: deduplication }
}

/// Close the sockets of a participant that the presenter has removed, because the function that removed them died before it closed
/// all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinishRemoval {
    pub session: SessionId,
    pub participant: ParticipantId,
}

impl Job for FinishRemoval {
    const NAME: &'static str = "finish_removal.v1";
    const QUEUE: Queue = Queue::Sessions;
}
