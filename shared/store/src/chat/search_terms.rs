//! Which words stand in which messages. Rows follow from messages: a job writes them, and whoever finds a message by them reads
//! the message before it is shown.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | F7 | where a word stands, newest day first | table | `TERM#{word}` | `WRITTEN#{day}#{channel}#{part}` | [`write`], [`Search`] |
//!
//! A row holds the numbers of the messages of one day, one channel and one [`MESSAGES_PER_BLOCK`] of its log: never more than a part has, so
//! that a word that everyone writes costs no more than another (a row without end would cost more with every message, and be
//! full one day). What a row says may be outdated, by an edit or a deletion; it is never too little for long.
//!
//! Several words are looked for by going through their rows side by side, from the newest down, each leaping to where the others
//! are: the rarest word sets the pace.

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

/// Messages of a channel whose words share a row: 256 numbers are 1.5 KB.
const MESSAGES_PER_BLOCK: u64 = 256;
/// Rows of one request: some 40 KB.
const ROWS_PER_REQUEST: i32 = 200;
/// Words of a message by which it is found: what is longer is a text to be read, and each is a write.
const MAX_TERMS_PER_MESSAGE: usize = 30;
/// Requests of one search, over all its words; then it says how far it came.
const MAX_REQUESTS_PER_SEARCH: usize = 20;

/// Where a word stands, in one part of a channel, on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TermOccurrences {
    word: String,
    /// UTC, `2026-11-21`
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

/// The day and part under which the words of a message are found. Its words of later are found under the day of the first.
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

/// The words by which a message is found.
pub fn terms_of(content: &str) -> Vec<String> {
    let mut words = words::search_words(content);
    words.truncate(MAX_TERMS_PER_MESSAGE);
    words
}

/// Where the numbers of one word, channel and page lie: they go with the channel.
pub(crate) fn key(word: &str, channel: ChannelId, page: &TermBlock) -> Key {
    Key::new(&PartitionKey::SearchTerm(word), &SortKey::SearchTerm(&page.day, channel, page.part))
}

/// F7: a word stands in these messages of one page; that it does already is no harm. 1 write unit, 2 where it stands in most
/// messages of the page.
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

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchPosition {
    /// A sort key: this row, or the next one below.
    row: String,
    /// Only numbers below this one, in that row.
    below: Option<u64>,
}

impl SearchPosition {
    /// For a client to come back with: opaque, signed, and good for this search only.
    pub fn seal(&self, store: &Store, search: &str) -> String {
        let mut position = ItemAttributes::from([("row".to_owned(), string_value(&self.row))]);
        position.extend(self.below.map(|below| ("below".to_owned(), string_value(below))));
        store.seal_cursor(&position, &cursor_identity(search))
    }

    /// # Errors
    /// `Cursor` where it is none of this search.
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

/// Messages of one channel in which all words stood when they were last looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub channel: ChannelId,
    /// Newest first.
    pub seqs: Vec<u64>,
    row: String,
}

impl SearchHit {
    /// Where a search goes on that has seen this one down to `seq`.
    pub fn after(&self, seq: u64) -> SearchPosition {
        SearchPosition { row: self.row.clone(), below: Some(seq) }
    }
}

/// What a step of a search comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchStep {
    Hit(SearchHit),
    /// It has asked for as much as one search may, and goes on here.
    LimitReached(SearchPosition),
    End,
}

/// F7: a search under way.
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
    /// All of them have been read.
    ended: bool,
}

/// Where a word stands next.
enum NextRow {
    Row(String),
    End,
    LimitReached,
}

impl TermSearch {
    /// For all of these words, from there on, or from the newest.
    pub fn new(words: impl IntoIterator<Item = String>, from: Option<SearchPosition>) -> Self {
        let words = words.into_iter();
        let words = words.map(|folded| TermCursor { folded, rows: VecDeque::new(), ended: false }).collect();
        let from = from.unwrap_or_else(|| SearchPosition { row: highest_row(), below: None });
        Self { words, from, requests: MAX_REQUESTS_PER_SEARCH }
    }

    /// The next messages. Half a read unit for 4 KB of rows that it goes through: some 25 rows.
    pub async fn step(&mut self, store: &Store, now: Timestamp) -> Result<SearchStep> {
        let (mut agreed, mut index) = (0, 0);
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
    /// The first row at this one or below.
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

/// Above every row.
fn highest_row() -> String {
    format!("{}~", prefix::WRITTEN)
}

/// Below this row and above all that are below it: rows are equally long, and end with a digit.
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
        fn before_a_row_is_every_lower_one_and_no_other(
            one in (1..30_u32, 0..4_u128, 0..40_u64),
            other in (1..30_u32, 0..4_u128, 0..40_u64),
        ) {
            let (one, other) = (row(one.0, one.1, one.2), row(other.0, other.1, other.2));
            prop_assert_eq!(other <= next_lower_row(&one), other < one);
            prop_assert!(one < highest_row());
        }
    }
}
