//! Counts the joins that one instance refuses because a session is full, and decides when the count must be stored.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::SessionId;

/// Refusals that are stored at once. An audience for which a few seats are missing is counted exactly.
const BURST: f64 = 10.0;
/// Further refusals are stored once a second. A script that joins a thousand times writes as little as that.
const STORED_PER_SECOND: f64 = 1.0;
/// The time without a refusal after which a counter is removed, if there are too many.
const IDLE_AFTER: SignedDuration = SignedDuration::from_mins(10);
/// Counters above which idle ones are removed.
const MAX_COUNTERS: usize = 1_000;

/// The refused joins of the sessions of one instance.
///
/// A counter only grows, and its number is stored and not its growth. So a write that is repeated changes nothing, and the number
/// of a session is the sum over the counters of all instances. Refusals since the last stored number of an instance are missing
/// until its next refusal, because nothing runs on an instance between two requests.
#[derive(Debug, Default)]
pub struct RefusedJoins(HashMap<SessionId, RefusalCounter>);

#[derive(Debug)]
struct RefusalCounter {
    id: Uuid,
    refused: u64,
    /// Numbers that may be stored now.
    allowance: f64,
    refused_at: Timestamp,
}

/// A number of refused joins that must be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedRefusals {
    /// The counter. An instance has one for each session.
    pub counter: Uuid,
    pub refused: u64,
}

impl RefusedJoins {
    /// Counts a refused join. Returns the number of the session's counter if it must be stored now. `new_id` is the id of a new
    /// counter.
    pub fn count(&mut self, session: SessionId, now: Timestamp, new_id: Uuid) -> Option<CountedRefusals> {
        if self.0.len() > MAX_COUNTERS {
            self.0.retain(|_, counter| now < counter.refused_at + IDLE_AFTER);
        }
        let new = RefusalCounter { id: new_id, refused: 0, allowance: BURST, refused_at: now };
        let counter = self.0.entry(session).or_insert(new);
        counter.refused += 1;
        let elapsed = now.duration_since(counter.refused_at).as_secs_f64().max(0.0);
        counter.allowance = elapsed.mul_add(STORED_PER_SECOND, counter.allowance).min(BURST);
        counter.refused_at = now;
        if counter.allowance < 1.0 {
            return None;
        }
        counter.allowance -= 1.0;
        Some(CountedRefusals { counter: counter.id, refused: counter.refused })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    #[test]
    fn a_script_writes_little_and_every_refusal_is_counted() {
        let begin: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let mut joins = RefusedJoins::default();
        let mut stored = Vec::new();
        for number in 0..1_000_i64 {
            // a hundred a second
            let now = begin + SignedDuration::from_millis(number * 10);
            stored.extend(joins.count(id(1).into(), now, id(7)));
        }
        assert_eq!(
            stored.iter().take(10).map(|each| each.refused).collect::<Vec<_>>(),
            (1..=10).collect::<Vec<_>>()
        );
        assert!((18..=20).contains(&stored.len()), "{}", stored.len());
        let last = joins.count(id(1).into(), begin + SignedDuration::from_secs(60), id(8));
        assert_eq!(last, Some(CountedRefusals { counter: id(7), refused: 1_001 }));
    }

    #[test]
    fn sessions_are_counted_apart_and_idle_counters_are_removed() {
        let begin: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        let mut joins = RefusedJoins::default();
        for session in 0..2_000 {
            let counted = joins.count(id(session).into(), begin, id(session)).unwrap();
            assert_eq!(counted, CountedRefusals { counter: id(session), refused: 1 });
        }
        // a new counter of the session, so that its number is added to the first number
        let later = joins.count(id(5).into(), begin + IDLE_AFTER, id(9_999)).unwrap();
        assert_eq!(later, CountedRefusals { counter: id(9_999), refused: 1 });
        assert_eq!(joins.0.len(), 1);
    }
}
