use std::collections::HashSet;

use jiff::Timestamp;
use model::{ChannelId, MessageId};

use super::get_many;
use crate::{ReadConsistency, Store, dynamodb::error::Result};

/// One channel whose end is looked for.
struct HeadSearch {
    channel: ChannelId,
    /// A number that is there, or 0.
    low: u64,
    /// A number that is not.
    high: Option<u64>,
    step: u64,
}

impl HeadSearch {
    /// The number to ask for next; `None` where the end is found.
    fn probe(&self) -> Option<u64> {
        match self.high {
            None => Some(self.low + self.step),
            Some(high) if high - self.low > 1 => Some(self.low + (high - self.low) / 2),
            Some(_) => None,
        }
    }

    fn record_probe(&mut self, asked: u64, is_there: bool) {
        if is_there {
            self.low = asked;
            self.step *= 4;
        } else {
            self.high = Some(asked);
        }
    }
}

/// X3: the last number of each of many channels, each with a number that is known to be there (0 where none is): the closer, the
/// fewer requests. Numbers have no gaps, so a few of them say where a log ends; each round asks for one of every channel in
/// one batch, and a channel whose number is the last takes one round. Half a read unit per channel and round (1 for a strong
/// one), however many channels; a query each would be as many requests as channels.
pub async fn last_seqs(
    store: &Store,
    channels: &[(ChannelId, u64)],
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<u64>> {
    let mut searches: Vec<HeadSearch> = channels
        .iter()
        .map(|(channel, known)| HeadSearch { channel: *channel, low: *known, high: None, step: 1 })
        .collect();
    loop {
        let asked: Vec<MessageId> = searches
            .iter()
            .filter_map(|search| Some(MessageId { channel: search.channel, seq: search.probe()? }))
            .collect();
        if asked.is_empty() {
            return Ok(searches.into_iter().map(|search| search.low).collect());
        }
        let there = get_many(store, &asked, freshness, now).await?;
        let there: HashSet<MessageId> = there.iter().map(super::Message::id).collect();
        for search in &mut searches {
            if let Some(seq) = search.probe() {
                search.record_probe(seq, there.contains(&MessageId { channel: search.channel, seq }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        /// Wherever a log ends, and whatever is known of it, the end is found in few rounds.
        #[test]
        fn the_end_is_found(end in 0..100_000_u64, known in 0..100_000_u64) {
            let known = known.min(end);
            let channel = Uuid::from_u128(1).into();
            let mut search = HeadSearch { channel, low: known, high: None, step: 1 };
            let mut rounds = 0;
            while let Some(seq) = search.probe() {
                search.record_probe(seq, seq <= end);
                rounds += 1;
            }
            prop_assert_eq!(search.low, end);
            let most = if end == known { 1 } else { 4 + 2 * (end - known).ilog2() };
            prop_assert!(rounds <= most, "{} rounds over {}", rounds, end - known);
        }
    }
}
