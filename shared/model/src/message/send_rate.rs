//! The rate limit for messages of one member in a channel.

use std::time::Duration;

use jiff::Timestamp;

/// The maximum number of messages of one member in a channel within 10 seconds. It slows a paste of line after line and
/// no ordinary conversation. A retry counts as a message.
pub const MESSAGE_BURST: u32 = 20;
const WINDOW_MS: i64 = 10_000;

/// Counts a message. The window is the time in milliseconds since 1970 at which it began, and the number of messages in
/// it. Returns the new window.
///
/// # Errors
/// Returns the time until the next window if the limit is reached.
pub fn count_message((since, sent): (i64, u32), now: Timestamp) -> Result<(i64, u32), Duration> {
    let millis = now.as_millisecond();
    if millis - since >= WINDOW_MS {
        return Ok((millis, 1));
    }
    if sent >= MESSAGE_BURST {
        let left = u64::try_from(since + WINDOW_MS - millis).unwrap_or(1);
        return Err(Duration::from_millis(left));
    }
    Ok((since, sent + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_000_000 + millis).unwrap()
    }

    #[test]
    fn a_burst_is_accepted_and_the_next_window_accepts_more() {
        let mut window = (0, 0);
        for sent in 1..=MESSAGE_BURST {
            window = count_message(window, at(i64::from(sent))).unwrap();
            assert_eq!(window, (1_000_001, sent));
        }
        assert_eq!(count_message(window, at(4_001)), Err(Duration::from_secs(6)));
        assert_eq!(count_message(window, at(10_000)), Err(Duration::from_millis(1)));
        assert_eq!(count_message(window, at(10_001)), Ok((1_010_001, 1)));
    }
}
