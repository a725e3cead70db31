//! The rate limit of frames, with one bucket per connection and instance.

use jiff::{SignedDuration, Timestamp};

/// The number of frames of a connection that a function accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameRate {
    /// The maximum number of frames in a burst.
    pub burst: f64,
    /// The number of frames per second in the long run.
    pub per_second: f64,
}

impl FrameRate {
    /// The rate of a person, who votes, pings and changes votes, but never sends a stream.
    pub const PERSON: Self = Self { burst: 40.0, per_second: 10.0 };
}

/// The result of counting a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameVerdict {
    Pass,
    /// The frame is refused with an error.
    Refuse,
    /// The frame is dropped without an error, because an answer to every frame of a flood would be a flood too.
    Drop,
}

/// The frames of a connection. They leak at the rate of the function.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeakyBucket {
    frames: f64,
    at: Timestamp,
    refused_at: Option<Timestamp>,
}

impl LeakyBucket {
    pub(super) const fn new(now: Timestamp) -> Self {
        Self { frames: 0.0, at: now, refused_at: None }
    }

    pub(super) fn take(&mut self, rate: FrameRate, now: Timestamp) -> FrameVerdict {
        let elapsed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.frames = (self.frames - elapsed * rate.per_second).max(0.0);
        self.at = now;
        if self.frames + 1.0 <= rate.burst {
            self.frames += 1.0;
            return FrameVerdict::Pass;
        }
        if self.refused_at.is_some_and(|refused| now < refused + SignedDuration::from_secs(1)) {
            return FrameVerdict::Drop;
        }
        self.refused_at = Some(now);
        FrameVerdict::Refuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_100(bucket: &mut LeakyBucket, rate: FrameRate, now: Timestamp) -> [usize; 3] {
        let all: Vec<_> = (0..100).map(|_| bucket.take(rate, now)).collect();
        [FrameVerdict::Pass, FrameVerdict::Refuse, FrameVerdict::Drop]
            .map(|expected| all.iter().filter(|verdict| **verdict == expected).count())
    }

    #[test]
    fn a_flood_is_refused_once_a_second() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut bucket = LeakyBucket::new(now);
        let mut sent = |now| take_100(&mut bucket, FrameRate::PERSON, now);
        assert_eq!(sent(now), [40, 1, 59]);
        assert_eq!(sent(now + SignedDuration::from_millis(500)), [5, 0, 95]);
        assert_eq!(sent(now + SignedDuration::from_secs(2)), [15, 1, 84]);
    }

    #[test]
    fn a_function_can_have_its_own_rate() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let stream = FrameRate { burst: 60.0, per_second: 50.0 };
        let mut bucket = LeakyBucket::new(now);
        assert_eq!(take_100(&mut bucket, stream, now), [60, 1, 39]);
        assert_eq!(take_100(&mut bucket, stream, now + SignedDuration::from_millis(500)), [25, 0, 75]);
        let later = now + SignedDuration::from_secs(60);
        assert_eq!(take_100(&mut bucket, stream, later), [60, 1, 39], "never more than one burst");
    }
}
