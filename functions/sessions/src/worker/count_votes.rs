use entry::App;
use jiff::Timestamp;
use model::{
    Error, Room,
    slide::{AnswerContent, SlideContent},
    tally::Tally,
    tick::Tick,
};
use protocol::{
    Event,
    event::VoteUpdate,
    job::{CountRecipients, CountVotes},
};
use store::{
    WriteOutcome,
    presentations::slides,
    sessions::{
        self, Session, VoteSnapshot,
        responses::{self, SlideResponse},
    },
};

use super::{newest_finished_tick, wait_for_tick_end};
use crate::{InstanceState, responses::response_submitted, vote::SLOW_WRITE_MS};

/// Single answers that the presenter is shown per tick; with more, nobody could read them, and GET has them all.
const MAX_SINGLE_ANSWERS: usize = 100;

/// Counts the answers to a slide when the tick is over, and tells. By query, so that it is exact whatever was delivered
/// twice, late or never.
///
/// Where it fails after the count was kept, `job.since` says what was to be told: the count that comes next takes it for old.
pub async fn run(app: &App, hot: &InstanceState, job: &mut CountVotes) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    let now = app.clock.now();
    let as_of = newest_finished_tick(app, job.tick).end_ms();
    let before = match job.recipients {
        CountRecipients::Presenter => sessions::get_snapshot(&app.store, job.session, job.slide, now).await?,
        CountRecipients::Everyone => None,
    };
    let since = match before {
        // the same job once more: what was news then is news now
        Some(before) if before.tick == job.tick => before.since,
        // a job that came late has counted for this one
        Some(before) if before.as_of >= job.tick.end_ms() && job.since.is_none() => return Ok(()),
        Some(before) => before.as_of,
        None => 0,
    };
    let since = job.since.map_or(since, |untold| untold.min(since));
    // the session first: what it says of results and words, it said before the answers were read
    let Some((session, content)) = slide_content(app, hot, job, now).await? else { return Ok(()) };
    let found = responses::list_by_slide(&app.store, job.session, job.slide, now).await?;
    let found: Vec<SlideResponse> =
        found.into_iter().filter(|response| is_counted(&session, response)).collect();
    let answers: Vec<&AnswerContent> = found.iter().map(|response| &response.answer).collect();
    let tally = content.tally(&answers);
    let shows_results = session.shows_results(job.slide, &content);
    let counted = VoteCount { job: job.clone(), as_of, since, shows_results, tally, found };
    match job.recipients {
        CountRecipients::Presenter => {
            if counted.store_snapshot(app).await? == WriteOutcome::ConditionFailed {
                return Ok(());
            }
            job.since = Some(since);
            counted.publish_to_presenter(app, hot, now).await
        }
        CountRecipients::Everyone => counted.publish_to_everyone(app, now).await,
    }
}

struct VoteCount {
    job: CountVotes,
    /// Milliseconds since 1970.
    as_of: i64,
    /// `as_of` of the count before.
    since: i64,
    shows_results: bool,
    /// `None` where nothing is counted: the slide took answers before it was edited.
    tally: Option<Tally>,
    found: Vec<SlideResponse>,
}

impl VoteCount {
    fn vote_update_event(&self) -> Option<Event> {
        let tally = self.tally.clone()?;
        let as_of = Timestamp::from_millisecond(self.as_of).unwrap_or_default();
        Some(Event::VoteUpdate(VoteUpdate { slide_id: self.job.slide, tally, as_of }))
    }

    /// Before it is told: whoever comes meanwhile reads it.
    async fn store_snapshot(&self, app: &App) -> Result<WriteOutcome, Error> {
        let Self { as_of, since, job: CountVotes { session, slide, tick, .. }, .. } = *self;
        let text_characters = self.found.iter().map(|found| found.answer.text().chars().count() as u64).sum();
        let snapshot = VoteSnapshot {
            session,
            slide,
            tally: self.tally.clone().unwrap_or_default(),
            responses: self.found.len() as u64,
            mean_received: mean_received(&self.found),
            text_characters,
            as_of,
            since,
            tick,
        };
        Ok(sessions::save_snapshot(&app.store, &snapshot).await?)
    }

    async fn publish_to_presenter(self, app: &App, hot: &InstanceState, now: Timestamp) -> Result<(), Error> {
        let Self { as_of, since, job: CountVotes { session, slide, .. }, .. } = self;
        let presenter = Room::Presenter(session);
        // the count before the single answers: it is what everyone waits for
        if let Some(update) = self.vote_update_event() {
            app.realtime.publish(presenter, update, now).await?;
            if self.shows_results {
                let size = usize::try_from(sessions::last_participant_count(&app.store, session, now).await?)
                    .unwrap_or(usize::MAX);
                // of the tick that was counted: the audience may have been told of the job's own before it came
                let tick = Tick::containing(as_of - 1).next_for_audience(size);
                hot.count_scheduler
                    .schedule_vote_count_at(app, session, slide, tick, CountRecipients::Everyone)
                    .await;
            }
        }
        let answers = new_responses(&self.found, since)
            .into_iter()
            .map(response_submitted)
            .map(Event::ResponseSubmitted);
        app.realtime.publish_each(presenter, answers, now).await
    }

    async fn publish_to_everyone(self, app: &App, now: Timestamp) -> Result<(), Error> {
        match self.vote_update_event() {
            Some(update) if self.shows_results => {
                app.realtime.publish(Room::Session(self.job.session), update, now).await
            }
            _ => Ok(()),
        }
    }
}

/// 0 of none.
fn mean_received(found: &[SlideResponse]) -> i64 {
    let sum: i128 = found.iter().map(|response| i128::from(response.received)).sum();
    i64::try_from(sum / (found.len().max(1) as i128)).unwrap_or_default()
}

/// Answers stored since the count before, newest last, and a little earlier: a write takes time, and another machine's clock
/// may be behind.
fn new_responses(found: &[SlideResponse], since: i64) -> Vec<SlideResponse> {
    let mut news: Vec<SlideResponse> = found
        .iter()
        .filter(|response| response.stored >= since - super::SKEW_MS - SLOW_WRITE_MS)
        .cloned()
        .collect();
    news.sort_by_key(|response| response.stored);
    let surplus = news.len().saturating_sub(MAX_SINGLE_ANSWERS);
    news.split_off(surplus)
}

/// Does an answer count: not hidden, not from before the results were begun anew, without a word that is blocked?
pub fn is_counted(session: &Session, response: &SlideResponse) -> bool {
    !response.hidden
        && response.received >= session.counts_from(response.slide)
        && match &response.answer {
            AnswerContent::Text(text) => !session.blocked_words.contains(text),
            AnswerContent::Selected(_) => true,
        }
}

/// The session, as it is: what the presenter has just hidden is not counted any more. And what is on the slide; nothing for a
/// slide or session that is gone.
async fn slide_content(
    app: &App,
    hot: &InstanceState,
    job: &CountVotes,
    now: Timestamp,
) -> Result<Option<(Session, SlideContent)>, Error> {
    let moment = match hot.session_cache.get_fresh(app, job.session).await {
        Err(Error::NotFound(_)) => return Ok(None),
        moment => moment?,
    };
    let content = match moment.shown.as_ref().filter(|shown| shown.id == job.slide) {
        Some(shown) => Some(shown.content.clone()),
        None => slides::get(&app.store, moment.session.presentation, job.slide, now)
            .await?
            .map(|slide| slide.content),
    };
    Ok(content.map(|content| (moment.session.clone(), content)))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn response(n: i64) -> SlideResponse {
        let stored = 10_000 + n;
        SlideResponse {
            id: Uuid::from_u128(n.unsigned_abs().into()).into(),
            session: Uuid::from_u128(1).into(),
            slide: Uuid::from_u128(2).into(),
            participant: Uuid::from_u128(n.unsigned_abs().into()).into(),
            display_name: None,
            answer: AnswerContent::Selected(vec!["a".into()]),
            seq: None,
            received: stored,
            stored,
            hidden: false,
            flagged: false,
        }
    }

    #[test]
    fn news_is_what_was_stored_since_and_never_more_than_a_screenful() {
        let found: Vec<_> = (0..300).map(response).collect();
        assert_eq!(new_responses(&found, 0).len(), MAX_SINGLE_ANSWERS);
        assert_eq!(new_responses(&found, 0).last().unwrap().id, found[299].id, "the newest are kept");
        assert_eq!(new_responses(&found, 10_290).len(), 100, "10, and as many as a slow write may be late");
    }
}
