//! What all clients of a rehearsal write down while it runs.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    latency::LatencyHistogram,
    vote_tracker::{ShownTally, VoteTracker},
};

pub(crate) struct LoadRecorder {
    /// Asked for one thing by its id → the answer.
    pub(crate) read: LatencyHistogram,
    /// Asked to change one thing → the answer.
    pub(crate) write: LatencyHistogram,
    /// Asked to join → the answer with the ticket.
    pub(crate) join: LatencyHistogram,
    /// Dialled → the handshake is done.
    pub(crate) connect: LatencyHistogram,
    /// Dialled → the room's state is there.
    pub(crate) welcome: LatencyHistogram,
    /// The vote was sent → the presenter's screen shows it.
    pub(crate) vote: LatencyHistogram,
    /// The presenter asked for the slide → a screen shows it.
    pub(crate) slide: LatencyHistogram,
    /// The last vote was sent → a screen of the audience shows the whole tally.
    pub(crate) tally: LatencyHistogram,
    /// The connection was dropped → the room's state is there again.
    pub(crate) comeback: LatencyHistogram,
    frames: AtomicU64,
    errors: Mutex<BTreeMap<String, u64>>,
    slides: Mutex<HashMap<String, SlideRecord>>,
    screens: Mutex<Vec<AudienceScreen>>,
}

/// A slide from when the presenter asked for it.
pub(crate) struct SlideRecord {
    asked: Instant,
    pub(crate) votes: VoteTracker,
}

/// What one of the audience sees.
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

    /// The presenter asks for a slide now. Written down before the request, since a screen may be faster than the answer.
    pub(crate) fn record_slide_request(&self, slide: &str) {
        let new = SlideRecord { asked: Instant::now(), votes: VoteTracker::default() };
        lock(&self.slides).insert(slide.to_owned(), new);
    }

    pub(crate) fn with_votes<T>(&self, slide: &str, look: impl FnOnce(&mut VoteTracker) -> T) -> Option<T> {
        lock(&self.slides).get_mut(slide).map(|slide| look(&mut slide.votes))
    }

    /// The presenter's screen shows a tally.
    pub(crate) fn record_presenter_tally(&self, slide: &str, shown: ShownTally) {
        for took in self.with_votes(slide, |ballot| ballot.record_shown(shown)).unwrap_or_default() {
            self.vote.record(took);
        }
    }

    /// A screen shows a slide; timed unless it comes back and had missed the moment.
    pub(crate) fn record_slide_seen(&self, number: usize, slide: &str, live: bool) {
        let asked = lock(&self.slides).get(slide).map(|slide| slide.asked);
        let first = self
            .with_screen(number, |screen| screen.slide.replace(slide.to_owned()).as_deref() != Some(slide));
        if let (true, true, Some(asked)) = (first, live, asked) {
            self.slide.record(asked.elapsed());
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

    pub(crate) fn count_screens(&self, is_so: impl Fn(&AudienceScreen) -> bool) -> usize {
        lock(&self.screens).iter().filter(|screen| is_so(screen)).count()
    }

    /// Writes down how long after the last vote each screen showed the whole tally.
    pub(crate) fn record_tally_latencies(&self, slide: &str) {
        let Some((cast, Some(last))) =
            self.with_votes(slide, |ballot| (ballot.votes(), ballot.last_vote_at()))
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

    /// Waits until something is so; `false` at the deadline. Looks twenty times a second: what is measured is measured
    /// where it happens, this only decides when the talk goes on.
    pub(crate) async fn wait_until(&self, within: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let deadline = Instant::now() + within;
        loop {
            if is_so(self) {
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
