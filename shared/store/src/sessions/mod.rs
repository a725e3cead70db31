//! Live sessions.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | S1 | one session | table | `SESSION#{id}` | `#` | [`get`], [`owned`] |
//! | S2 | one session with its counts | table | `SESSION#{id}` | `#…` | [`with_counts`] |
//! | S3 | the session with this join code | table | `CODE#{code}` | `#` | [`by_code`] |
//! | S4 | an owner's sessions, newest first | gsi1 | `SESSIONS_OF#{user}` | creation | [`of_owner`], [`count_of_owner`] |
//! | S5 | a presentation's sessions, newest first | table | `PRESENTATION#{id}` | `SESSION#…` | [`of_presentation`] |
//! | S6 | sessions to look after now | due | – | `check_at` | [`crate::platform::due::due`] |
//! | S7 | sessions of a day, newest first | table | `SESSIONS_ON#{day}` | `SESSION#…` | [`of_day`], [`of_days`] |
//! | S8 | who leads in its quizzes | table | `SESSION#{id}` | `LEADERBOARD` | [`leaderboard`] |

pub mod answer_cache;
mod counts;
mod leaderboard;
pub mod participants;
pub mod questions;
pub mod reports;
pub mod responses;
pub mod roles;
mod sessions_by_day;
pub mod slide_generations;
pub mod slide_snapshots;

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use model::{
    PresentationId, SessionId, SlideId, UserId,
    blocked_words::BlockedWords,
    join_code::JoinCode,
    plan::Plan,
    session::{AUTO_END_HOURS, AiAnswerMode, EndReason, SessionKind, SessionStatus, SlidePacing},
    slide::SlideContent,
};
use serde::{Deserialize, Serialize};

pub use self::leaderboard::{LeaderboardSnapshot, get_leaderboard, save_leaderboard};
use self::sessions_by_day::SessionDayEntry;
pub use self::{
    counts::{
        PresenceCount, SessionWithCounts, VoteSnapshot, get_owned_with_counts, get_presence, get_snapshot,
        get_with_counts, last_participant_count, save_presence, save_snapshot,
    },
    sessions_by_day::{day_of, list_by_day, page_by_days},
};
use crate::{
    ConditionExpression, Item, Key, Page, Query, ReadConsistency, Store, TransactWrite, UpdateExpression,
    WriteOutcome,
    dynamodb::{
        error::Result,
        item::sortable_timestamp,
        key::{Gsi1Partition, PartitionKey, SortKey, prefix},
    },
    identity::plan_usage,
    presentations::Presentation,
};

/// An ended session is still found by its code for this long: the audience's screen says that it is over.
const CODE_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A session as it lies in the table. Every change writes it whole, on the condition that its version has not moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    #[serde(rename = "session_kind")]
    pub kind: SessionKind,
    pub owner: UserId,
    /// Of the owner when it was created: another plan is for the sessions after it.
    #[serde(default = "Plan::unlimited")]
    pub plan: Plan,
    pub presentation: PresentationId,
    pub presentation_title: String,
    pub presentation_slug: String,
    pub join_code: JoinCode,
    pub status: SessionStatus,
    /// Rises by one with every change; what events carry.
    pub version: u64,
    pub current_slide: Option<SlideId>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    /// When `cron-clock` looks after it next; `None` some time after it has ended.
    pub check_at: Option<Timestamp>,
    /// When its presenter did something last.
    #[serde(default)]
    #[serde(rename = "moved_at")]
    pub last_presenter_action_at: Timestamp,
    #[serde(default)]
    pub ai_answers: AiAnswerMode,
    #[serde(default)]
    pub pace: SlidePacing,
    /// What contains one of them is in no count and no cloud.
    #[serde(default, skip_serializing_if = "BlockedWords::is_empty")]
    pub blocked_words: BlockedWords,
    /// What the presenter decided about the results of single slides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<SlideId, SlideResultSettings>,
}

/// What the presenter decided about the results of a slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideResultSettings {
    /// May the audience see them? Else its slide says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// Milliseconds since 1970: answers that the gateway received before do not count any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<i64>,
    /// Milliseconds since 1970: when they were made visible first, since they were begun anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed_at: Option<i64>,
}

impl Session {
    /// One of a presentation that waits to be started; its first slide is set.
    pub fn new(
        id: SessionId,
        presentation: &Presentation,
        plan: Plan,
        join_code: JoinCode,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            kind: SessionKind::Presentation,
            owner: presentation.owner,
            plan,
            presentation: presentation.id,
            presentation_title: presentation.title.clone(),
            presentation_slug: presentation.slug.to_string(),
            join_code,
            status: SessionStatus::Pending,
            version: 1,
            current_slide: presentation.slides.first().copied(),
            created_at: now,
            started_at: None,
            ended_at: None,
            end_reason: None,
            check_at: Some(now + SignedDuration::from_hours(AUTO_END_HOURS)),
            last_presenter_action_at: now,
            ai_answers: AiAnswerMode::default(),
            pace: SlidePacing::default(),
            blocked_words: BlockedWords::default(),
            results: BTreeMap::new(),
        }
    }

    /// May the audience see how the others answered this slide?
    pub fn shows_results(&self, slide: SlideId, content: &SlideContent) -> bool {
        let decided = self.results.get(&slide).and_then(|results| results.visible);
        decided.unwrap_or_else(|| content.shows_results())
    }

    /// Milliseconds since 1970 from which on answers to a slide count.
    pub fn counts_from(&self, slide: SlideId) -> i64 {
        self.results.get(&slide).and_then(|results| results.reset_at).unwrap_or(0)
    }

    /// Did the presenter show the results of any slide?
    pub fn has_revealed(&self) -> bool {
        self.results.values().any(|results| results.revealed_at.is_some())
    }

    /// Was an answer received before its giver could see how the others answered, and what is right?
    pub fn is_before_reveal(&self, slide: SlideId, received: i64) -> bool {
        let revealed_at = self.results.get(&slide).and_then(|results| results.revealed_at);
        revealed_at.is_none_or(|revealed_at| received < revealed_at)
    }
}

impl Item for Session {
    const KIND: &'static str = "session";

    fn key(&self) -> Key {
        key(self.id)
    }

    fn gsi1(&self) -> Option<(Gsi1Partition, String)> {
        Some((
            Gsi1Partition::SessionsOf(self.owner),
            format!("{}#{}", sortable_timestamp(self.created_at), self.id),
        ))
    }

    fn due(&self) -> Option<Timestamp> {
        self.check_at
    }
}

/// A join code, taken while its session has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinCodeClaim {
    pub code: JoinCode,
    pub session: SessionId,
    pub ended: bool,
    until: Option<Timestamp>,
}

impl Item for JoinCodeClaim {
    const KIND: &'static str = "join_code_claim";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::JoinCode(&self.code), &SortKey::Self_)
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.until
    }
}

/// That a presentation was held, beside the presentation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PresentationSession {
    presentation: PresentationId,
    session: SessionId,
}

impl Item for PresentationSession {
    const KIND: &'static str = "presentation_session";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::Presentation(self.presentation), &SortKey::Session(self.session))
    }
}

fn key(id: SessionId) -> Key {
    Key::new(&PartitionKey::Session(id), &SortKey::Self_)
}

/// S1.
pub async fn get(
    store: &Store,
    id: SessionId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Option<Session>> {
    store.get(&key(id), freshness, now).await
}

/// S1 for its owner. Others' are not found.
///
/// # Errors
/// `NotFound` where there is none, or none of this owner.
pub async fn get_owned(
    store: &Store,
    owner: UserId,
    id: SessionId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> model::Result<Session> {
    let found = get(store, id, freshness, now).await?;
    found.filter(|found| found.owner == owner).ok_or(model::Error::NotFound("session"))
}

/// What creating a session came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCreateOutcome {
    Created,
    /// Its code is that of a session that has not ended.
    CodeTaken,
    /// The plan has no more of them this month.
    OverLimit,
}

/// S1, S3, S5, S7, G1: creates a session with its code and counts it, all or nothing. 10 write units and 2 for
/// the indexes.
pub async fn create(store: &Store, session: &Session) -> Result<SessionCreateOutcome> {
    let code =
        JoinCodeClaim { code: session.join_code.clone(), session: session.id, ended: false, until: None };
    let held = PresentationSession { presentation: session.presentation, session: session.id };
    let free = ConditionExpression::new("attribute_not_exists(pk) OR ended = :true")
        .value(":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true));
    let limit = session.plan.limits().sessions_per_month;
    let writes = vec![
        plan_usage::count_session(session.owner, limit, session.created_at),
        TransactWrite::put_new(session)?,
        TransactWrite::put(&code, free)?,
        TransactWrite::put_new(&held)?,
        TransactWrite::put_new(&SessionDayEntry::new(session))?,
    ];
    Ok(match store.transact(writes).await? {
        Ok(()) => SessionCreateOutcome::Created,
        Err(lost) if lost.contains(&0) => SessionCreateOutcome::OverLimit,
        Err(_) => SessionCreateOutcome::CodeTaken,
    })
}

/// S1: writes a changed session if nobody else has changed it since it was read. `session.version` is already the new
/// one. Where it has ended, its code is freed in the same transaction.
pub async fn change(store: &Store, session: &Session) -> Result<WriteOutcome> {
    let unmoved = ConditionExpression::new("version = :before").number(":before", session.version - 1);
    let Some(ended_at) = session.ended_at else { return store.put_if(session, unmoved).await };
    let code = JoinCodeClaim {
        code: session.join_code.clone(),
        session: session.id,
        ended: true,
        until: Some(ended_at + CODE_RETENTION),
    };
    let ours = ConditionExpression::new("#session = :session")
        .name("#session", "session")
        .text(":session", session.id);
    let writes = vec![TransactWrite::put(session, unmoved)?, TransactWrite::put(&code, ours)?];
    Ok(match store.transact(writes).await? {
        Ok(()) => WriteOutcome::Applied(()),
        Err(_) => WriteOutcome::ConditionFailed,
    })
}

/// S6: when to look again. Not a new version: nobody is told.
pub async fn schedule_check(store: &Store, id: SessionId, at: Timestamp) -> Result<()> {
    let change = UpdateExpression::new("SET check_at = :at, due_at = :due")
        .with_condition("attribute_exists(check_at) AND attribute_type(check_at, :text)")
        .text(":at", at)
        .text(":due", sortable_timestamp(at))
        .text(":text", "S");
    store.update_without_return(&key(id), change).await.map(drop)
}

/// S6: nothing is left to look after.
pub async fn cancel_check(store: &Store, id: SessionId) -> Result<()> {
    let change = UpdateExpression::new("REMOVE check_at, due_at, due_shard")
        .with_condition("attribute_exists(pk) AND #status = :ended")
        .name("#status", "status")
        .text(":ended", SessionStatus::Ended.as_str());
    store.update_without_return(&key(id), change).await.map(drop)
}

/// S3.
pub async fn by_code(store: &Store, code: &JoinCode, now: Timestamp) -> Result<Option<JoinCodeClaim>> {
    store.get(&Key::new(&PartitionKey::JoinCode(code), &SortKey::Self_), ReadConsistency::Strong, now).await
}

/// S4.
pub async fn page_by_owner(
    store: &Store,
    owner: UserId,
    status: Option<SessionStatus>,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Session>> {
    let mut query = Query::gsi1(&Gsi1Partition::SessionsOf(owner)).newest_first();
    if let Some(status) = status {
        // a filter and no key: an owner has few sessions that are not of the status they ask for
        query = query.filter("#status = :status", |bound| {
            bound.name("#status", "status").text(":status", status.as_str())
        });
    }
    store.page(query, limit, cursor, now).await
}

/// S4: how many an owner has held.
pub async fn count_by_owner(store: &Store, owner: UserId) -> Result<u64> {
    store.count(Query::gsi1(&Gsi1Partition::SessionsOf(owner))).await
}

/// S5: ids are UUID v7, so their order is that of creation.
pub async fn page_by_presentation(
    store: &Store,
    presentation: PresentationId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<Session>> {
    let query = Query::with_prefix(&PartitionKey::Presentation(presentation), prefix::SESSION).newest_first();
    let held: Page<PresentationSession> = store.page(query, limit, cursor, now).await?;
    let keys: Vec<Key> = held.items.iter().map(|held| key(held.session)).collect();
    let mut sessions: Vec<Session> = store.get_many(&keys, ReadConsistency::Eventual, now).await?;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
    Ok(Page { items: sessions, next: held.next })
}
