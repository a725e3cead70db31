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

use crate::report::slide::{option_reports, top_choice};

#[derive(Debug, Serialize, ToSchema)]
pub struct SessionStatistics {
    pub session_id: SessionId,
    pub status: SessionStatus,
    /// Everyone who ever joined.
    pub participant_count: u64,
    /// Connected when last counted.
    pub connected_count: u64,
    /// The most that were connected at once, as counted.
    pub peak_connected: u64,
    pub total_responses: u64,
    pub responses_per_slide: BTreeMap<String, u64>,
    /// Of every slide that was answered, in their order.
    pub slides: Vec<SlideStatistics>,
    /// Answers of all that were possible, had every participant answered every question that anybody answered; in percent.
    pub answer_rate: Option<f64>,
    /// Characters of an answer in one's own words.
    pub average_text_length: Option<f64>,
    pub ai_usage: AiUsage,
    /// `null` before the start; runs until the end.
    pub duration_seconds: Option<i64>,
}

/// A slide that was answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlideStatistics {
    pub slide_id: SlideId,
    pub responses: u64,
    /// Of all participants, in percent.
    pub answer_rate: Option<f64>,
    /// From when the slide was shown first; `null` where participants turn the slides themselves.
    pub average_answer_seconds: Option<f64>,
    pub average_text_length: Option<f64>,
    /// Labels of what most chose; several where they are level.
    pub top_choice: Vec<String>,
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            get,
            path = $path,
            tag = "sessions",
            operation_id = $id,
            params(("id" = SessionId, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = SessionStatistics),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            PathId(id): PathId<SessionId>,
        ) -> ApiResult<Json<SessionStatistics>> {
            Ok(Json(compute_statistics(&app, account, id).await?))
        }
    )*};
}

statistics! {
    /// What has happened in a session so far.
    statistics, "/v1/sessions/{id}/statistics", "session_statistics";
    /// What has happened in a session so far; the short spelling.
    stats, "/v1/sessions/{id}/stats", "session_stats";
}

/// From the last counts: no answer is read, however many there are.
async fn compute_statistics(
    app: &App,
    account: AccountCaller,
    id: SessionId,
) -> Result<SessionStatistics, Error> {
    let now = app.clock.now();
    let counted = sessions::get_owned_with_counts(&app.store, account.user, id, now).await?;
    let (participant_count, shown, ai_usage) = try_join!(
        participants::count(&app.store, id),
        slide_snapshots::list(&app.store, id, now),
        plan_usage::sum_ai_usage(&app.store, id, now),
    )?;
    let SessionWithCounts { session, snapshots, presence } = counted;
    let responses_per_slide: BTreeMap<String, u64> =
        snapshots.iter().map(|snapshot| (SlideId::to_string(&snapshot.slide), snapshot.responses)).collect();
    let mut answered: Vec<(Option<&SlideSnapshot>, &VoteSnapshot)> = snapshots
        .iter()
        .filter(|snapshot| snapshot.responses > 0)
        .map(|snapshot| (shown.iter().find(|shown| shown.slide == snapshot.slide), snapshot))
        .collect();
    answered.sort_by_key(|(shown, snapshot)| (shown.map_or(usize::MAX, |shown| shown.index), snapshot.slide));
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
        total_responses,
        answer_rate: percent(total_responses, participant_count * answered.len() as u64),
        average_text_length: rounded_mean(characters, texts().map(|snapshot| snapshot.responses).sum(), 1.0),
        slides: answered
            .into_iter()
            .map(|(shown, snapshot)| slide_statistics(&session, shown, snapshot, participant_count))
            .collect(),
        responses_per_slide,
        ai_usage,
        duration_seconds: session.started_at.map(|started| until.duration_since(started).as_secs()),
    })
}

fn slide_statistics(
    session: &Session,
    shown: Option<&SlideSnapshot>,
    snapshot: &VoteSnapshot,
    participants: u64,
) -> SlideStatistics {
    let paced = shown.filter(|_| session.pace == SlidePacing::Presenter && snapshot.mean_received > 0);
    let elapsed = paced.map(|shown| {
        let from = shown.first_at.as_millisecond().max(session.counts_from(shown.slide));
        snapshot.mean_received.saturating_sub(from).max(0).unsigned_abs()
    });
    let options = shown.map(|shown| option_reports(&shown.content, &snapshot.tally)).unwrap_or_default();
    SlideStatistics {
        slide_id: snapshot.slide,
        responses: snapshot.responses,
        answer_rate: percent(snapshot.responses, participants),
        average_answer_seconds: elapsed.and_then(|elapsed| rounded_mean(elapsed, 1, 1000.0)),
        average_text_length: rounded_mean(snapshot.text_characters, snapshot.responses, 1.0)
            .filter(|_| snapshot.text_characters > 0),
        top_choice: top_choice(&options),
    }
}
