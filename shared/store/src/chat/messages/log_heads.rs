use std::collections::HashSet;

use jiff::Timestamp;
use model::{ChannelId, MessageId};

use super::get_many;
use crate::{ReadConsistency, Store, dynamodb::error::Result};

/// The search for the last number of one channel.
struct HeadSearch {
    channel: ChannelId,
    /// A number that exists, or 0.
    low: u64,
    /// A number that does not exist.
    high: Option<u64>,
    step: u64,
}

impl HeadSearch {
    /// Returns the number to look up next, or `None` if the last number is found.
    fn probe(&self) -> Option<u64> {
        match self.high {
            None => Some(self.low + self.step),
            Some(high) if high - self.low > 1 => Some(self.low + (high - self.low) / 2),
            Some(_) => None,
        }
    }

    fn record_probe(&mut self, seq: u64, exists: bool) {
        if exists {
            self.low = seq;
            self.step *= 4;
        } else {
            self.high = Some(seq);
        }
    }
}

/// CHAT-3. Returns the last number of each of many channels. Each comes with a number that is known to exist (0 if none
/// is). The closer that number is, the fewer requests are needed.
///
/// Numbers have no gaps, so a few lookups find the end of a log. Each round looks up one number of every channel in one
/// batch, and a channel whose known number is the last one takes one round. 0.5 read units for each channel and round,
/// 1 if strong, however many channels there are. One query for each channel would be as many requests as channels.
pub async fn last_seqs(
    store: &Store,
    channels: &[(ChannelId, u64)],
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Vec<u64>> {
    let mut searches: Vec<HeadSearch> = channels
        .iter()
        .map(|(channel, known)| HeadSearch { channel: *channel, low: *known, high: None, step: 1 })
        .collect();
    loop {
        let probes: Vec<MessageId> = searches
            .iter()
            .filter_map(|search| Some(MessageId { channel: search.channel, seq: search.probe()? }))
            .collect();
        if probes.is_empty() {
            return Ok(searches.into_iter().map(|search| search.low).collect());
        }
        let found = get_many(store, &probes, consistency, now).await?;
        let found: HashSet<MessageId> = found.iter().map(super::Message::id).collect();
        for search in &mut searches {
            if let Some(seq) = search.probe() {
                search.record_probe(seq, found.contains(&MessageId { channel: search.channel, seq }));
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
        /// The end of a log is found in few rounds, wherever it is.
        #[test]
        fn the_end_of_a_log_is_found_in_few_rounds(end in 0..100_000_u64, known in 0..100_000_u64) {
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
