//! CHAT-21: search terms on the embedded engine.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use model::ChannelId;
use store::{
    Store,
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
async fn search_in_turns(store: &Store, words: &[&str], turn: usize) -> SearchHits {
    let mut found = Vec::new();
    let mut from = None;
    loop {
        let mut search = TermSearch::new(words.iter().map(|word| (*word).to_owned()), from.take());
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
        let sealed = from.as_ref().unwrap().seal(store, "this search");
        assert!(SearchPosition::open(store, "another one", &sealed).is_err());
        assert_eq!(SearchPosition::open(store, "this search", &sealed).unwrap(), from.clone().unwrap());
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
        assert_eq!(search_in_turns(&store, &["heron", "nest"], turn).await, both, "by {turn}");
        assert_eq!(search_in_turns(&store, &["nest", "heron"], turn).await, both, "by {turn}");
    }
    assert_eq!(search_in_turns(&store, &["nest"], 4).await.len(), 9);
    assert!(search_in_turns(&store, &["heron", "stork"], 4).await.is_empty());
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
    let (found, cost) = cost::measure(search_in_turns(&store, &["common", "rare"], 100)).await;
    assert_eq!(found, [(rows[&290], 7)]);
    // One request for each word, one to skip, and a last one that finds no more.
    assert!(cost.requests <= 4, "{cost:?}");
}
