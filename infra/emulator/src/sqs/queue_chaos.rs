//! Chaos for queues: the behaviour that SQS permits and rarely shows.

use std::time::Duration;

use crate::chaos::{Chaos, ChaosDice};

pub(super) struct QueueChaos {
    chaos: Chaos,
    duplicate: ChaosDice,
    delay: ChaosDice,
    reorder: ChaosDice,
}

impl QueueChaos {
    pub(super) fn new(chaos: Chaos) -> Self {
        let [duplicate, delay, reorder] =
            ["queue.duplicate", "queue.delay", "queue.reorder"].map(|what| chaos.dice(what));
        Self { chaos, duplicate, delay, reorder }
    }

    /// The extra delay of a message in a standard queue.
    pub(super) fn extra_delay(&self) -> Duration {
        if self.delay.hit(self.chaos.delay) { self.delay.up_to(self.chaos.max_delay) } else { Duration::ZERO }
    }

    /// The time until a second delivery of a standard queue's message, if one happens. The first delivery may still be
    /// in progress.
    pub(super) fn second_delivery_after(&self) -> Option<Duration> {
        self.duplicate.hit(self.chaos.duplicate).then(|| self.duplicate.up_to(self.chaos.max_delay))
    }

    /// A FIFO queue accepts a message once. It delivers the message again to a consumer whose deletion was lost.
    pub(super) fn roll_lost_deletion(&self) -> bool {
        self.duplicate.hit(self.chaos.duplicate)
    }

    /// Up to `max` of these messages. At times the younger ones come first.
    pub(super) fn pick_reordered(&self, visible: impl Iterator<Item = u64>, max: usize) -> Vec<u64> {
        if !self.reorder.hit(self.chaos.reorder) {
            return visible.take(max).collect();
        }
        let mut window: Vec<u64> = visible.take(max.saturating_mul(4)).collect();
        window.reverse();
        window.truncate(max);
        window
    }
}
