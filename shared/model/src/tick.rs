//! Ticks, which are the 250 ms intervals in which votes and presence are published, and the rate of updates for an
//! audience (ARCHITECTURE 5).

use serde::{Deserialize, Serialize};

/// The length of a tick in milliseconds.
pub const TICK_MS: i64 = 250;

/// An interval of 250 ms, counted from 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub i64);

impl Tick {
    /// Returns the tick that contains this time in milliseconds since 1970.
    pub const fn containing(millis: i64) -> Self {
        Self(millis.div_euclid(TICK_MS))
    }

    /// Returns the millisecond at which the tick ends. Everything that is counted in the tick is stored by then.
    pub const fn end_ms(self) -> i64 {
        (self.0 + 1) * TICK_MS
    }

    /// Returns the last tick of the second that contains this one. What changes often and is not urgent is published at its end, once
    /// a second: the presence of a team, and how many joins a full session has refused.
    #[must_use]
    pub const fn last_of_second(self) -> Self {
        Self((self.0.div_euclid(TICKS_PER_SECOND) + 1) * TICKS_PER_SECOND - 1)
    }

    /// Returns the first tick, from this one on, at whose end an audience of this size receives an update.
    #[must_use]
    pub const fn next_for_audience(self, size: usize) -> Self {
        let period = audience_period_ticks(size);
        // the last tick of a period is the one before a multiple of the period
        Self((self.0.div_euclid(period) + 1) * period - 1)
    }
}

const TICKS_PER_SECOND: i64 = 1000 / TICK_MS;

/// Returns the number of ticks between two updates. An audience of up to 50 participants gets 2 updates a second, one
/// of up to 500 gets 1, and a larger one gets 1 in two seconds. Updates in every tick of ten thousand votes for a
/// thousand participants would be forty million posts ($40). At this rate they cost cents.
const fn audience_period_ticks(size: usize) -> i64 {
    match size {
        0..=50 => 2,
        51..=500 => 4,
        _ => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_at_most_one_period_late() {
        for (size, limit) in [(0, 500), (50, 500), (51, 1000), (500, 1000), (501, 2000), (100_000, 2000)] {
            for tick in 1_000..1_100 {
                let update = Tick(tick).next_for_audience(size);
                assert!(update >= Tick(tick));
                assert!(update.end_ms() - Tick(tick).end_ms() < limit);
                assert_eq!(
                    update.next_for_audience(size),
                    update,
                    "the tick of an update is its own next one"
                );
            }
        }
    }

    #[test]
    fn a_second_has_one_last_tick() {
        let ticks: std::collections::BTreeSet<_> =
            (1_000..1_100).map(|tick| Tick(tick).last_of_second()).collect();
        assert_eq!(ticks.len(), 25, "a hundred ticks are 25 seconds");
        assert!(ticks.iter().all(|tick| tick.end_ms() % 1_000 == 0));
        assert_eq!(Tick(1_003).last_of_second(), Tick(1_003));
    }

    #[test]
    fn a_tick_ends_after_its_last_millisecond() {
        for millis in [0, 1, 249, 250, 1_700_000_000_123] {
            let tick = Tick::containing(millis);
            assert!(tick.end_ms() > millis && tick.end_ms() - millis <= TICK_MS);
        }
    }
}
