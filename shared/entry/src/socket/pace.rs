//! How fast one connection may send: a bucket of tokens per connection and instance.

use jiff::Timestamp;

/// Frames at once, and refilled per second. A person's vote, a ping, a change of mind; never a stream.
const BURST: f64 = 40.0;
const PER_SECOND: f64 = 10.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    tokens: f64,
    at: Timestamp,
}

impl Pace {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { tokens: BURST, at: now }
    }

    /// Takes one token; `false` when there is none.
    pub(super) fn take(&mut self, now: Timestamp) -> bool {
        let elapsed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + elapsed * PER_SECOND).min(BURST);
        self.at = now;
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn a_burst_passes_a_flood_does_not_and_time_heals() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut pace = Pace::new(now);
        let passed = (0..100).filter(|_| pace.take(now)).count();
        assert_eq!(passed, 40);
        let later = now + SignedDuration::from_secs(1);
        assert_eq!((0..100).filter(|_| pace.take(later)).count(), 10);
    }
}
