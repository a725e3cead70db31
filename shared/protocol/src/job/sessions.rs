//! Jobs of live sessions.

use std::time::Duration;

use model::{QuestionId, SessionId, SlideId, tick::Tick};
use serde::{Deserialize, Serialize};

use super::{FifoKey, Job, Queue, is_zero};

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
