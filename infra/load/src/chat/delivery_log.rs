//! Tracks the sent messages and their deliveries.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::latency::LatencyHistogram;

pub(crate) struct DeliveryLog {
    /// From the request to its response.
    pub(crate) answer: LatencyHistogram,
    /// From the request to the delivery to each member.
    pub(crate) member: LatencyHistogram,
    /// From the request to the delivery to the last member.
    pub(crate) last: LatencyHistogram,
    state: Mutex<DeliveryState>,
}

struct DeliveryState {
    sent: BTreeMap<u64, TrackedMessage>,
    members: Vec<MemberDeliveries>,
}

struct TrackedMessage {
    requested_at: Instant,
    is_stored: bool,
    received_by: usize,
}

/// The deliveries to a member.
#[derive(Clone, Default)]
struct MemberDeliveries {
    connected: bool,
    /// Received sequence numbers of the channel.
    seqs: BTreeSet<u64>,
    duplicates: u64,
}

impl DeliveryLog {
    pub(crate) fn new(members: usize) -> anyhow::Result<Self> {
        Ok(Self {
            answer: LatencyHistogram::new()?,
            member: LatencyHistogram::new()?,
            last: LatencyHistogram::new()?,
            state: Mutex::new(DeliveryState {
                sent: BTreeMap::new(),
                members: vec![MemberDeliveries::default(); members],
            }),
        })
    }

    fn state(&self) -> MutexGuard<'_, DeliveryState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record_sent(&self, number: u64, requested_at: Instant) {
        self.state().sent.insert(number, TrackedMessage { requested_at, is_stored: false, received_by: 0 });
    }

    pub(crate) fn record_stored(&self, number: u64, took: Duration) {
        self.answer.record(took);
        if let Some(message) = self.state().sent.get_mut(&number) {
            message.is_stored = true;
        }
    }

    /// Records that the request failed. The message may be stored all the same, but members need not receive it.
    pub(crate) fn record_refused(&self, number: u64) {
        if let Some(message) = self.state().sent.get_mut(&number) {
            message.is_stored = false;
        }
    }

    pub(crate) fn record_connected(&self, member: usize) {
        self.state().members[member].connected = true;
    }

    /// Records a delivery. It is timed if the message was pushed (`at`), and not if the member requested missed
    /// messages.
    pub(crate) fn record_received(&self, member: usize, seq: u64, number: Option<u64>, at: Option<Instant>) {
        let mut state = self.state();
        let DeliveryState { sent, members } = &mut *state;
        let everyone = members.len();
        let deliveries = &mut members[member];
        if !deliveries.seqs.insert(seq) {
            deliveries.duplicates += u64::from(at.is_some());
            return;
        }
        let Some(message) = number.and_then(|number| sent.get_mut(&number)) else { return };
        message.received_by += 1;
        let Some(at) = at else { return };
        let took = at.saturating_duration_since(message.requested_at);
        self.member.record(took);
        if message.received_by == everyone {
            self.last.record(took);
        }
    }

    /// The sequence number up to which a member has received everything.
    pub(crate) fn contiguous_seq(&self, member: usize) -> u64 {
        let state = self.state();
        let seqs = &state.members[member].seqs;
        seqs.iter().zip(1..).take_while(|(seq, number)| *seq == number).count() as u64
    }

    pub(crate) fn connected_count(&self) -> usize {
        self.state().members.iter().filter(|member| member.connected).count()
    }

    pub(crate) fn stored_count(&self) -> usize {
        self.state().sent.values().filter(|message| message.is_stored).count()
    }

    /// Missing deliveries of stored messages, one for each message and member.
    pub(crate) fn missing_count(&self) -> usize {
        let state = self.state();
        let everyone = state.members.len();
        let stored = state.sent.values().filter(|message| message.is_stored);
        stored.map(|message| everyone.saturating_sub(message.received_by)).sum()
    }

    /// How often a member received a pushed message that it already had.
    pub(crate) fn duplicate_count(&self) -> u64 {
        self.state().members.iter().map(|member| member.duplicates).sum()
    }

    /// Waits until a condition holds or the time is over. Checks it twenty times a second.
    pub(crate) async fn wait_until(&self, within: Duration, condition: impl Fn(&Self) -> bool) {
        let deadline = Instant::now() + within;
        while !condition(self) && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_and_duplicate_deliveries_are_counted() {
        let log = DeliveryLog::new(2).unwrap();
        let begin = Instant::now();
        for number in 0..3 {
            log.record_sent(number, begin);
            log.record_stored(number, Duration::from_millis(5));
        }
        for (member, seq) in [(0, 1), (0, 2), (0, 3), (1, 1), (1, 3), (1, 3)] {
            log.record_received(member, seq, Some(seq - 1), Some(begin + Duration::from_millis(20)));
        }
        assert_eq!((log.missing_count(), log.duplicate_count()), (1, 1));
        assert_eq!((log.contiguous_seq(0), log.contiguous_seq(1)), (3, 1));
        // requested messages are not timed, and those that exist already are no duplicates
        for seq in [2, 3] {
            log.record_received(1, seq, Some(seq - 1), None);
        }
        assert_eq!((log.missing_count(), log.duplicate_count(), log.contiguous_seq(1)), (0, 1, 3));
        assert_eq!(log.member.summary().map(|summary| summary.count), Some(5));
        assert_eq!(log.last.summary().map(|summary| summary.count), Some(2));
    }
}
