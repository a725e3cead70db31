//! The results of a slide. The presenter shows them, hides them, or resets them.

use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, Caller, ErrorBody, PathIds, ValidJson},
};
use garde::Validate;
use jiff::Timestamp;
use model::{
    Error, ErrorCode, Room, SessionId, SlideId, UserId,
    session::SessionStatus,
    slide::{SlideContent, SlideType},
};
use protocol::{
    Event,
    event::{OwnResponse, ResultsChanged, VoteUpdate},
    job::RankQuiz,
};
use serde::{Deserialize, Serialize};
use store::{
    ReadConsistency,
    presentations::slides,
    sessions::{
        self, Session, SlideResultSettings,
        roles::{self, SessionRole},
    },
};
use utoipa::ToSchema;

use crate::{
    change_session::change_session,
    instance_state::InstanceState,
    session_snapshot::find_slide,
    session_state::{own_response, vote_update},
};

/// Whether the audience may see the results of a slide.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ShowResultsRequest {
    /// Whether the audience may see the results. For a quiz this includes the correct answer and the leaderboard.
    #[garde(skip)]
    pub visible: bool,
}

/// What the presenter decided about the results of a slide.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultsView {
    pub session_id: SessionId,
    pub slide_id: SlideId,
    /// The version of the session after the change.
    pub version: u64,
    /// Whether the audience may see the results.
    pub visible: bool,
    /// When the results were reset. Answers from before that time do not count.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reset_at: Option<Timestamp>,
}

/// The last count of the answers to a slide.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlideResults {
    pub slide_id: SlideId,
    /// Whether the audience may see the results.
    pub visible: bool,
    /// The last count. `null` if nothing was counted. Also `null` for a participant if the results are not visible.
    pub votes: Option<VoteUpdate>,
    /// The answer of the participant who sent the request. `null` if they have not answered.
    pub my_response: Option<OwnResponse>,
}

/// Get the results of a slide
///
/// Returns the last count of the answers to a slide, and the caller's own answer. A client that missed an event reads
/// the results here.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/slides/{slide_id}/results",
    tag = "sessions",
    operation_id = "get_results",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 200, body = SlideResults),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn get_results(
    State(app): State<App>,
    caller: Caller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
) -> ApiResult<Json<SlideResults>> {
    let now = app.clock.now();
    let (session, role) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let found = slides::get(&app.store, session.presentation, slide, now).await?;
    let visible = session.shows_results(slide, &found.ok_or(Error::NotFound("slide"))?.content);
    let participant = match role {
        SessionRole::Presenter => None,
        SessionRole::Participant { id, .. } => Some(id),
    };
    let counts_from = session.counts_from(slide);
    let snapshot = sessions::get_snapshot(&app.store, id, slide, now).await?;
    let votes = snapshot
        .filter(|snapshot| (visible || role == SessionRole::Presenter) && snapshot.as_of > counts_from)
        .map(vote_update);
    let own = own_response(&app, id, Some(slide), participant, now).await?;
    let my_response = own.filter(|own| own.created_at.as_millisecond() >= counts_from);
    Ok(Json(SlideResults { slide_id: slide, visible, votes, my_response }))
}

/// Show or hide the results of a slide
///
/// Shows the results of a slide to the audience, or hides them. Publishes `results_changed` to the session.
#[utoipa::path(
    put,
    path = "/v1/sessions/{id}/slides/{slide_id}/results",
    tag = "sessions",
    operation_id = "show_results",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    request_body = ShowResultsRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ResultsView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn show_results(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
    ValidJson(input): ValidJson<ShowResultsRequest>,
) -> ApiResult<Json<ResultsView>> {
    let now = app.clock.millis();
    let change = |results: &mut SlideResultSettings| {
        results.visible = Some(input.visible);
        if input.visible {
            results.revealed_at.get_or_insert(now);
        }
    };
    Ok(Json(change_results(&app, &state, account.user, id, slide, change).await?))
}

/// Reset the results of a slide
///
/// Resets the results of a slide. Answers from before the reset do not count any more, and participants can answer
/// again. Publishes `results_changed` to the session.
#[utoipa::path(
    delete,
    path = "/v1/sessions/{id}/slides/{slide_id}/results",
    tag = "sessions",
    operation_id = "reset_results",
    params(("id" = SessionId, Path), ("slide_id" = SlideId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ResultsView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has ended", body = ErrorBody),
    )
)]
pub async fn reset_results(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
) -> ApiResult<Json<ResultsView>> {
    let reset_at = app.clock.millis();
    let change = |results: &mut SlideResultSettings| {
        results.reset_at = Some(reset_at);
        results.revealed_at = None;
    };
    Ok(Json(change_results(&app, &state, account.user, id, slide, change).await?))
}

async fn change_results(
    app: &App,
    state: &InstanceState,
    owner: UserId,
    id: SessionId,
    slide: SlideId,
    change: impl Fn(&mut SlideResultSettings),
) -> Result<ResultsView, Error> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, owner, id, ReadConsistency::Strong, now).await?;
    let found = slides::get(&app.store, session.presentation, slide, now).await?;
    let content = found.ok_or(Error::NotFound("slide"))?.content;
    let (session, ()) = change_session(app, id, Some(owner), |session, _| {
        if session.status == SessionStatus::Ended {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        change(session.results.entry(slide).or_default());
        Ok(())
    })
    .await?;
    if let Err(error) = publish_results_changed(app, state, &session, slide, &content).await {
        // the change is stored; clients that missed it see it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "publishing changed results failed");
    }
    Ok(ResultsView {
        session_id: id,
        slide_id: slide,
        version: session.version,
        visible: session.shows_results(slide, &content),
        reset_at: reset_at(&session, slide),
    })
}

fn reset_at(session: &Session, slide: SlideId) -> Option<Timestamp> {
    let reset_at = session.results.get(&slide)?.reset_at?;
    Timestamp::from_millisecond(reset_at).ok()
}

async fn publish_results_changed(
    app: &App,
    state: &InstanceState,
    session: &Session,
    slide: SlideId,
    content: &SlideContent,
) -> Result<(), Error> {
    let now = app.clock.now();
    let visible = session.shows_results(slide, content);
    let snapshot = sessions::get_snapshot(&app.store, session.id, slide, now).await?;
    let counts_from = session.counts_from(slide);
    let votes = snapshot.filter(|snapshot| visible && snapshot.as_of > counts_from).map(vote_update);
    let found = find_slide(app, session, slide, now).await?;
    let changed = ResultsChanged {
        session_id: session.id,
        version: session.version,
        slide_id: slide,
        visible,
        reset_at: reset_at(session, slide),
        slide: found.filter(|slide| slide.is_open(session)).map(|slide| slide.for_audience(session)),
        votes,
    };
    app.realtime.publish(Room::Session(session.id), Event::ResultsChanged(Box::new(changed)), now).await?;
    state.count_scheduler.schedule_final_vote_count(app, session.id, slide).await;
    if content.kind() == SlideType::Quiz {
        app.queues.send(&RankQuiz { session: session.id }, now).await?;
    }
    Ok(())
}
