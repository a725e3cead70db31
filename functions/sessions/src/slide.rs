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

use crate::{
    InstanceState, keep::snapshot_slide, live, moves::change_session, report::slides::takes_answers,
    view::SessionView,
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct ShowSlideRequest {
    /// A slide of the session's presentation.
    #[garde(skip)]
    pub slide_id: SlideId,
}

macro_rules! shows {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = $path,
            tag = "sessions",
            operation_id = $id,
            params(("id" = SessionId, Path)),
            request_body = ShowSlideRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = SessionView),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
                (status = 409, description = "the session is not running", body = ErrorBody),
                (status = 422, description = "a slide of another presentation", body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            Extension(hot): Extension<InstanceState>,
            account: AccountCaller,
            PathId(id): PathId<SessionId>,
            ValidJson(input): ValidJson<ShowSlideRequest>,
        ) -> ApiResult<Json<SessionView>> {
            let session = change_current_slide(&app, &hot, account, id, input.slide_id).await?;
            Ok(Json(SessionView::without_counts(session)))
        }
    )*};
}

shows! {
    /// Shows a slide to everyone.
    show, post, "/v1/sessions/{id}/slide", "show_slide";
    /// Shows a slide to everyone; the spelling of old clients.
    show_put, put, "/v1/sessions/{id}/current-slide", "show_slide_put";
}

async fn change_current_slide(
    app: &App,
    hot: &InstanceState,
    account: AccountCaller,
    id: SessionId,
    slide: SlideId,
) -> Result<Session, Error> {
    let now = app.clock.now();
    let session = sessions::get_owned(&app.store, account.user, id, ReadConsistency::Strong, now).await?;
    slides::get(&app.store, session.presentation, slide, now)
        .await?
        .ok_or_else(|| Error::field("slide_id", "is not a slide of this session's presentation"))?;
    let (session, before) = change_session(app, id, Some(account.user), |session, _| match session.status {
        SessionStatus::Active | SessionStatus::Paused => Ok(session.current_slide.replace(slide)),
        SessionStatus::Ended => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
        SessionStatus::Pending => {
            Err(Error::conflict(ErrorCode::SessionNotActive, "the session has not been started"))
        }
    })
    .await?;
    if let Err(error) =
        publish_slide_changed(app, hot, &session, before.filter(|before| *before != slide)).await
    {
        // the change stands; whoever was not told sees it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "a slide change was not told");
    }
    Ok(session)
}

async fn publish_slide_changed(
    app: &App,
    hot: &InstanceState,
    session: &Session,
    before: Option<SlideId>,
) -> Result<(), Error> {
    // first: nothing that fails after it may keep the last votes from being counted
    if let Some(before) = before {
        hot.count_scheduler.schedule_final_vote_count(app, session.id, before).await;
    }
    let now = app.clock.now();
    let moment = live::load_snapshot(app, session.clone(), now).await?;
    if let Some(shown) = moment.shown {
        let changed = CurrentSlideChanged {
            session_id: session.id,
            version: session.version,
            slide_index: shown.index,
            slide: shown.for_audience(session),
        };
        let told = app.realtime.publish(Room::Session(session.id), Event::SlideChanged(changed), now).await;
        snapshot_slide(app, session, &shown, now).await;
        // turned back to, it has answers, and whoever came meanwhile was told none
        if takes_answers(&shown.content) {
            hot.count_scheduler.schedule_vote_count(app, session.id, shown.id).await;
        }
        told?;
    }
    Ok(())
}
