use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use futures::try_join;
use model::{
    Error, SessionId, SlideId,
    report::{percent, rounded_mean},
    session::{SessionStatus, SlidePacing},
};
use serde::Serialize;
use store::{
    identity::plan_usage::{self, AiUsage},
    sessions::{
        self, Session, SessionWithCounts, VoteSnapshot, participants,
        slide_snapshots::{self, SlideSnapshot},
    },
};
use utoipa::ToSchema;

use crate::report::slide_report::{option_reports, top_choice};

/// The numbers of a session, from its last counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionStatistics {
    pub session_id: SessionId,
    pub status: SessionStatus,
    /// Participants who ever joined.
    pub participant_count: u64,
    /// Participants who were connected at the last count.
    pub connected_count: u64,
    /// The largest number of participants who were connected at the same time.
    pub peak_connected: u64,
    /// Joins that were refused because the session was full. A person who tried again counts again.
    pub turned_away: u64,
    /// Answers to all slides.
    pub total_responses: u64,
    /// Answers by the id of the slide.
    pub responses_per_slide: BTreeMap<String, u64>,
    /// The slides that were answered, in their order.
    pub slides: Vec<SlideStatistics>,
    /// Answers in percent of the possible ones. Possible is one answer of every participant to every slide that was
    /// answered.
    pub answer_rate: Option<f64>,
    /// The average number of characters in text answers.
    pub average_text_length: Option<f64>,
    /// The calls of the assistant in this session, with their tokens and cost.
    pub ai_usage: AiUsage,
    /// Seconds from the start until now, or until the end. `null` before the start.
    pub duration_seconds: Option<i64>,
}

/// The numbers of a slide that was answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlideStatistics {
    pub slide_id: SlideId,
    /// Answers to the slide.
    pub responses: u64,
    /// Answers in percent of all participants.
    pub answer_rate: Option<f64>,
    /// Average seconds from the first showing of the slide to the answer. `null` in a self-paced session.
    pub average_answer_seconds: Option<f64>,
    /// The average number of characters in text answers.
    pub average_text_length: Option<f64>,
    /// Labels of the option with the most votes. Several options with equally many votes are all listed.
    pub top_choice: Vec<String>,
}

/// Get the statistics of a session
///
/// Returns participants, answers and calls of the assistant of a session so far, as they were last counted.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/statistics",
    tag = "sessions",
    operation_id = "session_statistics",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionStatistics),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn session_statistics(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionStatistics>> {
    Ok(Json(compute_statistics(&app, account, id).await?))
}

/// Get the statistics of a session (short path)
///
/// Returns the same as `GET /v1/sessions/{id}/statistics`.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/stats",
    tag = "sessions",
    operation_id = "session_stats",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionStatistics),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn session_stats(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionStatistics>> {
    Ok(Json(compute_statistics(&app, account, id).await?))
}

/// Computes the statistics from the last counts. It reads no answer, so its cost does not grow with the audience.
async fn compute_statistics(
    app: &App,
    account: AccountCaller,
    id: SessionId,
) -> Result<SessionStatistics, Error> {
    let now = app.clock.now();
    let counted = sessions::get_owned_with_counts(&app.store, account.user, id, now).await?;
    let (participant_count, slides, ai_usage) = try_join!(
        participants::count(&app.store, id),
        slide_snapshots::list(&app.store, id, now),
        plan_usage::sum_ai_usage(&app.store, id, now),
    )?;
    let SessionWithCounts { session, snapshots, presence, turned_away } = counted;
    let responses_per_slide: BTreeMap<String, u64> =
        snapshots.iter().map(|snapshot| (SlideId::to_string(&snapshot.slide), snapshot.responses)).collect();
    let mut answered: Vec<(Option<&SlideSnapshot>, &VoteSnapshot)> = snapshots
        .iter()
        .filter(|votes| votes.responses > 0)
        .map(|votes| (slides.iter().find(|slide| slide.slide == votes.slide), votes))
        .collect();
    answered.sort_by_key(|(slide, votes)| (slide.map_or(usize::MAX, |slide| slide.index), votes.slide));
    let total_responses = snapshots.iter().map(|snapshot| snapshot.responses).sum();
    let texts = || snapshots.iter().filter(|snapshot| snapshot.text_characters > 0);
    let characters = texts().map(|snapshot| snapshot.text_characters).sum();
    let until = session.ended_at.unwrap_or(now);
    Ok(SessionStatistics {
        session_id: id,
        status: session.status,
        participant_count,
        connected_count: presence.as_ref().map_or(0, |presence| presence.participants),
        peak_connected: presence.as_ref().map_or(0, |presence| presence.peak.max(presence.participants)),
        turned_away,
        total_responses,
        answer_rate: percent(total_responses, participant_count * answered.len() as u64),
        average_text_length: rounded_mean(characters, texts().map(|snapshot| snapshot.responses).sum(), 1.0),
        slides: answered
            .into_iter()
            .map(|(slide, votes)| slide_statistics(&session, slide, votes, participant_count))
            .collect(),
        responses_per_slide,
        ai_usage,
        duration_seconds: session.started_at.map(|started| until.duration_since(started).as_secs()),
    })
}

fn slide_statistics(
    session: &Session,
    slide: Option<&SlideSnapshot>,
    votes: &VoteSnapshot,
    participants: u64,
) -> SlideStatistics {
    let paced = slide.filter(|_| session.pace == SlidePacing::Presenter && votes.mean_received > 0);
    let elapsed = paced.map(|slide| {
        let from = slide.first_at.as_millisecond().max(session.counts_from(slide.slide));
        votes.mean_received.saturating_sub(from).max(0).unsigned_abs()
    });
    let options = slide.map(|slide| option_reports(&slide.content, &votes.tally)).unwrap_or_default();
    SlideStatistics {
        slide_id: votes.slide,
        responses: votes.responses,
        answer_rate: percent(votes.responses, participants),
        average_answer_seconds: elapsed.and_then(|elapsed| rounded_mean(elapsed, 1, 1000.0)),
        average_text_length: rounded_mean(votes.text_characters, votes.responses, 1.0)
            .filter(|_| votes.text_characters > 0),
        top_choice: top_choice(&options),
    }
}
