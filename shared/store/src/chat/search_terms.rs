//! Which messages contain which words. A job derives the rows from messages. A search reads each message before it is
//! returned.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-21 | messages that contain a word, newest day first | table | `TERM#{word}` | `WRITTEN#{day}#{channel}#{block}` | [`add_occurrences`], [`step`] |
//!
//! A row contains the numbers of the messages of one day, one channel and one block of 256 numbers.
//! So a frequent word costs no more than a rare one. A row without a limit would cost more with every message, and
//! would be full some day. A row may be out of date after an edit or a deletion. It lacks a message only until the job
//! has run.
//!
//! A search for several words reads their rows in parallel, from the newest down. Each word skips to the position of
//! the others, so the rarest word sets the pace.
//!
//! [`step`]: TermSearch::step

use std::collections::{BTreeSet, VecDeque};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{Timestamp, tz::TimeZone};
use model::{ChannelId, words};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, Query, Store, UpdateExpression,
    dynamodb::{
        error::{Result, StoreError},
        item::{ItemAttributes, from_attributes, string_value},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Numbers in one row. 256 numbers are 1.5 KB.
const MESSAGES_PER_BLOCK: u64 = 256;
/// Rows in one request, which are about 40 KB.
const ROWS_PER_REQUEST: i32 = 200;
/// Words of a message that are indexed. Each is a write, and a longer text is for reading.
const MAX_TERMS_PER_MESSAGE: usize = 30;
/// Requests of one search over all its words. Then the search returns its position.
const MAX_REQUESTS_PER_SEARCH: usize = 20;

/// The messages of one block of a channel, on one day, that contain a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TermOccurrences {
    word: String,
    /// The day in UTC, such as `2026-11-21`.
    day: String,
    channel: ChannelId,
    part: u64,
    seqs: BTreeSet<u64>,
}

impl Item for TermOccurrences {
    const KIND: &'static str = "term_occurrences";

    fn key(&self) -> Key {
        Key::new(&PartitionKey::SearchTerm(&self.word), &self.sort_key())
    }
}

impl TermOccurrences {
    fn sort_key(&self) -> SortKey<'_> {
        SortKey::SearchTerm(&self.day, self.channel, self.part)
    }
}

/// The day and the block under which the words of a message are indexed. Words of a later edit are indexed under the
/// day on which the message was sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermBlock {
    day: String,
    part: u64,
}

impl TermBlock {
    pub fn containing(seq: u64, sent_at: Timestamp) -> Self {
        Self { day: sent_at.to_zoned(TimeZone::UTC).date().to_string(), part: seq / MESSAGES_PER_BLOCK }
    }
}

/// Returns the words that a message is indexed by.
pub fn terms_of(content: &str) -> Vec<String> {
    let mut words = words::search_words(content);
    words.truncate(MAX_TERMS_PER_MESSAGE);
    words
}

/// Returns the key of the row of a word, channel and block.
pub(crate) fn key(word: &str, channel: ChannelId, page: &TermBlock) -> Key {
    Key::new(&PartitionKey::SearchTerm(word), &SortKey::SearchTerm(&page.day, channel, page.part))
}

/// CHAT-21. Adds messages of one block to a word. Idempotent. 1 write unit, 2 if most messages of the block contain the
/// word.
pub async fn add_occurrences(
    store: &Store,
    word: &str,
    channel: ChannelId,
    page: &TermBlock,
    seqs: &[u64],
) -> Result<()> {
    let numbers = seqs.iter().map(ToString::to_string).collect();
    let fields = "kind = :kind, v = :v, #word = :word, #day = :day, #channel = :channel, #part = :part";
    let change = UpdateExpression::new(format!("ADD seqs :seqs SET {fields}"))
        .name("#word", "word")
        .name("#day", "day")
        .name("#channel", "channel")
        .name("#part", "part")
        .value(":seqs", AttributeValue::Ns(numbers))
        .text(":kind", TermOccurrences::KIND)
        .number(":v", TermOccurrences::VERSION)
        .text(":word", word)
        .text(":day", &page.day)
        .text(":channel", channel)
        .number(":part", page.part);
    store.update_without_return(&key(word, channel, page), change).await.map(drop)
}

/// The position at which a search continues.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPosition {
    /// A sort key. The search continues at this row or the next lower one.
    row: String,
    /// In that row, only lower numbers are left.
    below: Option<u64>,
}

impl SearchPosition {
    /// Returns a cursor for the client. It is opaque, signed and only valid for this search.
    pub fn seal(&self, store: &Store, search: &str) -> String {
        let mut position = ItemAttributes::from([("row".to_owned(), string_value(&self.row))]);
        position.extend(self.below.map(|below| ("below".to_owned(), string_value(below))));
        store.seal_cursor(&position, &cursor_identity(search))
    }

    /// Reads a cursor that [`Self::seal`] made.
    ///
    /// # Errors
    /// Returns [`StoreError::InvalidCursor`] if the cursor is not one of this search.
    pub fn open(store: &Store, search: &str, cursor: &str) -> Result<Self> {
        let position = store.open_cursor(cursor, &cursor_identity(search))?;
        let field = |name: &str| position.get(name).and_then(|value| value.as_s().ok());
        let row = field("row").ok_or(StoreError::InvalidCursor)?.clone();
        let below = field("below").map(|below| below.parse()).transpose();
        Ok(Self { row, below: below.map_err(|_| StoreError::InvalidCursor)? })
    }
}

fn cursor_identity(search: &str) -> String {
    format!("terms|{search}")
}

/// Messages of one channel that contain all words, as far as the index knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub channel: ChannelId,
    /// The numbers, newest first.
    pub seqs: Vec<u64>,
    row: String,
}

impl SearchHit {
    /// Returns the position of a search that has returned this hit down to `seq`.
    pub fn after(&self, seq: u64) -> SearchPosition {
        SearchPosition { row: self.row.clone(), below: Some(seq) }
    }
}

/// The outcome of one step of a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchStep {
    Hit(SearchHit),
    /// The search has made as many requests as it may, and continues at this position.
    LimitReached(SearchPosition),
    End,
}

/// CHAT-21. A search in progress.
#[derive(Debug)]
pub struct TermSearch {
    words: Vec<TermCursor>,
    from: SearchPosition,
    requests: usize,
}

/// The rows of one word.
#[derive(Debug)]
struct TermCursor {
    folded: String,
    rows: VecDeque<TermOccurrences>,
    /// All rows have been read.
    ended: bool,
}

/// The next row of a word.
enum NextRow {
    Row(String),
    End,
    LimitReached,
}

impl TermSearch {
    /// Starts a search for messages that contain all words, at a position or at the newest message.
    pub fn new(words: impl IntoIterator<Item = String>, from: Option<SearchPosition>) -> Self {
        let words = words.into_iter();
        let words = words.map(|folded| TermCursor { folded, rows: VecDeque::new(), ended: false }).collect();
        let from = from.unwrap_or_else(|| SearchPosition { row: highest_row(), below: None });
        Self { words, from, requests: MAX_REQUESTS_PER_SEARCH }
    }

    /// CHAT-21. Returns the next hit. 0.5 read units for 4 KB of rows, which are about 25 rows.
    pub async fn step(&mut self, store: &Store, now: Timestamp) -> Result<SearchStep> {
        let mut agreed = 0;
        let mut index = 0;
        while agreed < self.words.len() {
            match self.words[index].seek(store, &self.from.row, &mut self.requests, now).await? {
                NextRow::Row(row) if row == self.from.row => agreed += 1,
                NextRow::Row(row) => {
                    self.from = SearchPosition { row, below: None };
                    agreed = 1;
                }
                NextRow::End => return Ok(SearchStep::End),
                NextRow::LimitReached => return Ok(SearchStep::LimitReached(self.from.clone())),
            }
            index = (index + 1) % self.words.len();
        }
        let mut rows = self.words.iter_mut().filter_map(|word| word.rows.pop_front());
        let Some(first) = rows.next() else { return Ok(SearchStep::End) };
        let seqs = rows.fold(first.seqs, |all, row| &all & &row.seqs);
        let below = self.from.below.unwrap_or(u64::MAX);
        let seqs = seqs.into_iter().rev().filter(|seq| *seq < below).collect();
        let row = self.from.row.clone();
        self.from = SearchPosition { row: next_lower_row(&row), below: None };
        Ok(SearchStep::Hit(SearchHit { channel: first.channel, seqs, row }))
    }
}

impl TermCursor {
    /// Finds the first row at this one or below.
    async fn seek(
        &mut self,
        store: &Store,
        row: &str,
        requests: &mut usize,
        now: Timestamp,
    ) -> Result<NextRow> {
        loop {
            while let Some(first) = self.rows.front() {
                let place = first.sort_key().to_string();
                if place.as_str() <= row {
                    return Ok(NextRow::Row(place));
                }
                self.rows.pop_front();
            }
            if self.ended {
                return Ok(NextRow::End);
            }
            if *requests == 0 {
                return Ok(NextRow::LimitReached);
            }
            *requests -= 1;
            let range = (prefix::WRITTEN.to_owned(), row.to_owned());
            let query = Query::between(&PartitionKey::SearchTerm(&self.folded), &range)
                .newest_first()
                .limit(ROWS_PER_REQUEST);
            let (rows, next) = store.query_once(query).await?;
            self.ended = next.is_none();
            let rows = rows.into_iter().filter(|item| !crate::dynamodb::item::is_expired(item, now));
            self.rows = rows.map(from_attributes).collect::<Result<_>>()?;
        }
    }
}

/// Returns a text that is higher than every row.
fn highest_row() -> String {
    format!("{}~", prefix::WRITTEN)
}

/// Returns a text that is lower than this row and higher than every lower row. Rows have the same length and end with a
/// digit.
fn next_lower_row(row: &str) -> String {
    let mut before = row.to_owned();
    let last = before.pop().and_then(|last| char::from_u32(u32::from(last) - 1));
    before.extend(last);
    before.push('~');
    before
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn row(day: u32, channel: u128, part: u64) -> String {
        SortKey::SearchTerm(&format!("2026-11-{day:02}"), Uuid::from_u128(channel).into(), part).to_string()
    }

    proptest! {
        #[test]
        fn next_lower_row_sorts_below_its_row_only(
            one in (1..30_u32, 0..4_u128, 0..40_u64),
            other in (1..30_u32, 0..4_u128, 0..40_u64),
        ) {
            let (one, other) = (row(one.0, one.1, one.2), row(other.0, other.1, other.2));
            prop_assert_eq!(other <= next_lower_row(&one), other < one);
            prop_assert!(one < highest_row());
        }
    }
}
