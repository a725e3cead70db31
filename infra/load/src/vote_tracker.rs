//! One question: what the audience cast, what the presenter was shown, and when.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::Value;

/// Option id → votes; options without votes are left out, so that two counts compare.
pub(crate) type VoteCounts = BTreeMap<String, u64>;

/// A `vote_update` as a client keeps it: the newest `as_of` is the truth.
#[derive(Clone, Debug)]
pub(crate) struct ShownTally {
    pub(crate) as_of: Timestamp,
    pub(crate) votes: VoteCounts,
    /// Everyone who voted.
    pub(crate) total: u64,
    /// When this client first saw these votes.
    pub(crate) at: Instant,
}

impl ShownTally {
    /// Reads the payload of a `vote_update`: its slide and what it shows.
    pub(crate) fn parse(payload: &Value, at: Instant) -> Option<(String, Self)> {
        let slide = payload["slide_id"].as_str()?.to_owned();
        let as_of = payload["as_of"].as_str()?.parse().ok()?;
        let total = payload["total_voters"].as_u64()?;
        let counts = payload["votes"].as_object()?.iter();
        let counts = counts.filter_map(|(id, count)| Some((id.clone(), count.as_u64()?)));
        let votes = counts.filter(|(_, count)| *count > 0).collect();
        Some((slide, Self { as_of, votes, total, at }))
    }

    /// Takes the newer of the two; an update that shows the same keeps the time at which it was first seen.
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
    /// Option id → when each vote for it was sent, in order.
    sent: BTreeMap<String, Vec<Instant>>,
    /// Option id → how many of `sent` the presenter has been shown.
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

    /// The presenter is shown a tally. Answers how long the votes that it covers for the first time were under way.
    ///
    /// A tally does not say whose votes it counts. The n-th vote sent for an option counts as shown with the first
    /// tally of at least n for that option: the mean is exact whatever overtook what, and with some options and votes
    /// spread over seconds the percentiles hardly differ. No clock but this machine's is asked.
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

    /// Does the presenter see exactly what was cast?
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
        let mut ballot = VoteTracker::default();
        assert!(ballot.is_exact());
        ballot.record_vote("a", at(0));
        ballot.record_vote("a", at(100));
        ballot.record_vote("b", at(200));
        assert_eq!(ballot.record_shown(update(1, 1, 0, at(300))), [Duration::from_millis(300)]);
        assert!(!ballot.is_exact());
        assert!(ballot.record_shown(update(1, 1, 0, at(400))).is_empty());
        let both = [Duration::from_millis(500), Duration::from_millis(400)];
        assert_eq!(ballot.record_shown(update(3, 2, 1, at(600))), both);
        assert!(ballot.is_exact());
        // late and older: nothing changes
        assert!(ballot.record_shown(update(2, 1, 1, at(700))).is_empty());
        assert!(ballot.is_exact());
        // a vote too many is not exact
        ballot.record_shown(update(4, 3, 1, at(800)));
        assert!(!ballot.is_exact());
    }
}
