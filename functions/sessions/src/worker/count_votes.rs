use entry::{
    App,
    tick_wait::{CLOCK_SKEW_MS, wait_for_tick_end},
};
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

use super::newest_finished_tick;
use crate::{
    instance_state::InstanceState,
    votes::{cast_vote::SLOW_WRITE_MS, counted_responses::is_counted, list_responses::response_submitted},
};

/// Single answers that the presenter receives per tick. The presenter could not read more, and GET returns all of them.
const MAX_SINGLE_ANSWERS: usize = 100;

/// Counts the answers to a slide when the tick is over, and publishes the count. It counts by a query, so the count is
/// exact even if jobs are delivered twice, late or never.
///
/// If the job fails after the count was stored, `job.since` has the time from which answers are unpublished. The next
/// count would otherwise treat them as published.
///
/// # Errors
/// Fails if the answers cannot be read, or if the count can neither be stored nor published.
pub async fn run(app: &App, state: &InstanceState, job: &mut CountVotes) -> Result<(), Error> {
    wait_for_tick_end(app, job.tick).await;
    let now = app.clock.now();
    let as_of = newest_finished_tick(app, job.tick).end_ms();
    let previous = match job.recipients {
        CountRecipients::Presenter => sessions::get_snapshot(&app.store, job.session, job.slide, now).await?,
        CountRecipients::Everyone => None,
    };
    let since = match previous {
        // a second delivery of the same job publishes the same answers
        Some(previous) if previous.tick == job.tick => previous.since,
        // a late job has already counted for this one
        Some(previous) if previous.as_of >= job.tick.end_ms() && job.since.is_none() => return Ok(()),
        Some(previous) => previous.as_of,
        None => 0,
    };
    let since = job.since.map_or(since, |unpublished| unpublished.min(since));
    // the session is read before the answers, so that its results and blocked words are not newer than they are
    let Some((session, content)) = slide_content(app, state, job, now).await? else { return Ok(()) };
    let found = responses::list_by_slide(&app.store, job.session, job.slide, now).await?;
    let found: Vec<SlideResponse> =
        found.into_iter().filter(|response| is_counted(&session, response)).collect();
    let answers: Vec<&AnswerContent> = found.iter().map(|response| &response.answer).collect();
    let tally = content.tally(&answers);
    let shows_results = session.shows_results(job.slide, &content);
    let count = VoteCount { job: job.clone(), as_of, since, shows_results, tally, found };
    match job.recipients {
        CountRecipients::Presenter => {
            if count.store_snapshot(app).await? == WriteOutcome::ConditionFailed {
                return Ok(());
            }
            job.since = Some(since);
            count.publish_to_presenter(app, state, now).await
        }
        CountRecipients::Everyone => count.publish_to_everyone(app, now).await,
    }
}

/// One count of the answers to a slide.
struct VoteCount {
    job: CountVotes,
    /// Milliseconds since 1970.
    as_of: i64,
    /// `as_of` of the previous count.
    since: i64,
    shows_results: bool,
    /// `None` if the slide takes no answers. It took answers before it was edited.
    tally: Option<Tally>,
    found: Vec<SlideResponse>,
}

impl VoteCount {
    fn vote_update_event(&self) -> Option<Event> {
        let tally = self.tally.clone()?;
        let as_of = Timestamp::from_millisecond(self.as_of).unwrap_or_default();
        Some(Event::VoteUpdate(VoteUpdate { slide_id: self.job.slide, tally, as_of }))
    }

    /// Stores the count before it is published, so that clients that connect in between read it.
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

    async fn publish_to_presenter(
        self,
        app: &App,
        state: &InstanceState,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Self { as_of, since, job: CountVotes { session, slide, .. }, .. } = self;
        let presenter = Room::Presenter(session);
        // the count goes before the single answers, because the presenter waits for it
        if let Some(update) = self.vote_update_event() {
            app.realtime.publish(presenter, update, now).await?;
            if self.shows_results {
                let size = usize::try_from(sessions::last_participant_count(&app.store, session, now).await?)
                    .unwrap_or(usize::MAX);
                // the tick that was counted: the audience may already have received the tick of the job
                let tick = Tick::containing(as_of - 1).next_for_audience(size);
                state
                    .count_scheduler
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

/// Returns the mean time of receipt, or 0 without answers.
fn mean_received(found: &[SlideResponse]) -> i64 {
    let sum: i128 = found.iter().map(|response| i128::from(response.received)).sum();
    i64::try_from(sum / (found.len().max(1) as i128)).unwrap_or_default()
}

/// Returns the answers stored since the previous count, the newest last. It includes answers from shortly before,
/// because a write takes time and the clock of another instance may be behind.
fn new_responses(found: &[SlideResponse], since: i64) -> Vec<SlideResponse> {
    let mut recent: Vec<SlideResponse> = found
        .iter()
        .filter(|response| response.stored >= since - CLOCK_SKEW_MS - SLOW_WRITE_MS)
        .cloned()
        .collect();
    recent.sort_by_key(|response| response.stored);
    let surplus = recent.len().saturating_sub(MAX_SINGLE_ANSWERS);
    recent.split_off(surplus)
}

/// Reads the session and the content of the slide, strongly consistent, so that an answer that the presenter has just
/// hidden is not counted. Returns `None` if the slide or the session does not exist any more.
async fn slide_content(
    app: &App,
    state: &InstanceState,
    job: &CountVotes,
    now: Timestamp,
) -> Result<Option<(Session, SlideContent)>, Error> {
    let snapshot = match state.session_cache.get_fresh(app, job.session).await {
        Err(Error::NotFound(_)) => return Ok(None),
        snapshot => snapshot?,
    };
    let content = match snapshot.current.as_ref().filter(|current| current.id == job.slide) {
        Some(current) => Some(current.content.clone()),
        None => slides::get(&app.store, snapshot.session.presentation, job.slide, now)
            .await?
            .map(|slide| slide.content),
    };
    Ok(content.map(|content| (snapshot.session.clone(), content)))
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
    fn only_the_newest_unpublished_answers_are_sent() {
        let found: Vec<_> = (0..300).map(response).collect();
        assert_eq!(new_responses(&found, 0).len(), MAX_SINGLE_ANSWERS);
        assert_eq!(new_responses(&found, 0).last().unwrap().id, found[299].id, "the newest are kept");
        assert_eq!(
            new_responses(&found, 10_290).len(),
            100,
            "10 new ones, and those that a slow write may have delayed"
        );
    }
}
