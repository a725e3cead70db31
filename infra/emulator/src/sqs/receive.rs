//! Receives messages: takes visible ones, and waits for a new message or for a visibility timeout.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    EmulatedSqs, ReceivedMessage, log_write_error,
    message::QueueMessage,
    queue::millis,
    state::{JournalRecord, SqsState},
};

/// How long a receiver waits before it reads the clock again while messages are invisible. A test may advance the clock
/// without a notification.
const CLOCK_CHECK_INTERVAL: Duration = Duration::from_millis(50);

impl EmulatedSqs {
    /// Waits until a message is visible, at most `wait` of real time. Returns at most `max` messages.
    pub async fn receive(&self, name: &str, max: usize, wait: Duration) -> Vec<ReceivedMessage> {
        self.receive_messages(name, max, wait, None)
            .await
            .iter()
            .map(|message| message.to_received(name))
            .collect()
    }

    /// As [`receive`](Self::receive). `visibility` overrides the timeout of the queue.
    pub(super) async fn receive_messages(
        &self,
        name: &str,
        max: usize,
        wait: Duration,
        visibility: Option<Duration>,
    ) -> Vec<QueueMessage> {
        let Some(arrivals) = self.shared.notifiers.get(name) else { return Vec::new() };
        let deadline = Instant::now() + wait;
        loop {
            // Subscribes before the first look, so that a message which arrives in between is noticed.
            let arrived = arrivals.notified();
            let (messages, more_to_come) = self.take_visible(name, max, visibility);
            let now = Instant::now();
            if !messages.is_empty() || now >= deadline {
                return messages;
            }
            let until = more_to_come.map_or(deadline, |pause| deadline.min(now + pause));
            // after a timeout or an arrival, look again
            let _ = tokio::time::timeout_at(until, arrived).await;
        }
    }

    /// Takes the visible messages. If there are none, also returns the longest sensible wait.
    fn take_visible(
        &self,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
    ) -> (Vec<QueueMessage>, Option<Duration>) {
        let now = (self.shared.now)();
        let mut state = self.state_at(now);
        let Some(queue) = state.get_mut(name) else { return (Vec::new(), None) };
        let visibility = visibility.unwrap_or(queue.spec.visibility_timeout);
        let messages = queue.receive(now, max, visibility, self.shared.chaos.as_ref());
        if messages.is_empty() {
            let until = |at: i64| Duration::from_millis(at.abs_diff(now)).min(CLOCK_CHECK_INTERVAL);
            return (messages, queue.next_visible_at(now).map(until));
        }
        let records: Vec<_> = messages
            .iter()
            .filter(|m| !m.is_chaos_duplicate)
            .map(|m| JournalRecord::received(name, m))
            .collect();
        if !queue.spec.fifo {
            self.schedule_duplicates(&mut state, name, &messages, now);
        }
        log_write_error(state.commit(&records, now));
        (messages, None)
    }

    /// Chaos: schedules a second delivery for some of the messages.
    fn schedule_duplicates(&self, state: &mut SqsState, name: &str, messages: &[QueueMessage], now: i64) {
        let Some(chaos) = &self.shared.chaos else { return };
        for message in messages.iter().filter(|message| !message.is_chaos_duplicate && message.receives == 1)
        {
            let Some(after) = chaos.second_delivery_after() else { continue };
            let sequence = state.next_sequence();
            let visible_at = now.saturating_add(millis(after));
            let ghost = QueueMessage {
                sequence,
                visible_at,
                receives: 0,
                is_chaos_duplicate: true,
                ..message.clone()
            };
            if let Some(queue) = state.get_mut(name) {
                queue.put(ghost);
            }
        }
        self.notify_receivers(name);
    }
}
