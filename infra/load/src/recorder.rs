//! Records the measurements of all clients of a rehearsal.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    latency::LatencyHistogram,
    vote_tracker::{ShownTally, VoteTracker},
};

/// Codes of refused frames that a client retries.
pub(crate) const EXPECTED_FRAME_ERRORS: [&str; 2] = ["rate_limited", "service_unavailable"];

pub(crate) struct LoadRecorder {
    /// From reading an item by its id to the response.
    pub(crate) read: LatencyHistogram,
    /// From changing an item to the response.
    pub(crate) write: LatencyHistogram,
    /// From joining to the response with the ticket.
    pub(crate) join: LatencyHistogram,
    /// From connecting to the end of the handshake.
    pub(crate) connect: LatencyHistogram,
    /// From connecting to the session state.
    pub(crate) welcome: LatencyHistogram,
    /// From sending a vote to the presenter's screen.
    pub(crate) vote: LatencyHistogram,
    /// From the presenter's request for a slide to a screen.
    pub(crate) slide: LatencyHistogram,
    /// From the last vote to the complete tally on a screen of the audience.
    pub(crate) tally: LatencyHistogram,
    /// From a dropped connection to the session state after the reconnect.
    pub(crate) comeback: LatencyHistogram,
    frames: AtomicU64,
    /// Every failed attempt by code, retried or not.
    errors: Mutex<BTreeMap<String, u64>>,
    /// Failures that no deployment may show, and retries that were exhausted, by code.
    unexpected_errors: Mutex<BTreeMap<String, u64>>,
    is_over: AtomicBool,
    slides: Mutex<HashMap<String, SlideRecord>>,
    screens: Mutex<Vec<AudienceScreen>>,
}

/// A slide, from the presenter's request on.
pub(crate) struct SlideRecord {
    requested_at: Instant,
    pub(crate) votes: VoteTracker,
}

/// The screen of a participant.
#[derive(Clone, Debug, Default)]
pub(crate) struct AudienceScreen {
    pub(crate) connected: bool,
    pub(crate) ended: bool,
    pub(crate) slide: Option<String>,
    pub(crate) tallies: HashMap<String, Option<ShownTally>>,
}

impl LoadRecorder {
    pub(crate) fn new(audience: usize) -> anyhow::Result<Self> {
        Ok(Self {
            read: LatencyHistogram::new()?,
            write: LatencyHistogram::new()?,
            join: LatencyHistogram::new()?,
            connect: LatencyHistogram::new()?,
            welcome: LatencyHistogram::new()?,
            vote: LatencyHistogram::new()?,
            slide: LatencyHistogram::new()?,
            tally: LatencyHistogram::new()?,
            comeback: LatencyHistogram::new()?,
            frames: AtomicU64::new(0),
            errors: Mutex::default(),
            unexpected_errors: Mutex::default(),
            is_over: AtomicBool::new(false),
            slides: Mutex::default(),
            screens: Mutex::new(vec![AudienceScreen::default(); audience]),
        })
    }

    pub(crate) fn record_frame(&self) {
        self.frames.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    pub(crate) fn record_error(&self, code: &str) {
        *lock(&self.errors).entry(code.to_owned()).or_default() += 1;
    }

    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        lock(&self.errors).clone()
    }

    /// Records a failure that fails the verdict, unless the rehearsal is over.
    pub(crate) fn record_unexpected(&self, code: &str) {
        if !self.is_over.load(Ordering::Relaxed) {
            *lock(&self.unexpected_errors).entry(code.to_owned()).or_default() += 1;
        }
    }

    /// Records the refusal of a frame. The deployment may refuse any frame for now, and the client sends it again.
    pub(crate) fn record_refused_frame(&self, payload: &Value) {
        let code = payload["code"].as_str().unwrap_or("error without a code");
        self.record_error(code);
        if !EXPECTED_FRAME_ERRORS.contains(&code) {
            self.record_unexpected(code);
        }
    }

    pub(crate) fn unexpected_errors(&self) -> BTreeMap<String, u64> {
        lock(&self.unexpected_errors).clone()
    }

    /// Failures from now on do not affect the verdict. A client that lost its connection during the end may still try to
    /// join, and the deployment refuses that.
    pub(crate) fn ignore_further_failures(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Records that the presenter requests a slide. Called before the request, because a screen may be faster than the
    /// response.
    pub(crate) fn record_slide_request(&self, slide: &str) {
        let new = SlideRecord { requested_at: Instant::now(), votes: VoteTracker::default() };
        lock(&self.slides).insert(slide.to_owned(), new);
    }

    pub(crate) fn with_votes<T>(&self, slide: &str, look: impl FnOnce(&mut VoteTracker) -> T) -> Option<T> {
        lock(&self.slides).get_mut(slide).map(|slide| look(&mut slide.votes))
    }

    /// Records a tally on the presenter's screen.
    pub(crate) fn record_presenter_tally(&self, slide: &str, shown: ShownTally) {
        for took in self.with_votes(slide, |votes| votes.record_shown(shown)).unwrap_or_default() {
            self.vote.record(took);
        }
    }

    /// Records a slide on a participant's screen. It is timed unless the slide was part of the state after a connect.
    pub(crate) fn record_slide_seen(&self, number: usize, slide: &str, live: bool) {
        let requested_at = lock(&self.slides).get(slide).map(|slide| slide.requested_at);
        let first = self
            .with_screen(number, |screen| screen.slide.replace(slide.to_owned()).as_deref() != Some(slide));
        if let (true, true, Some(requested_at)) = (first, live, requested_at) {
            self.slide.record(requested_at.elapsed());
        }
    }

    pub(crate) fn record_tally_seen(&self, number: usize, slide: String, shown: ShownTally) {
        self.with_screen(number, |screen| {
            ShownTally::replace_if_newer(screen.tallies.entry(slide).or_default(), shown);
        });
    }

    pub(crate) fn with_screen<T>(&self, number: usize, look: impl FnOnce(&mut AudienceScreen) -> T) -> T {
        look(&mut lock(&self.screens)[number])
    }

    pub(crate) fn count_screens(&self, condition: impl Fn(&AudienceScreen) -> bool) -> usize {
        lock(&self.screens).iter().filter(|screen| condition(screen)).count()
    }

    /// Records how long after the last vote each screen showed the complete tally.
    pub(crate) fn record_tally_latencies(&self, slide: &str) {
        let Some((cast, Some(last))) = self.with_votes(slide, |votes| (votes.votes(), votes.last_vote_at()))
        else {
            return;
        };
        for screen in &*lock(&self.screens) {
            if let Some(Some(shown)) = screen.tallies.get(slide)
                && shown.votes == cast
            {
                self.tally.record(shown.at.saturating_duration_since(last));
            }
        }
    }

    /// Waits until a condition holds. Returns false at the deadline. It checks twenty times a second, which affects
    /// only when the rehearsal continues, because the measurements are taken where they happen.
    pub(crate) async fn wait_until(&self, within: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let deadline = Instant::now() + within;
        loop {
            if condition(self) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_unexpected_failures_before_the_end_count() {
        let recorder = LoadRecorder::new(0).unwrap();
        recorder.record_refused_frame(&json!({ "code": "rate_limited" }));
        recorder.record_refused_frame(&json!({ "code": "internal_error" }));
        recorder.ignore_further_failures();
        recorder.record_unexpected("RESOURCE_NOT_FOUND");
        assert_eq!(recorder.unexpected_errors(), BTreeMap::from([("internal_error".to_owned(), 1)]));
        assert_eq!(recorder.errors().len(), 2);
    }
}
