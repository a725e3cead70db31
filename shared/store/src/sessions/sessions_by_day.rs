//! SESSIONS-7. Sessions by the day of their creation, for admins.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use model::SessionId;
use serde::{Deserialize, Serialize};

use super::{Session, key};
use crate::{
    Item, Key, PageRequest, Query, ReadConsistency, Store,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// The entry of a session under the day of its creation.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionDayEntry {
    day: Date,
    session: SessionId,
}

impl SessionDayEntry {
    pub(super) fn new(session: &Session) -> Self {
        Self { day: day_of(session.created_at), session: session.id }
    }
}

impl Item for SessionDayEntry {
    const KIND: &'static str = "session_day";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::SessionsOn(&self.day.to_string()), &SortKey::Session(self.session))
    }
}

/// Returns the day (UTC) that a session is listed under.
pub fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// SESSIONS-7. Returns all sessions that were created on a day, newest first.
pub async fn list_by_day(store: &Store, day: Date, now: Timestamp) -> Result<Vec<Session>> {
    let query = Query::with_prefix(&PartitionKey::SessionsOn(&day.to_string()), prefix::SESSION);
    let entries: Vec<SessionDayEntry> = store.query_all(query, now).await?;
    let keys: Vec<Key> = entries.iter().map(|entry| key(entry.session)).collect();
    let mut sessions: Vec<Session> = store.get_many(&keys, ReadConsistency::Eventual, now).await?;
    sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
    Ok(sessions)
}

/// Days that one request reads, empty days included.
const MAX_DAYS_PER_REQUEST: usize = 31;

/// The position of a page: the day, and the last session of the page before, if it was of this day.
#[derive(Debug, Serialize, Deserialize)]
struct DayPosition {
    day: Date,
    after: Option<SessionId>,
}

/// The part of the scope of a cursor that names this list.
const CURSOR_SCOPE: &str = "sessions_by_day";

/// SESSIONS-7. Returns a page of the matching sessions that were created in these days, newest first. A page may be
/// short and have a cursor, which is bound to the request only. The request must name the filters.
pub async fn page_by_days(
    store: &Store,
    days: (Date, Date),
    request: &PageRequest,
    now: Timestamp,
    is_match: impl Fn(&Session) -> bool,
) -> Result<crate::Page<Session>> {
    let (from, mut day) = days;
    let mut last = None;
    let position: Option<DayPosition> = request.open(store, CURSOR_SCOPE).await?;
    if let Some(position) = position {
        day = position.day.min(day);
        last = position.after;
    }
    let mut items: Vec<Session> = Vec::new();
    for _ in 0..MAX_DAYS_PER_REQUEST {
        if day < from {
            return Ok(crate::Page { items, next: None });
        }
        let mut all = list_by_day(store, day, now).await?.into_iter();
        if let Some(after) = last.take() {
            // Skips the last session of the page before, and all sessions before it.
            all.by_ref().find(|session| session.id == after);
        }
        for session in all {
            if !is_match(&session) {
                continue;
            }
            items.push(session);
            if items.len() >= request.limit {
                let after = items.last().map(|last| last.id);
                let next = Some(request.seal(store, CURSOR_SCOPE, &DayPosition { day, after }).await?);
                return Ok(crate::Page { items, next });
            }
        }
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    if day < from {
        return Ok(crate::Page { items, next: None });
    }
    let next = request.seal(store, CURSOR_SCOPE, &DayPosition { day, after: None }).await?;
    Ok(crate::Page { items, next: Some(next) })
}
