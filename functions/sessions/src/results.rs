//! The results of a slide, and what the presenter decides about them: shown, hidden, begun anew.

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
    InstanceState, live,
    moves::change_session,
    state::{own_response, vote_update},
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ShowResultsRequest {
    /// May the audience see them? Of a quiz: also what is correct, and who leads.
    #[garde(skip)]
    pub visible: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ResultsView {
    pub session_id: SessionId,
    pub slide_id: SlideId,
    pub version: u64,
    pub visible: bool,
    /// Answers from before do not count any more.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reset_at: Option<Timestamp>,
}

/// How a slide was answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct SlideResults {
    pub slide_id: SlideId,
    /// May the audience see them?
    pub visible: bool,
    /// As last counted; `null` where nothing was, and to the audience where they are not visible.
    pub votes: Option<VoteUpdate>,
    /// Of the participant who asks, where they have answered.
    pub my_response: Option<OwnResponse>,
}

/// How a slide was answered, as last counted: whoever missed the push finds it here, and their own answer.
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
    let (session, seat) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let found = slides::get(&app.store, session.presentation, slide, now).await?;
    let visible = session.shows_results(slide, &found.ok_or(Error::NotFound("slide"))?.content);
    let participant = match seat {
        SessionRole::Presenter => None,
        SessionRole::Participant { id, .. } => Some(id),
    };
    let counts_from = session.counts_from(slide);
    let snapshot = sessions::get_snapshot(&app.store, id, slide, now).await?;
    let votes = snapshot
        .filter(|snapshot| (visible || seat == SessionRole::Presenter) && snapshot.as_of > counts_from)
        .map(vote_update);
    let own = own_response(&app, id, Some(slide), participant, now).await?;
    let my_response = own.filter(|own| own.created_at.as_millisecond() >= counts_from);
    Ok(Json(SlideResults { slide_id: slide, visible, votes, my_response }))
}

/// Shows the results of a slide to the audience, or hides them.
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
        (status = 409, description = "the session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn show_results(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
    ValidJson(input): ValidJson<ShowResultsRequest>,
) -> ApiResult<Json<ResultsView>> {
    let at = app.clock.millis();
    let decide = |results: &mut SlideResultSettings| {
        results.visible = Some(input.visible);
        if input.visible {
            results.revealed_at.get_or_insert(at);
        }
    };
    Ok(Json(change_results(&app, &hot, account.user, id, slide, decide).await?))
}

/// Begins the results of a slide anew: answers given before do not count any more.
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
        (status = 409, description = "the session has ended", body = ErrorBody),
    )
)]
pub async fn reset_results(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathIds(id, slide): PathIds<SessionId, SlideId>,
) -> ApiResult<Json<ResultsView>> {
    let reset_at = app.clock.millis();
    let decide = |results: &mut SlideResultSettings| {
        results.reset_at = Some(reset_at);
        results.revealed_at = None;
    };
    Ok(Json(change_results(&app, &hot, account.user, id, slide, decide).await?))
}

async fn change_results(
    app: &App,
    hot: &InstanceState,
    owner: UserId,
    id: SessionId,
    slide: SlideId,
    decide: impl Fn(&mut SlideResultSettings),
) -> Result<ResultsView, Error> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, owner, id, ReadConsistency::Strong, now).await?;
    let found = slides::get(&app.store, session.presentation, slide, now).await?;
    let content = found.ok_or(Error::NotFound("slide"))?.content;
    let (session, ()) = change_session(app, id, Some(owner), |session, _| {
        if session.status == SessionStatus::Ended {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        decide(session.results.entry(slide).or_default());
        Ok(())
    })
    .await?;
    if let Err(error) = publish_results_changed(app, hot, &session, slide, &content).await {
        // the change stands; whoever was not told sees it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "results were not told");
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
    hot: &InstanceState,
    session: &Session,
    slide: SlideId,
    content: &SlideContent,
) -> Result<(), Error> {
    let now = app.clock.now();
    let visible = session.shows_results(slide, content);
    let snapshot = sessions::get_snapshot(&app.store, session.id, slide, now).await?;
    let since = session.counts_from(slide);
    let votes = snapshot.filter(|snapshot| visible && snapshot.as_of > since).map(vote_update);
    let shown = live::find_slide(app, session, slide, now).await?;
    let changed = ResultsChanged {
        session_id: session.id,
        version: session.version,
        slide_id: slide,
        visible,
        reset_at: reset_at(session, slide),
        slide: shown.filter(|shown| shown.is_open(session)).map(|shown| shown.for_audience(session)),
        votes,
    };
    app.realtime.publish(Room::Session(session.id), Event::ResultsChanged(Box::new(changed)), now).await?;
    hot.count_scheduler.schedule_final_vote_count(app, session.id, slide).await;
    if content.kind() == SlideType::Quiz {
        app.queues.send(&RankQuiz { session: session.id }, now).await?;
    }
    Ok(())
}
