//! Which messages contain which words. A job derives the rows from messages. A search reads each message before it is
//! returned.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-21 | messages of a channel that contain a word, newest day first | table | `TERM#{channel}#{word}` | `WRITTEN#{day}#{block}` | [`add_occurrences`], [`step`] |
//!
//! A row contains the numbers of the messages of one day, one channel and one block of 256 numbers.
//! So a frequent word costs no more than a rare one. A row without a limit would cost more with every message, and
//! would be full some day. A row may be out of date after an edit or a deletion. It lacks a message only until the job
//! has run.
//!
//! The rows of a word are partitioned by channel, and a search reads only the channels of the caller. So neither the
//! result nor the cost of a search depends on other channels. One partition for each word was rejected. It needs
//! fewer requests, but a search that stops within the rows of other channels returns a position although it found
//! nothing, which reveals to an outsider that the word is used elsewhere.
//!
//! In one channel, the rows of several words are read from the newest down. Each word skips to the position of the
//! others, so the rarest word sets the pace. The channels are read concurrently, and their rows are merged.
//!
//! [`step`]: TermSearch::step

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::stream::{self, StreamExt, TryStreamExt};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use model::{ChannelId, words};
use serde::{Deserialize, Serialize};

use crate::{
    Item, Key, PageRequest, Query, Store, UpdateExpression,
    dynamodb::{
        error::Result,
        item::{from_attributes, is_expired},
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Numbers in one row. 256 numbers are 1.5 KB.
const MESSAGES_PER_BLOCK: u64 = 256;
/// The highest block. Its number has ten digits in a key.
const LAST_BLOCK: u64 = 9_999_999_999;
/// Rows in the first request for a word and channel. They are about 4 KB, which cost no more than one row.
const ROWS_IN_FIRST_REQUEST: i32 = 25;
/// Rows in each later request, which are about 40 KB.
const ROWS_PER_REQUEST: i32 = 200;
/// Words of a message that are indexed. Each is a write, and a longer text is for reading.
const MAX_TERMS_PER_MESSAGE: usize = 30;
/// Requests of one search over all its channels. Then the search returns its position.
const MAX_REQUESTS_PER_SEARCH: usize = 500;
/// The least and the most requests for one channel. A search for five words needs five requests to decide about one
/// row, so six are enough to move on.
const REQUESTS_PER_CHANNEL: (usize, usize) = (6, 20);
/// Channels that are read concurrently.
const CHANNEL_CONCURRENCY: usize = 50;

/// The messages of one block of a channel, on one day, that contain a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct TermOccurrences {
    word: String,
    /// The day in UTC, such as `2026-11-21`.
    day: Date,
    channel: ChannelId,
    part: u64,
    seqs: BTreeSet<u64>,
}

impl Item for TermOccurrences {
    const KIND: &'static str = "term_occurrences";

    fn key(&self) -> Key {
        key(&self.word, self.channel, &self.block())
    }
}

impl TermOccurrences {
    const fn block(&self) -> TermBlock {
        TermBlock { day: self.day, part: self.part }
    }
}

/// The day and the block under which the words of a message are indexed. Words of a later edit are indexed under the
/// day on which the message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TermBlock {
    day: Date,
    part: u64,
}

impl TermBlock {
    pub fn containing(seq: u64, sent_at: Timestamp) -> Self {
        Self { day: sent_at.to_zoned(TimeZone::UTC).date(), part: seq / MESSAGES_PER_BLOCK }
    }

    const fn last_of(day: Date) -> Self {
        Self { day, part: LAST_BLOCK }
    }

    /// Returns the highest block of the day before, unless this is the first day that there is.
    fn day_before(self) -> Option<Self> {
        self.day.yesterday().ok().map(Self::last_of)
    }

    /// Returns the next lower block.
    fn before(self) -> Option<Self> {
        match self.part.checked_sub(1) {
            Some(part) => Some(Self { part, ..self }),
            None => self.day_before(),
        }
    }

    fn sort_key(self) -> String {
        SortKey::SearchTerm(&self.day.to_string(), self.part).to_string()
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
    let sort = SortKey::SearchTerm(&page.day.to_string(), page.part).to_string();
    Key { pk: PartitionKey::SearchTerm(channel, word).to_string(), sk: sort }
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
        .text(":day", page.day)
        .text(":channel", channel)
        .number(":part", page.part);
    store.update_without_return(&key(word, channel, page), change).await.map(drop)
}

/// The position at which a search continues. It names only a channel of the caller.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchPosition {
    /// The search continues at this block of the channel or the next lower one.
    block: TermBlock,
    channel: ChannelId,
    /// In that block, only lower numbers are left.
    below: Option<u64>,
}

/// The part of the scope of a cursor that names this list.
const CURSOR_SCOPE: &str = "terms";

impl SearchPosition {
    /// Returns a cursor for the client. It is opaque and only valid for this request.
    pub async fn seal(&self, store: &Store, request: &PageRequest) -> Result<String> {
        request.seal(store, CURSOR_SCOPE, self).await
    }

    /// Reads the cursor of a request.
    ///
    /// # Errors
    /// Returns [`InvalidCursor`](crate::StoreError::InvalidCursor) if the cursor is not one of this request.
    pub async fn open(store: &Store, request: &PageRequest) -> Result<Option<Self>> {
        request.open(store, CURSOR_SCOPE).await
    }

    /// Returns where a channel continues. Hits are ordered by day, then by channel, then by block, all descending.
    fn start_in(&self, channel: ChannelId) -> Option<(TermBlock, Option<u64>)> {
        match channel.cmp(&self.channel) {
            std::cmp::Ordering::Less => Some((TermBlock::last_of(self.block.day), None)),
            std::cmp::Ordering::Equal => Some((self.block, self.below)),
            std::cmp::Ordering::Greater => self.block.day_before().map(|block| (block, None)),
        }
    }
}

/// Messages of one channel that contain all words, as far as the index knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub channel: ChannelId,
    /// The numbers, newest first.
    pub seqs: Vec<u64>,
    block: TermBlock,
}

impl SearchHit {
    /// Returns the position of a search that has returned this hit down to `seq`.
    pub const fn after(&self, seq: u64) -> SearchPosition {
        SearchPosition { block: self.block, channel: self.channel, below: Some(seq) }
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

/// CHAT-21. A search of some channels in progress.
#[derive(Debug)]
pub struct TermSearch {
    /// Channels whose next hit is not known yet.
    pending: Vec<ChannelSearch>,
    /// Channels with their next hit, in the order of the hits.
    heads: BTreeMap<(Date, ChannelId, u64), (ChannelSearch, ChannelStep)>,
}

/// The search of one channel.
#[derive(Debug)]
struct ChannelSearch {
    channel: ChannelId,
    words: Vec<TermCursor>,
    /// The search continues at this block or the next lower one.
    from: TermBlock,
    below: Option<u64>,
    requests: usize,
}

/// The next thing that the search of a channel comes to, at its block.
#[derive(Debug)]
enum ChannelStep {
    Hit(TermBlock, Vec<u64>),
    LimitReached(TermBlock),
}

/// The rows of one word in one channel.
#[derive(Debug)]
struct TermCursor {
    folded: String,
    rows: VecDeque<TermOccurrences>,
    /// A request was made.
    is_started: bool,
    /// All rows have been read.
    is_ended: bool,
}

/// The next row of a word.
enum NextRow {
    Row(TermBlock),
    End,
    LimitReached,
}

impl TermSearch {
    /// Starts a search for messages of these channels that contain all words, at a position or at the newest message.
    pub fn new(
        channels: impl IntoIterator<Item = ChannelId>,
        words: impl IntoIterator<Item = String>,
        from: Option<&SearchPosition>,
    ) -> Self {
        let mut words: Vec<String> = words.into_iter().collect();
        // A channel without the first word costs one request, and a long word is rarer than a short one.
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        let channels: BTreeSet<ChannelId> = channels.into_iter().collect();
        let (least, most) = REQUESTS_PER_CHANNEL;
        let requests = (MAX_REQUESTS_PER_SEARCH / channels.len().max(1)).clamp(least, most);
        let newest = (TermBlock::last_of(Date::MAX), None);
        let start = |channel| from.map_or(Some(newest), |position| position.start_in(channel));
        let pending = channels.into_iter().filter_map(|channel| {
            let (from, below) = start(channel)?;
            Some(ChannelSearch::new(channel, &words, from, below, requests))
        });
        Self { pending: pending.collect(), heads: BTreeMap::new() }
    }

    /// CHAT-21. Returns the next hit. The first step costs 0.5 read units for each channel without the longest word, and
    /// 0.5 for each word in the other channels. 25 rows are 0.5 read units.
    pub async fn step(&mut self, store: &Store, now: Timestamp) -> Result<SearchStep> {
        let steps: Vec<_> =
            self.pending.drain(..).map(|search| async move { search.step(store, now).await }).collect();
        let steps = stream::iter(steps).buffer_unordered(CHANNEL_CONCURRENCY);
        let steps: Vec<_> = steps.try_collect().await?;
        for (search, step) in steps.into_iter().flatten() {
            let (ChannelStep::Hit(block, _) | ChannelStep::LimitReached(block)) = &step;
            self.heads.insert((block.day, search.channel, block.part), (search, step));
        }
        let Some((_, (search, step))) = self.heads.pop_last() else { return Ok(SearchStep::End) };
        let channel = search.channel;
        match step {
            ChannelStep::Hit(block, seqs) => {
                self.pending.push(search);
                Ok(SearchStep::Hit(SearchHit { channel, seqs, block }))
            }
            ChannelStep::LimitReached(block) => {
                Ok(SearchStep::LimitReached(SearchPosition { block, channel, below: search.below }))
            }
        }
    }
}

impl ChannelSearch {
    fn new(
        channel: ChannelId,
        words: &[String],
        from: TermBlock,
        below: Option<u64>,
        requests: usize,
    ) -> Self {
        let words = words.iter().map(|word| TermCursor {
            folded: word.clone(),
            rows: VecDeque::new(),
            is_started: false,
            is_ended: false,
        });
        Self { channel, words: words.collect(), from, below, requests }
    }

    /// Returns the next hit of this channel, or `None` at the end.
    async fn step(mut self, store: &Store, now: Timestamp) -> Result<Option<(Self, ChannelStep)>> {
        loop {
            if self.words.iter().any(|word| word.is_ended && word.rows.is_empty()) {
                return Ok(None);
            }
            let mut agreed = 0;
            let mut index = 0;
            while agreed < self.words.len() {
                let word = &mut self.words[index];
                match word.seek(store, self.channel, self.from, &mut self.requests, now).await? {
                    NextRow::Row(block) if block == self.from => agreed += 1,
                    NextRow::Row(block) => {
                        (self.from, self.below) = (block, None);
                        agreed = 1;
                    }
                    NextRow::End => return Ok(None),
                    NextRow::LimitReached => {
                        let block = self.from;
                        return Ok(Some((self, ChannelStep::LimitReached(block))));
                    }
                }
                index = (index + 1) % self.words.len();
            }
            let block = self.from;
            let below = self.below.take().unwrap_or(u64::MAX);
            let mut rows = self.words.iter_mut().filter_map(|word| word.rows.pop_front());
            let Some(first) = rows.next() else { return Ok(None) };
            let seqs = rows.fold(first.seqs, |all, row| &all & &row.seqs);
            let seqs: Vec<u64> = seqs.into_iter().rev().filter(|seq| *seq < below).collect();
            let Some(before) = block.before() else { return Ok(None) };
            self.from = before;
            if !seqs.is_empty() {
                return Ok(Some((self, ChannelStep::Hit(block, seqs))));
            }
        }
    }
}

impl TermCursor {
    /// Finds the first row at this block or below.
    async fn seek(
        &mut self,
        store: &Store,
        channel: ChannelId,
        from: TermBlock,
        requests: &mut usize,
        now: Timestamp,
    ) -> Result<NextRow> {
        loop {
            while let Some(first) = self.rows.front() {
                if first.block() <= from {
                    return Ok(NextRow::Row(first.block()));
                }
                self.rows.pop_front();
            }
            if self.is_ended {
                return Ok(NextRow::End);
            }
            if *requests == 0 {
                return Ok(NextRow::LimitReached);
            }
            *requests -= 1;
            let limit = if self.is_started { ROWS_PER_REQUEST } else { ROWS_IN_FIRST_REQUEST };
            let range = (prefix::WRITTEN.to_owned(), from.sort_key());
            let query = Query::between(&PartitionKey::SearchTerm(channel, &self.folded), &range)
                .newest_first()
                .limit(limit);
            let (rows, next) = store.query_once(query).await?;
            self.is_started = true;
            self.is_ended = next.is_none();
            let rows = rows.into_iter().filter(|item| !is_expired(item, now));
            self.rows = rows.map(from_attributes).collect::<Result<_>>()?;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn block((day, part): (i8, u64)) -> TermBlock {
        TermBlock { day: jiff::civil::date(2026, 11, day), part }
    }

    proptest! {
        #[test]
        fn blocks_are_ordered_like_their_keys(one in (1..30_i8, 0..40_u64), other in (1..30_i8, 0..40_u64)) {
            let (one, other) = (block(one), block(other));
            prop_assert_eq!(one.cmp(&other), one.sort_key().cmp(&other.sort_key()));
            prop_assert_eq!(other <= one.before().unwrap(), other < one);
            prop_assert!(one < TermBlock::last_of(one.day));
            prop_assert!(one > one.day_before().unwrap());
        }
    }

    #[test]
    fn a_position_continues_each_channel_below_it() {
        let channel = |number| ChannelId::from(Uuid::from_u128(number));
        let position = SearchPosition { block: block((7, 3)), channel: channel(5), below: Some(800) };
        assert_eq!(position.start_in(channel(5)), Some((block((7, 3)), Some(800))));
        assert_eq!(
            position.start_in(channel(4)),
            Some((block((7, LAST_BLOCK)), None)),
            "the same day is left"
        );
        assert_eq!(position.start_in(channel(6)), Some((block((6, LAST_BLOCK)), None)), "the day is done");
    }
}
