//! Chaos for queues: what SQS is allowed to do and rarely does.

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

    /// How much later than asked a message of a standard queue becomes visible.
    pub(super) fn extra_delay(&self) -> Duration {
        if self.delay.hit(self.chaos.delay) { self.delay.up_to(self.chaos.max_delay) } else { Duration::ZERO }
    }

    /// When a second delivery of a standard queue's message comes, if one comes: perhaps while the first is
    /// still being worked on.
    pub(super) fn second_delivery_after(&self) -> Option<Duration> {
        self.duplicate.hit(self.chaos.duplicate).then(|| self.duplicate.up_to(self.chaos.max_delay))
    }

    /// A FIFO queue takes a message once, but delivers it again to a consumer whose deletion it never saw.
    pub(super) fn roll_lost_deletion(&self) -> bool {
        self.duplicate.hit(self.chaos.duplicate)
    }

    /// Up to `max` of these, now and then the younger ones first.
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
