//! Tracks the votes of one question: what the audience sent, and what the presenter was shown.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

/// Votes by option id. Options without votes are left out, so that two counts can be compared.
pub(crate) type VoteCounts = BTreeMap<String, u64>;

/// A `vote_update` as a client stores it. The update with the newest `as_of` counts.
#[derive(Clone, Debug)]
pub(crate) struct ShownTally {
    pub(crate) as_of: Timestamp,
    pub(crate) votes: VoteCounts,
    /// The number of voters.
    pub(crate) total: u64,
    /// When this client first saw these votes.
    pub(crate) at: Instant,
}

impl ShownTally {
    /// Reads the slide and the tally from the payload of a `vote_update`.
    pub(crate) fn parse(payload: &Value, at: Instant) -> Option<(String, Self)> {
        let slide = payload["slide_id"].as_str()?.to_owned();
        let as_of = payload["as_of"].as_str()?.parse().ok()?;
        let total = payload["total_voters"].as_u64()?;
        let counts = payload["votes"].as_object()?.iter();
        let counts = counts.filter_map(|(id, count)| Some((id.clone(), count.as_u64()?)));
        let votes = counts.filter(|(_, count)| *count > 0).collect();
        Some((slide, Self { as_of, votes, total, at }))
    }

    /// Keeps the newer of two tallies. If the votes are equal, the time of the first one stays.
    pub(crate) fn replace_if_newer(held: &mut Option<Self>, new: Self) {
        match held {
            Some(held) if held.as_of > new.as_of => {}
            Some(held) if held.votes == new.votes => held.as_of = new.as_of,
            _ => *held = Some(new),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct VoteTracker {
    /// The times of the sent votes in order, by option id.
    sent: BTreeMap<String, Vec<Instant>>,
    /// The number of entries of `sent` that the presenter has been shown, by option id.
    covered: BTreeMap<String, usize>,
    pub(crate) shown: Option<ShownTally>,
}

impl VoteTracker {
    pub(crate) fn record_vote(&mut self, option: &str, at: Instant) {
        self.sent.entry(option.to_owned()).or_default().push(at);
    }

    pub(crate) fn votes(&self) -> VoteCounts {
        self.sent.iter().map(|(id, sent)| (id.clone(), sent.len() as u64)).collect()
    }

    pub(crate) fn last_vote_at(&self) -> Option<Instant> {
        self.sent.values().filter_map(|sent| sent.last()).max().copied()
    }

    /// Records a tally on the presenter's screen. Returns the latencies of the votes that it contains for the first
    /// time.
    ///
    /// A tally does not identify its votes. The n-th vote sent for an option counts as shown with the first tally of at
    /// least n for that option. The mean is exact even if votes overtake each other. With several options and votes
    /// spread over seconds, the percentiles hardly differ. All times are of this machine.
    pub(crate) fn record_shown(&mut self, new: ShownTally) -> Vec<Duration> {
        let mut took = Vec::new();
        for (option, count) in &new.votes {
            let Some(sent) = self.sent.get(option) else { continue };
            let covered = self.covered.entry(option.clone()).or_default();
            let count = usize::try_from(*count).unwrap_or(usize::MAX).min(sent.len());
            took.extend(sent.iter().take(count).skip(*covered).map(|sent| new.at.duration_since(*sent)));
            *covered = count.max(*covered);
        }
        ShownTally::replace_if_newer(&mut self.shown, new);
        took
    }

    /// Returns true if the presenter sees exactly the sent votes.
    pub(crate) fn is_exact(&self) -> bool {
        let cast = self.votes();
        self.shown
            .as_ref()
            .map_or(cast.is_empty(), |shown| shown.votes == cast && shown.total == cast.values().sum::<u64>())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn update(second: u8, a: u64, b: u64, at: Instant) -> ShownTally {
        let payload = json!({
            "slide_id": "s", "votes": { "a": a, "b": b, "c": 0 }, "total_votes": a + b, "total_voters": a + b,
            "as_of": format!("2026-01-01T00:00:{second:02}Z"),
        });
        ShownTally::parse(&payload, at).unwrap().1
    }

    #[test]
    fn each_vote_is_timed_by_the_first_tally_that_covers_it() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let mut votes = VoteTracker::default();
        assert!(votes.is_exact());
        votes.record_vote("a", at(0));
        votes.record_vote("a", at(100));
        votes.record_vote("b", at(200));
        assert_eq!(votes.record_shown(update(1, 1, 0, at(300))), [Duration::from_millis(300)]);
        assert!(!votes.is_exact());
        assert!(votes.record_shown(update(1, 1, 0, at(400))).is_empty());
        let both = [Duration::from_millis(500), Duration::from_millis(400)];
        assert_eq!(votes.record_shown(update(3, 2, 1, at(600))), both);
        assert!(votes.is_exact());
        // a late, older tally changes nothing
        assert!(votes.record_shown(update(2, 1, 1, at(700))).is_empty());
        assert!(votes.is_exact());
        // an extra vote is not exact
        votes.record_shown(update(4, 3, 1, at(800)));
        assert!(!votes.is_exact());
    }
}
