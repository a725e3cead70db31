//! CHAT-21: search terms on the embedded engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model::ChannelId;
use store::{
    PageRequest, Store,
    chat::search_terms::{self, SearchPosition, SearchStep, TermBlock, TermSearch},
    dynamodb::cost,
};

use world::{World, id, now, store_world};

/// By day, channel and block as rows are ordered, then by number.
type SearchHits = Vec<(ChannelId, u64)>;

async fn index_words(store: &Store, words: &[&str], channel: ChannelId, days_ago: i64, seqs: &[u64]) {
    for seq in seqs {
        let page = TermBlock::containing(*seq, now() - SignedDuration::from_hours(24 * days_ago));
        for word in words {
            search_terms::add_occurrences(store, word, channel, &page, &[*seq]).await.unwrap();
        }
    }
}

/// Returns all hits of a search in turns of this many messages. Each turn continues where the one before stopped.
async fn search_in_turns(store: &Store, channels: &[ChannelId], words: &[&str], turn: usize) -> SearchHits {
    let mut found = Vec::new();
    let mut from: Option<SearchPosition> = None;
    loop {
        let words = words.iter().map(|word| (*word).to_owned());
        let mut search = TermSearch::new(channels.iter().copied(), words, from.take().as_ref());
        let mut left = turn;
        'turn: loop {
            match search.step(store, now()).await.unwrap() {
                SearchStep::Hit(hit) => {
                    for seq in &hit.seqs {
                        found.push((hit.channel, *seq));
                        left -= 1;
                        if left == 0 {
                            from = Some(hit.after(*seq));
                            break 'turn;
                        }
                    }
                }
                SearchStep::LimitReached(position) => {
                    from = Some(position);
                    break;
                }
                SearchStep::End => return found,
            }
        }
        let request = |caller: u128| PageRequest::new(id(caller), "search_messages", 20, None);
        let sealed = from.as_ref().unwrap().seal(store, &request(1)).await.unwrap();
        assert!(SearchPosition::open(store, &request(2).at(Some(sealed.clone()))).await.is_err());
        assert_eq!(SearchPosition::open(store, &request(1).at(Some(sealed))).await.unwrap(), from);
    }
}

#[tokio::test]
async fn search_finds_all_words_newest_day_first() {
    let World { store, _cloud } = store_world().await;
    let one: ChannelId = id(1);
    let two: ChannelId = id(2);
    index_words(&store, &["heron", "nest"], one, 3, &[1, 2]).await;
    index_words(&store, &["heron"], one, 2, &[3, 4, 255, 256, 257]).await;
    index_words(&store, &["nest"], one, 2, &[4, 256, 257]).await;
    index_words(&store, &["nest"], two, 1, &[1, 2, 3]).await;
    index_words(&store, &["heron", "nest"], two, 0, &[9]).await;
    // A repeated write changes nothing.
    index_words(&store, &["heron", "nest"], two, 0, &[9]).await;
    let both = [(two, 9), (one, 257), (one, 256), (one, 4), (one, 2), (one, 1)];
    for turn in [1, 2, 3, 100] {
        assert_eq!(search_in_turns(&store, &[one, two], &["heron", "nest"], turn).await, both, "by {turn}");
        assert_eq!(search_in_turns(&store, &[one, two], &["nest", "heron"], turn).await, both, "by {turn}");
    }
    assert_eq!(search_in_turns(&store, &[one, two], &["nest"], 4).await.len(), 9);
    assert!(search_in_turns(&store, &[one, two], &["heron", "stork"], 4).await.is_empty());
}

#[tokio::test]
async fn search_follows_the_rarest_word() {
    let World { store, _cloud } = store_world().await;
    let mut rows = BTreeMap::new();
    for day in 0..300_i64 {
        let channel: ChannelId = id(u128::from(day.unsigned_abs() % 3));
        index_words(&store, &["common"], channel, day, &[7]).await;
        rows.insert(day, channel);
    }
    index_words(&store, &["rare"], rows[&290], 290, &[7]).await;
    let (found, cost) = cost::measure(search_in_turns(&store, &[rows[&290]], &["common", "rare"], 100)).await;
    assert_eq!(found, [(rows[&290], 7)]);
    // One request for each word, and one to skip.
    assert!(cost.requests <= 3, "{cost:?}");
    let (found, cost) = cost::measure(search_in_turns(&store, &[id(0), id(1), id(2)], &["rare"], 100)).await;
    assert_eq!(found, [(rows[&290], 7)]);
    assert_eq!((cost.requests, cost.read_units), (3, 1.5), "one request for each channel");
}

#[tokio::test]
async fn a_search_neither_reads_nor_counts_other_channels() {
    let World { store, _cloud } = store_world().await;
    let (mine, other) = (id(1), id(2));
    index_words(&store, &["common"], mine, 0, &[1]).await;
    for day in 0..40 {
        index_words(&store, &["common", "merger"], other, day, &[day.unsigned_abs()]).await;
    }
    for words in [["common", "merger"], ["merger", "stork"]] {
        let used = cost::measure(search_in_turns(&store, &[mine], &words, 20)).await;
        let unused = cost::measure(search_in_turns(&store, &[mine], &[words[0], "nobody"], 20)).await;
        assert!(used.0.is_empty() && unused.0.is_empty());
        assert_eq!(
            (used.1.requests, used.1.read_units),
            (unused.1.requests, unused.1.read_units),
            "{words:?} costs as much as unused words"
        );
    }
}

#[tokio::test]
async fn a_search_of_many_channels_stops_and_goes_on() {
    let World { store, _cloud } = store_world().await;
    let channels: Vec<ChannelId> = (1..=120).map(id).collect();
    // The words never stand in one row, so a search cannot skip.
    for channel in &channels[..3] {
        for day in 0..40 {
            index_words(&store, &[if day % 2 == 0 { "even" } else { "odd" }], *channel, day, &[1]).await;
        }
        index_words(&store, &["even", "odd"], *channel, 50, &[1]).await;
    }
    let found = search_in_turns(&store, &channels, &["even", "odd"], 2).await;
    assert_eq!(found, [(channels[2], 1), (channels[1], 1), (channels[0], 1)]);
}
