//! How fast one connection may send: a bucket per connection and instance.

use jiff::{SignedDuration, Timestamp};

/// Frames of one connection that a door looks at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameRate {
    /// At once.
    pub burst: f64,
    /// In the long run.
    pub per_second: f64,
}

impl FrameRate {
    /// A person's vote, a ping, a change of mind; never a stream.
    pub const PERSON: Self = Self { burst: 40.0, per_second: 10.0 };
}

/// What becomes of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameVerdict {
    Pass,
    /// Refused, and told so.
    Refuse,
    /// Refused like the one a moment ago: to answer each frame of a flood would be a flood.
    Drop,
}

/// What a connection has sent of late; it leaks at the pace of the door.
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

    pub(super) fn take(&mut self, pace: FrameRate, now: Timestamp) -> FrameVerdict {
        let elapsed = now.duration_since(self.at).as_secs_f64().max(0.0);
        self.frames = (self.frames - elapsed * pace.per_second).max(0.0);
        self.at = now;
        if self.frames + 1.0 <= pace.burst {
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

    fn of_100(bucket: &mut LeakyBucket, pace: FrameRate, now: Timestamp) -> [usize; 3] {
        let all: Vec<_> = (0..100).map(|_| bucket.take(pace, now)).collect();
        [FrameVerdict::Pass, FrameVerdict::Refuse, FrameVerdict::Drop]
            .map(|one| all.iter().filter(|paced| **paced == one).count())
    }

    #[test]
    fn a_burst_passes_a_flood_is_told_once_a_second_and_time_heals() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let mut bucket = LeakyBucket::new(now);
        let mut sent = |now| of_100(&mut bucket, FrameRate::PERSON, now);
        assert_eq!(sent(now), [40, 1, 59]);
        assert_eq!(sent(now + SignedDuration::from_millis(500)), [5, 0, 95]);
        assert_eq!(sent(now + SignedDuration::from_secs(2)), [15, 1, 84]);
    }

    #[test]
    fn a_door_for_streams_has_its_own_pace() {
        let now: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let stream = FrameRate { burst: 60.0, per_second: 50.0 };
        let mut bucket = LeakyBucket::new(now);
        assert_eq!(of_100(&mut bucket, stream, now), [60, 1, 39]);
        assert_eq!(of_100(&mut bucket, stream, now + SignedDuration::from_millis(500)), [25, 0, 75]);
        let later = now + SignedDuration::from_secs(60);
        assert_eq!(of_100(&mut bucket, stream, later), [60, 1, 39], "never more than the burst at once");
    }
}
