use axum::{Json, extract::State};
use entry::{
    App,
    http::{Answer, Caller, ErrorBody, Id},
};
use model::{SessionId, session::Pacing};
use protocol::event::SlideView;
use serde::Serialize;
use store::seats::{self, Seat};
use utoipa::ToSchema;

use crate::{keep, live::Shown};

/// Slides in their order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SessionSlides)]
pub struct Slides {
    pub items: Vec<SlideView>,
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
        (status = 200, body = Slides),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn slides(State(app): State<App>, caller: Caller, Id(id): Id<SessionId>) -> Answer<Json<Slides>> {
    let now = app.clock.now();
    let (session, seat) = seats::find(&app.store, id, caller.into(), now).await?;
    let shown = keep::all(&app, &session, now).await?;
    let total = shown.len();
    let items = match seat {
        Seat::Presenter => shown.iter().map(Shown::for_presenter).collect(),
        Seat::Participant { .. } => shown
            .iter()
            .filter(|shown| shown.is_open(&session))
            .filter(|shown| session.pace == Pacing::Participant || session.current_slide == Some(shown.id))
            .map(|shown| shown.for_audience(&session))
            .collect(),
    };
    Ok(Json(Slides { items, total }))
}
