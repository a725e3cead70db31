//! Joins and responses over time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The maximum number of points of a line that is readable at a glance. A session of 24 hours has one point for 6
/// minutes.
const MAX_BUCKETS: i64 = 240;
const MINUTE_MS: i64 = 60_000;

/// Joins and responses in intervals of equal length, from the first activity to the end of the session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParticipationTimeline {
    /// The beginning of the first interval.
    #[schema(value_type = String, format = DateTime)]
    pub from: Timestamp,
    /// The length of an interval in seconds, a whole number of minutes.
    pub bucket_seconds: i64,
    /// The number of joins per interval, at most 240 intervals.
    pub joins: Vec<u64>,
    /// The number of counted responses per interval.
    pub answers: Vec<u64>,
}

/// Computes the timeline. All times are milliseconds since 1970, in any order. Times after the end count in the last
/// interval, because those responses were on their way when the session ended.
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
            let index = usize::try_from((time - from) / bucket_ms).unwrap_or(0).min(count - 1);
            buckets[index] += 1;
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
    fn the_timeline_covers_the_first_join_to_the_end() {
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
        fn every_time_is_counted_and_the_number_of_intervals_is_limited(
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
