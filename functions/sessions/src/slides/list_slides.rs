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

use super::slide_snapshots::presentation_slides;
use crate::session_snapshot::SlideOnScreen;

/// Slides of a session, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionSlides {
    pub items: Vec<SessionSlideView>,
    /// Slides of the presentation, including those that the caller cannot see yet.
    pub total: usize,
}

/// List the slides of a session
///
/// Returns the slides that the caller may see. The presenter sees all of them. A participant sees the current slide,
/// and all slides of a self-paced session that has started. A participant sees no quiz before the start.
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
    let (session, role) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let slides = presentation_slides(&app, &session, now).await?;
    let total = slides.len();
    let items = match role {
        SessionRole::Presenter => slides.iter().map(SlideOnScreen::for_presenter).collect(),
        SessionRole::Participant { .. } => slides
            .iter()
            .filter(|slide| slide.is_open(&session))
            .filter(|slide| {
                session.pace == SlidePacing::Participant || session.current_slide == Some(slide.id)
            })
            .map(|slide| slide.for_audience(&session))
            .collect(),
    };
    Ok(Json(SessionSlides { items, total }))
}
