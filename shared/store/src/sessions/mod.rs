//! Live sessions with their audience.
//!
//! | # | question | file |
//! | --- | --- | --- |
//! | SESSIONS-1–8 | sessions: one, with counts, by code, of an owner, of a presentation, due checks, of a day, the leaderboard | this file |
//! | SESSIONS-9–10 | slides as a session showed them | [`slide_snapshots`] |
//! | SESSIONS-11 | the report of a session | [`reports`] |
//! | SESSIONS-12–15 | questions of the audience: one, all, their up-votes, those that wait for the assistant | [`questions`] |
//! | SESSIONS-16 | the assistant's answer to a wording | [`answer_cache`] |
//! | SESSIONS-17–18 | text that a model writes on slides | [`slide_generations`] |
//! | SESSIONS-19–20 | participants: one, all of a session | [`participants`] |
//! | SESSIONS-21–22 | answers to slides: one, all of a slide | [`responses`] |
//! | SESSIONS-23 | participants that were removed | [`participants`] |
//! | SESSIONS-24 | joins that were refused | [`refused_joins`] |
//!
//! The role of a caller in a session follows from SESSIONS-1 and SESSIONS-19 ([`roles`]).
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | SESSIONS-1 | one session | table | `SESSION#{id}` | `#` | [`get`], [`get_owned`], [`create`], [`change`] |
//! | SESSIONS-2 | one session with its counts | table | `SESSION#{id}` | `#…` | [`get_with_counts`], [`get_owned_with_counts`], [`save_snapshot`], [`save_presence`], [`save_turned_away`] |
//! | SESSIONS-3 | the session of this join code | table | `CODE#{code}` | `#` | [`by_code`] |
//! | SESSIONS-4 | an owner's sessions, newest first | gsi1 | `SESSIONS_OF#{user}` | creation | [`page_by_owner`], [`count_by_owner`] |
//! | SESSIONS-5 | a presentation's sessions, newest first | table | `PRESENTATION#{id}` | `SESSION#…` | [`page_by_presentation`] |
//! | SESSIONS-6 | sessions that must be checked | due | `0` | `due_at` | [`schedule_check`], [`cancel_check`] |
//! | SESSIONS-7 | sessions of a day, newest first | table | `SESSIONS_ON#{day}` | `SESSION#…` | [`list_by_day`], [`page_by_days`] |
//! | SESSIONS-8 | the leaderboard of the quizzes | table | `SESSION#{id}` | `LEADERBOARD` | [`get_leaderboard`], [`save_leaderboard`] |

pub mod answer_cache;
mod counts;
pub mod due;
mod leaderboard;
pub mod participants;
pub mod questions;
pub mod refused_joins;
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
    join_key::JoinKey,
    plan::Plan,
    session::{AUTO_END_HOURS, AiAnswerMode, EndReason, SessionKind, SessionStatus, SlidePacing},
    slide::SlideContent,
};
use serde::{Deserialize, Serialize};

pub use self::leaderboard::{LeaderboardSnapshot, get_leaderboard, save_leaderboard};
use self::sessions_by_day::SessionDayEntry;
pub use self::{
    counts::{
        PresenceCount, SessionWithCounts, TurnedAwayCount, VoteSnapshot, get_owned_with_counts, get_presence,
        get_snapshot, get_turned_away, get_with_counts, last_participant_count, save_presence, save_snapshot,
        save_turned_away,
    },
    sessions_by_day::{day_of, list_by_day, page_by_days},
};
use crate::{
    ConditionExpression, Item, Key, Page, PageRequest, Query, ReadConsistency, Store, TransactOutcome,
    TransactWrite, UpdateExpression, WriteOutcome,
    dynamodb::{
        error::{Result, StoreError},
        item::sortable_timestamp,
        key::{Gsi1Partition, PartitionKey, SortKey, prefix},
    },
    identity::plan_usage,
    presentations::Presentation,
};

/// How long an ended session is still found by its code, so that the audience's screen can say that it has ended.
const CODE_RETENTION: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A session as it is stored. Every change replaces the whole item, on the condition that its version has not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    #[serde(rename = "session_kind")]
    pub kind: SessionKind,
    pub owner: UserId,
    /// The owner's plan when the session was created. A smaller plan applies to later sessions. A larger one gives the
    /// session more seats at once.
    #[serde(default = "Plan::unlimited")]
    pub plan: Plan,
    pub presentation: PresentationId,
    pub presentation_title: String,
    pub presentation_slug: String,
    pub join_code: JoinCode,
    /// The secret of the join link. A client that sends it has not guessed the code.
    pub join_key: JoinKey,
    pub status: SessionStatus,
    /// Grows by one with every change. Events carry it.
    pub version: u64,
    pub current_slide: Option<SlideId>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    /// When `cron-clock` checks the session next. `None` some time after its end.
    pub check_at: Option<Timestamp>,
    /// The time of the presenter's last action.
    #[serde(default)]
    #[serde(rename = "moved_at")]
    pub last_presenter_action_at: Timestamp,
    #[serde(default)]
    pub ai_answers: AiAnswerMode,
    #[serde(default)]
    pub pace: SlidePacing,
    /// An answer that contains a blocked word is not counted and not in the word cloud.
    #[serde(default, skip_serializing_if = "BlockedWords::is_empty")]
    pub blocked_words: BlockedWords,
    /// The presenter's settings for the results of single slides.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<SlideId, SlideResultSettings>,
}

/// The presenter's settings for the results of a slide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlideResultSettings {
    /// Whether the audience may see the results. `None` leaves it to the slide.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<bool>,
    /// In milliseconds since 1970. Answers that the gateway received before do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset_at: Option<i64>,
    /// In milliseconds since 1970. The first time that the results became visible since the last reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revealed_at: Option<i64>,
}

impl Session {
    /// Creates a pending session of a presentation, at its first slide.
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
            join_key: JoinKey::generate(&mut rand::rng()),
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

    /// Whether the audience may see the results of a slide.
    pub fn shows_results(&self, slide: SlideId, content: &SlideContent) -> bool {
        let decided = self.results.get(&slide).and_then(|results| results.visible);
        decided.unwrap_or_else(|| content.shows_results())
    }

    /// Returns the time from which answers to a slide count, in milliseconds since 1970.
    pub fn counts_from(&self, slide: SlideId) -> i64 {
        self.results.get(&slide).and_then(|results| results.reset_at).unwrap_or(0)
    }

    /// Whether the presenter has shown the results of any slide.
    pub fn has_revealed(&self) -> bool {
        self.results.values().any(|results| results.revealed_at.is_some())
    }

    /// Whether an answer was received before the participant could see the results and the right answer.
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

/// The claim of a join code, until its session ends.
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

/// The entry of a session beside its presentation.
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

/// SESSIONS-1. Returns a session.
pub async fn get(
    store: &Store,
    id: SessionId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Option<Session>> {
    store.get(&key(id), consistency, now).await
}

/// SESSIONS-1. Returns a session of an owner.
///
/// # Errors
/// Returns [`StoreError::NotFound`] if there is none, or it belongs to another owner.
pub async fn get_owned(
    store: &Store,
    owner: UserId,
    id: SessionId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Session> {
    let found = get(store, id, consistency, now).await?;
    found.filter(|found| found.owner == owner).ok_or(StoreError::NotFound("session"))
}

/// The outcome of creating a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionCreateOutcome {
    Created,
    /// A session that has not ended has the code.
    CodeTaken,
    /// The plan allows no more sessions this month.
    OverLimit,
}

/// SESSIONS-1, SESSIONS-3, SESSIONS-5, SESSIONS-7, IDENTITY-10. Creates a session with its code and counts it, in one
/// transaction. 10 write units, and 2 for the indexes.
pub async fn create(store: &Store, session: &Session) -> Result<SessionCreateOutcome> {
    let code =
        JoinCodeClaim { code: session.join_code.clone(), session: session.id, ended: false, until: None };
    let entry = PresentationSession { presentation: session.presentation, session: session.id };
    let free = ConditionExpression::new("attribute_not_exists(pk) OR ended = :true")
        .value(":true", aws_sdk_dynamodb::types::AttributeValue::Bool(true));
    let limit = session.plan.limits().sessions_per_month;
    let writes = vec![
        ("quota", plan_usage::count_session(session.owner, limit, session.created_at)),
        ("session", TransactWrite::put_new(session)?),
        ("join code", TransactWrite::put(&code, free)?),
        ("presentation's session", TransactWrite::put_new(&entry)?),
        ("day", TransactWrite::put_new(&SessionDayEntry::new(session))?),
    ];
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => SessionCreateOutcome::Created,
        TransactOutcome::Failed(failures) if failures.contains("quota") => SessionCreateOutcome::OverLimit,
        TransactOutcome::Failed(_) => SessionCreateOutcome::CodeTaken,
    })
}

/// SESSIONS-1, SESSIONS-3. Replaces a session as it was read. `session.version` is the new version already. If the
/// session has ended, its code becomes free in the same transaction.
pub async fn change(store: &Store, session: &Session) -> Result<WriteOutcome> {
    let unchanged = ConditionExpression::new("version = :before").number(":before", session.version - 1);
    let Some(ended_at) = session.ended_at else { return store.put_if(session, unchanged).await };
    let code = JoinCodeClaim {
        code: session.join_code.clone(),
        session: session.id,
        ended: true,
        until: Some(ended_at + CODE_RETENTION),
    };
    let owned = ConditionExpression::new("#session = :session")
        .name("#session", "session")
        .text(":session", session.id);
    let writes = vec![
        ("session", TransactWrite::put(session, unchanged)?),
        ("join code", TransactWrite::put(&code, owned)?),
    ];
    Ok(store.transact(writes).await?.into())
}

/// SESSIONS-6. Schedules the next check. The version does not change, because nothing is published.
pub async fn schedule_check(store: &Store, id: SessionId, at: Timestamp) -> Result<()> {
    let change = UpdateExpression::new("SET check_at = :at, due_at = :due")
        .with_condition("attribute_exists(check_at) AND attribute_type(check_at, :text)")
        .text(":at", at)
        .text(":due", sortable_timestamp(at))
        .text(":text", "S");
    store.update_without_return(&key(id), change).await.map(drop)
}

/// SESSIONS-6. Takes an ended session out of the `due` index.
pub async fn cancel_check(store: &Store, id: SessionId) -> Result<()> {
    let change = UpdateExpression::new("REMOVE check_at, due_at, due_shard")
        .with_condition("attribute_exists(pk) AND #status = :ended")
        .name("#status", "status")
        .text(":ended", SessionStatus::Ended.as_str());
    store.update_without_return(&key(id), change).await.map(drop)
}

/// SESSIONS-3. Returns the claim of a join code.
pub async fn by_code(store: &Store, code: &JoinCode, now: Timestamp) -> Result<Option<JoinCodeClaim>> {
    store.get(&Key::new(&PartitionKey::JoinCode(code), &SortKey::Self_), ReadConsistency::Strong, now).await
}

/// SESSIONS-4. Returns a page of an owner's sessions, newest first.
pub async fn page_by_owner(
    store: &Store,
    owner: UserId,
    status: Option<SessionStatus>,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Session>> {
    let mut query = Query::gsi1(&Gsi1Partition::SessionsOf(owner)).newest_first();
    if let Some(status) = status {
        // A filter and no key, because an owner has few sessions of another status.
        query = query.filter("#status = :status", |bound| {
            bound.name("#status", "status").text(":status", status.as_str())
        });
    }
    store.page(query, request, now).await
}

/// SESSIONS-4. Counts the sessions of an owner.
pub async fn count_by_owner(store: &Store, owner: UserId) -> Result<u64> {
    store.count(Query::gsi1(&Gsi1Partition::SessionsOf(owner))).await
}

/// SESSIONS-5. Returns a page of a presentation's sessions, newest first. Ids are UUID v7, so they sort by creation.
pub async fn page_by_presentation(
    store: &Store,
    presentation: PresentationId,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Session>> {
    let query = Query::with_prefix(&PartitionKey::Presentation(presentation), prefix::SESSION).newest_first();
    let entries: Page<PresentationSession> = store.page(query, request, now).await?;
    let keys: Vec<Key> = entries.items.iter().map(|entry| key(entry.session)).collect();
    let mut sessions: Vec<Session> = store.get_many(&keys, ReadConsistency::Eventual, now).await?;
    sessions.sort_by_key(|session| std::cmp::Reverse(session.id));
    Ok(Page { items: sessions, next: entries.next })
}
