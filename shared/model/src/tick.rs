//! Ticks: the 250 ms buckets in which votes and presence are announced, and how often who is told (ARCHITECTURE 5).

use serde::{Deserialize, Serialize};

/// Milliseconds in a tick.
pub const TICK_MS: i64 = 250;

/// A bucket of time, counted from 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tick(pub i64);

impl Tick {
    pub const fn containing(millis: i64) -> Self {
        Self(millis.div_euclid(TICK_MS))
    }

    /// The millisecond at which the tick is over: everything announced in it is written by then.
    pub const fn end_ms(self) -> i64 {
        (self.0 + 1) * TICK_MS
    }

    /// The tick, this one or a later one, at whose end an audience of this size is told.
    #[must_use]
    pub const fn next_for_audience(self, size: usize) -> Self {
        let period = audience_period_ticks(size);
        // The last tick of its period: the one whose successor is divisible.
        Self((self.0.div_euclid(period) + 1) * period - 1)
    }
}

/// Ticks between two updates: 2 Hz up to 50 people, 1 Hz up to 500, above that every two seconds. Ten thousand votes
/// shown to a thousand people tick by tick would be forty million posts ($40); like this they cost cents.
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
    fn an_audience_tick_is_never_earlier_and_at_most_a_period_later() {
        for (size, most) in [(0, 500), (50, 500), (51, 1000), (500, 1000), (501, 2000), (100_000, 2000)] {
            for tick in 1_000..1_100 {
                let told = Tick(tick).next_for_audience(size);
                assert!(told >= Tick(tick));
                assert!(told.end_ms() - Tick(tick).end_ms() < most);
                assert_eq!(told.next_for_audience(size), told, "an audience tick is its own");
            }
        }
    }

    #[test]
    fn a_tick_ends_after_everything_in_it() {
        for millis in [0, 1, 249, 250, 1_700_000_000_123] {
            let tick = Tick::containing(millis);
            assert!(tick.end_ms() > millis && tick.end_ms() - millis <= TICK_MS);
        }
    }
}
