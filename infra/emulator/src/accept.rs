//! What a listener does if it cannot accept connections, mostly because the process is out of file descriptors.

use std::{
    io::{self, ErrorKind},
    time::Duration,
};

/// The pause after the first failure. The kernel does not report that a descriptor is free again, so the listener has to try.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
/// The longest pause. Each failure doubles the pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The failures of a listener since it last accepted a connection.
///
/// The alternative to a pause, trying again at once, would occupy a core for as long as the process is out of
/// descriptors.
#[derive(Default)]
pub struct AcceptFailures {
    last_pause: Option<Duration>,
}

impl AcceptFailures {
    /// Pauses after an error, and logs the first one.
    pub async fn pause_after(&mut self, error: io::Error) {
        if let Some(pause) = self.next_pause(&error) {
            tokio::time::sleep(pause).await;
        }
    }

    /// Ends the row of failures, because a connection was accepted.
    pub fn end(&mut self) {
        if self.last_pause.take().is_some() {
            tracing::warn!("the listener accepts connections again");
        }
    }

    /// Returns how long to wait after an error. Logs the first one.
    fn next_pause(&mut self, error: &io::Error) -> Option<Duration> {
        // the peer has hung up, which says nothing about the next one
        if matches!(
            error.kind(),
            ErrorKind::ConnectionAborted | ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset
        ) {
            return None;
        }
        if self.last_pause.is_none() {
            tracing::error!(%error, "the listener cannot accept connections: raise the limit of open files (ulimit -n)");
        }
        let pause = self.last_pause.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LONGEST_PAUSE));
        self.last_pause = Some(pause);
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_pauses_longer_while_there_is_no_descriptor() {
        // EMFILE
        let error = io::Error::from_raw_os_error(24);
        let mut failures = AcceptFailures::default();
        let pauses: Vec<_> = (0..8).map(|_| failures.next_pause(&error).unwrap().as_millis()).collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 500, 500]);
    }

    #[test]
    fn a_peer_that_hangs_up_delays_nobody() {
        let error = io::Error::from(ErrorKind::ConnectionAborted);
        assert_eq!(AcceptFailures::default().next_pause(&error), None);
    }
}
