use axum::{Extension, Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{
    Error, ErrorCode, Room, SessionId,
    blocked_words::BlockedWords,
    session::{AiAnswerMode, SessionStatus, SlidePacing},
};
use protocol::{Event, event::SessionUpdated};
use serde::Deserialize;
use store::sessions::Session;
use utoipa::ToSchema;

use crate::{
    InstanceState, keep::snapshot_all_slides, moves::change_session, view::SessionView,
    worker::check_session::count_other_slides,
};

/// How a session goes; what is left out stays.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
pub struct UpdateSessionRequest {
    #[garde(skip)]
    pub ai_answers: Option<AiAnswerMode>,
    #[garde(skip)]
    pub pace: Option<SlidePacing>,
    /// 200 words of 50 characters at most. New texts that contain one are refused; those that are there leave counts and
    /// clouds.
    #[garde(skip)]
    pub blocked_words: Option<Vec<String>>,
}

impl UpdateSessionRequest {
    /// # Errors
    /// `Invalid` naming the word.
    pub fn parse_blocked_words(&self) -> Result<Option<BlockedWords>, Error> {
        let typed = self.blocked_words.as_deref().map(BlockedWords::parse).transpose();
        typed.map_err(|mut errors| {
            for error in &mut errors {
                error.field.insert_str(0, "blocked_");
            }
            Error::Invalid(errors)
        })
    }

    pub fn apply(&self, blocked: Option<BlockedWords>, session: &mut Session) {
        session.ai_answers = self.ai_answers.unwrap_or(session.ai_answers);
        session.pace = self.pace.unwrap_or(session.pace);
        if let Some(blocked) = blocked {
            session.blocked_words = blocked;
        }
    }
}

/// Changes how a session goes: who answers questions, who turns the slides, which words are blocked.
#[utoipa::path(
    patch,
    path = "/v1/sessions/{id}",
    tag = "sessions",
    operation_id = "update_session",
    params(("id" = SessionId, Path)),
    request_body = UpdateSessionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "the session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn update_session(
    State(app): State<App>,
    Extension(hot): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<UpdateSessionRequest>,
) -> ApiResult<Json<SessionView>> {
    let blocked = input.parse_blocked_words()?;
    let (session, ()) = change_session(&app, id, Some(account.user), |session, _| {
        if session.status == SessionStatus::Ended {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        input.apply(blocked.clone(), session);
        Ok(())
    })
    .await?;
    if blocked.is_some() {
        if let Some(slide) = session.current_slide {
            hot.count_scheduler.schedule_final_vote_count(&app, id, slide).await;
        }
        // before it is answered: no count of a slide that was left may keep the word
        count_other_slides(&app, &hot, &session, app.clock.now()).await?;
    }
    let updated = Event::SessionUpdated(SessionUpdated {
        session_id: id,
        version: session.version,
        pace: session.pace,
        ai_answers: session.ai_answers,
    });
    if let Err(error) = app.realtime.publish(Room::Session(id), updated, app.clock.now()).await {
        // the change stands; whoever was not told sees it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "a change was not told");
    }
    if input.pace == Some(SlidePacing::Participant) && session.status != SessionStatus::Pending {
        snapshot_all_slides(&app, &session, app.clock.now()).await;
    }
    Ok(Json(SessionView::without_counts(session)))
}
