//! Sessions by the day of their creation, for admins: S7.

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use model::SessionId;
use serde::{Deserialize, Serialize};

use super::{Session, key};
use crate::{
    Item, Key, Query, ReadConsistency, Store,
    dynamodb::{
        error::{Result, StoreError},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// That a session was created on a day.
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

/// The day, UTC, by which a session is found.
pub fn day_of(time: Timestamp) -> Date {
    time.to_zoned(TimeZone::UTC).date()
}

/// S7: everything created on a day, newest first.
pub async fn list_by_day(store: &Store, day: Date, now: Timestamp) -> Result<Vec<Session>> {
    let query = Query::with_prefix(&PartitionKey::SessionsOn(&day.to_string()), prefix::SESSION);
    let opened: Vec<SessionDayEntry> = store.query_all(query, now).await?;
    let keys: Vec<Key> = opened.iter().map(|opened| key(opened.session)).collect();
    let mut sessions: Vec<Session> = store.get_many(&keys, ReadConsistency::Eventual, now).await?;
    sessions.sort_by_key(|session| std::cmp::Reverse((session.created_at, session.id)));
    Ok(sessions)
}

/// Days that one request looks through, empty ones too.
const MAX_DAYS_PER_REQUEST: usize = 31;

/// S7: sessions created in these days, newest first, of those that are meant. May come back short, with a `next`, which says
/// after which session of which day it goes on; it is for admins, who may see all of them, and not signed.
///
/// # Errors
/// `Cursor` for a `next` that is none.
pub async fn page_by_days(
    store: &Store,
    days: (Date, Date),
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
    is_meant: impl Fn(&Session) -> bool,
) -> Result<crate::Page<Session>> {
    let (from, mut day) = days;
    let mut last = None;
    if let Some(cursor) = cursor {
        let (on, after) = cursor.split_once('.').ok_or(StoreError::InvalidCursor)?;
        day = on.parse::<Date>().map_err(|_| StoreError::InvalidCursor)?.min(day);
        last = Some(after).filter(|after| !after.is_empty()).map(ToOwned::to_owned);
    }
    let mut items: Vec<Session> = Vec::new();
    for _ in 0..MAX_DAYS_PER_REQUEST {
        if day < from {
            return Ok(crate::Page { items, next: None });
        }
        let mut all = list_by_day(store, day, now).await?.into_iter();
        if let Some(after) = last.take() {
            // the session that the page before ended with, and all before it
            all.by_ref().find(|session| session.id.to_string() == after);
        }
        for session in all {
            if !is_meant(&session) {
                continue;
            }
            items.push(session);
            if items.len() >= limit {
                let next = items.last().map(|last| format!("{day}.{}", last.id));
                return Ok(crate::Page { items, next });
            }
        }
        let Ok(before) = day.yesterday() else { break };
        day = before;
    }
    let next = (day >= from).then(|| format!("{day}."));
    Ok(crate::Page { items, next })
}
