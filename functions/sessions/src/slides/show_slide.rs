use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{Error, ErrorCode, Room, SessionId, SlideId, session::SessionStatus};
use protocol::{Event, event::CurrentSlideChanged};
use serde::Deserialize;
use store::{
    ReadConsistency,
    presentations::slides,
    sessions::{self, Session},
};
use utoipa::ToSchema;

use super::slide_snapshots::snapshot_slide;
use crate::{
    change_session::change_session,
    instance_state::InstanceState,
    session_snapshot::{load_snapshot, takes_answers},
    session_view::SessionView,
};

/// The slide that the session shows next.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ShowSlideRequest {
    /// A slide of the session's presentation.
    #[garde(skip)]
    pub slide_id: SlideId,
}

/// Show a slide
///
/// Makes a slide the current one of an active or paused session. Publishes `slide_changed` to the session. The answers
/// to the previous slide are counted a last time.
#[utoipa::path(
    post,
    path = "/v1/sessions/{id}/slide",
    tag = "sessions",
    operation_id = "show_slide",
    params(("id" = SessionId, Path)),
    request_body = ShowSlideRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has not been started, or has ended", body = ErrorBody),
        (status = 422, description = "The slide is not part of the session's presentation", body = ErrorBody),
    )
)]
pub async fn show_slide(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<ShowSlideRequest>,
) -> ApiResult<Json<SessionView>> {
    let session = change_current_slide(&app, &state, account, id, input.slide_id).await?;
    Ok(Json(SessionView::without_counts(session)))
}

/// Show a slide (old path)
///
/// Does the same as `POST /v1/sessions/{id}/slide`, for old clients.
#[utoipa::path(
    put,
    path = "/v1/sessions/{id}/current-slide",
    tag = "sessions",
    operation_id = "show_slide_put",
    params(("id" = SessionId, Path)),
    request_body = ShowSlideRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has not been started, or has ended", body = ErrorBody),
        (status = 422, description = "The slide is not part of the session's presentation", body = ErrorBody),
    )
)]
pub async fn show_slide_put(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<ShowSlideRequest>,
) -> ApiResult<Json<SessionView>> {
    let session = change_current_slide(&app, &state, account, id, input.slide_id).await?;
    Ok(Json(SessionView::without_counts(session)))
}

async fn change_current_slide(
    app: &App,
    state: &InstanceState,
    account: AccountCaller,
    id: SessionId,
    slide: SlideId,
) -> Result<Session, Error> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    slides::get(&app.store, session.presentation, slide, now)
        .await?
        .ok_or_else(|| Error::field("slide_id", "must be a slide of this session's presentation"))?;
    let (session, previous) =
        change_session(app, id, Some(account.user), |session, _| match session.status {
            SessionStatus::Active | SessionStatus::Paused => Ok(session.current_slide.replace(slide)),
            SessionStatus::Ended => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
            SessionStatus::Pending => {
                Err(Error::conflict(ErrorCode::SessionNotActive, "the session has not been started"))
            }
        })
        .await?;
    let previous = previous.filter(|previous| *previous != slide);
    if let Err(error) = publish_slide_changed(app, state, &session, previous).await {
        // the change is stored; clients that missed it see it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "publishing a slide change failed");
    }
    Ok(session)
}

async fn publish_slide_changed(
    app: &App,
    state: &InstanceState,
    session: &Session,
    previous: Option<SlideId>,
) -> Result<(), Error> {
    // first, so that no later failure prevents the final count of the previous slide
    if let Some(previous) = previous {
        state.count_scheduler.schedule_final_vote_count(app, session.id, previous).await;
    }
    let now = app.clock.now();
    let snapshot = load_snapshot(app, session.clone(), now).await?;
    if let Some(current) = snapshot.current {
        let changed = CurrentSlideChanged {
            session_id: session.id,
            version: session.version,
            slide_index: current.index,
            slide: current.for_audience(session),
        };
        let published =
            app.realtime.publish(Room::Session(session.id), Event::SlideChanged(changed), now).await;
        snapshot_slide(app, session, &current, now).await;
        // The presenter may return to a slide that has answers. Clients that connected in between have not received
        // them.
        if takes_answers(&current.content) {
            state.count_scheduler.schedule_vote_count(app, session.id, current.id).await;
        }
        published?;
    }
    Ok(())
}
