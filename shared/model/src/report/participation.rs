//! Joins and answers over time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Points on a line that is read at a glance; a session of 24 hours then has one for 6 minutes.
const MAX_BUCKETS: i64 = 240;
const MINUTE_MS: i64 = 60_000;

/// From the first thing that happened to the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParticipationTimeline {
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// A whole number of minutes.
    pub bucket_seconds: i64,
    /// 240 at most.
    pub joins: Vec<u64>,
    /// As many: answers that count.
    pub answers: Vec<u64>,
}

/// Milliseconds since 1970 each, in any order. What came after the end was on its way then, and stands in the last bucket.
pub fn participation_timeline(
    started: i64,
    ended: i64,
    joins: &[i64],
    answers: &[i64],
) -> ParticipationTimeline {
    let first = joins.iter().chain(answers).copied().fold(started, i64::min);
    let from = first.div_euclid(MINUTE_MS) * MINUTE_MS;
    let minutes = (ended.max(from) - from) / MINUTE_MS + 1;
    let bucket_ms = (minutes + MAX_BUCKETS - 1) / MAX_BUCKETS * MINUTE_MS;
    let count = usize::try_from((minutes * MINUTE_MS + bucket_ms - 1) / bucket_ms).unwrap_or(1);
    let fill = |times: &[i64]| {
        let mut buckets = vec![0; count];
        for time in times {
            let place = usize::try_from((time - from) / bucket_ms).unwrap_or(0).min(count - 1);
            buckets[place] += 1;
        }
        buckets
    };
    ParticipationTimeline {
        from: Timestamp::from_millisecond(from).unwrap_or_default(),
        bucket_seconds: bucket_ms / 1000,
        joins: fill(joins),
        answers: fill(answers),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn minutes_from_the_first_join_to_the_end() {
        let participation = participation_timeline(130_000, 250_000, &[65_000, 61_000], &[130_000, 999_000]);
        assert_eq!(participation.from.as_millisecond(), 60_000);
        assert_eq!(participation.bucket_seconds, 60);
        assert_eq!(participation.joins, [2, 0, 0, 0]);
        assert_eq!(participation.answers, [0, 1, 0, 1]);
        let day = participation_timeline(0, 24 * 3_600_000, &[], &[]);
        assert_eq!((day.bucket_seconds, day.joins.len()), (7 * 60, 206));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_few_buckets_are_made(
            started in 0..200_000_000_i64,
            length in 0..200_000_000_i64,
            joins in prop::collection::vec(0..400_000_000_i64, 0..20),
        ) {
            let participation = participation_timeline(started, started + length, &joins, &[]);
            prop_assert!((1..=240).contains(&participation.joins.len()));
            prop_assert_eq!(participation.joins.len(), participation.answers.len());
            prop_assert_eq!(participation.joins.iter().sum::<u64>(), joins.len() as u64);
        }
    }
}
