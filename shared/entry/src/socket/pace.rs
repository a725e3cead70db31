//! How fast one connection may send: a bucket of tokens per connection and instance.

use jiff::{SignedDuration, Timestamp};

/// Frames at once, and refilled per second. A person's vote, a ping, a change of mind; never a stream.
const BURST: f64 = 40.0;
const PER_SECOND: f64 = 10.0;

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paced {
    Pass,
    /// Refused, and told so.
    Refuse,
    /// Refused like the one a moment ago: to answer each frame of a flood would be a flood.
    Drop,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    tokens: f64,
    at: Timestamp,
    refused_at: Option<Timestamp>,
}

impl Pace {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { tokens: BURST, at: now, refused_at: None }
    }

    pub(super) fn take(&mut self, now: Timestamp) -> Paced {
        let elapsed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + elapsed * PER_SECOND).min(BURST);
        self.at = now;
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Paced::Pass;
        }
        if self.refused_at.is_some_and(|refused| now < refused + SignedDuration::from_secs(1)) {
            return Paced::Drop;
        }
        self.refused_at = Some(now);
        Paced::Refuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_a_flood_is_told_once_a_second_and_time_heals() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut pace = Pace::new(now);
        let mut of_100 = |now| {
            let all: Vec<_> = (0..100).map(|_| pace.take(now)).collect();
            [Paced::Pass, Paced::Refuse, Paced::Drop]
                .map(|one| all.iter().filter(|paced| **paced == one).count())
        };
        assert_eq!(of_100(now), [40, 1, 59]);
        assert_eq!(of_100(now + SignedDuration::from_millis(500)), [5, 0, 95]);
        assert_eq!(of_100(now + SignedDuration::from_secs(2)), [15, 1, 84]);
    }
}
