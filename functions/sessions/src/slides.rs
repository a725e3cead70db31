use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, PathId},
};
use model::{SessionId, session::SlidePacing};
use protocol::event::SessionSlideView;
use serde::Serialize;
use store::sessions::roles::{self, SessionRole};
use utoipa::ToSchema;

use crate::{keep, live::SlideOnScreen};

/// Slides in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionSlides {
    pub items: Vec<SessionSlideView>,
    /// Of the presentation, whether or not they may be seen yet.
    pub total: usize,
}

/// The slides that one may see: the presenter all of them; a participant all where participants turn the slides
/// themselves and the session has begun, else the one that is shown; of a quiz nothing before it has begun.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/slides",
    tag = "sessions",
    operation_id = "list_session_slides",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 200, body = SessionSlides),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn list_session_slides(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<SessionSlides>> {
    let now = app.clock.now();
    let (session, seat) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let shown = keep::presentation_slides(&app, &session, now).await?;
    let total = shown.len();
    let items = match seat {
        SessionRole::Presenter => shown.iter().map(SlideOnScreen::for_presenter).collect(),
        SessionRole::Participant { .. } => shown
            .iter()
            .filter(|shown| shown.is_open(&session))
            .filter(|shown| {
                session.pace == SlidePacing::Participant || session.current_slide == Some(shown.id)
            })
            .map(|shown| shown.for_audience(&session))
            .collect(),
    };
    Ok(Json(SessionSlides { items, total }))
}
