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
    change_session::change_session, instance_state::InstanceState, session_view::SessionView,
    slides::slide_snapshots::snapshot_all_slides,
};

/// The settings of a session. A field that is absent does not change.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
pub struct UpdateSessionRequest {
    /// Whether and how the assistant answers questions.
    #[garde(skip)]
    pub ai_answers: Option<AiAnswerMode>,
    /// Who turns the slides.
    #[garde(skip)]
    pub pace: Option<SlidePacing>,
    /// At most 200 words of at most 50 characters. New texts that contain one of them are rejected. Stored texts that
    /// contain one of them leave the counts and word clouds.
    #[garde(skip)]
    pub blocked_words: Option<Vec<String>>,
}

impl UpdateSessionRequest {
    /// Returns the blocked words, if the request has any.
    ///
    /// # Errors
    /// `Invalid` with the position of every invalid word.
    pub fn parse_blocked_words(&self) -> Result<Option<BlockedWords>, Error> {
        let parsed = self.blocked_words.as_deref().map(BlockedWords::parse).transpose();
        parsed.map_err(|mut errors| {
            for error in &mut errors {
                error.field.insert_str(0, "blocked_");
            }
            Error::Invalid(errors)
        })
    }

    /// Writes the settings into a session. `blocked_words` is the result of [`Self::parse_blocked_words`].
    pub fn apply(&self, blocked_words: Option<BlockedWords>, session: &mut Session) {
        session.ai_answers = self.ai_answers.unwrap_or(session.ai_answers);
        session.pace = self.pace.unwrap_or(session.pace);
        if let Some(blocked_words) = blocked_words {
            session.blocked_words = blocked_words;
        }
    }
}

/// Update the settings of a session
///
/// Changes who answers questions, who turns the slides, and which words are blocked. Publishes `session_updated` to the
/// session. New blocked words also apply to stored answers, whose slides are counted again.
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
        (status = 409, description = "The session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn update_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidJson(input): ValidJson<UpdateSessionRequest>,
) -> ApiResult<Json<SessionView>> {
    let blocked_words = input.parse_blocked_words()?;
    let (session, ()) = change_session(&app, id, Some(account.user), |session, _| {
        if session.status == SessionStatus::Ended {
            return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
        }
        input.apply(blocked_words.clone(), session);
        Ok(())
    })
    .await?;
    if blocked_words.is_some() {
        if let Some(slide) = session.current_slide {
            state.count_scheduler.schedule_final_vote_count(&app, id, slide).await;
        }
        // before the response, so that a failure reaches the caller: no count may keep a blocked word
        state.count_scheduler.schedule_other_vote_counts(&app, &session, app.clock.now()).await?;
    }
    let updated = Event::SessionUpdated(SessionUpdated {
        session_id: id,
        version: session.version,
        pace: session.pace,
        ai_answers: session.ai_answers,
    });
    if let Err(error) = app.realtime.publish(Room::Session(id), updated, app.clock.now()).await {
        // the change is stored; clients that missed it see it at the next event, ping or reconnect
        tracing::error!(session = %id, ?error, "publishing changed settings failed");
    }
    if input.pace == Some(SlidePacing::Participant) && session.status != SessionStatus::Pending {
        snapshot_all_slides(&app, &session, app.clock.now()).await;
    }
    Ok(Json(SessionView::without_counts(session)))
}
