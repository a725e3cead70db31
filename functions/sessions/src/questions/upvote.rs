use axum::{Extension, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, GuestCaller, PathIds},
};
use http::StatusCode;
use model::{Error, ParticipantId, QuestionId, SessionId, question::QuestionStatus};
use store::sessions::questions;

use crate::{InstanceState, guest::require_participant};

macro_rules! upvotes {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $id:literal, $up:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/v1/sessions/{id}/questions/{question_id}/upvote",
            tag = "questions",
            operation_id = $id,
            params(("id" = SessionId, Path), ("question_id" = QuestionId, Path)),
            security(("participant" = [])),
            responses(
                (status = 204, description = "however often it is said"),
                (status = 401, body = ErrorBody),
                (status = 403, description = "removed by the presenter", body = ErrorBody),
                (status = 404, body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            Extension(hot): Extension<InstanceState>,
            guest: GuestCaller,
            PathIds(id, question): PathIds<SessionId, QuestionId>,
        ) -> ApiResult<StatusCode> {
            let participant = require_participant(&app, id, guest).await?.id;
            set_upvote(&app, &hot, id, question, participant, $up).await?;
            Ok(StatusCode::NO_CONTENT)
        }
    )*};
}

upvotes! {
    /// Wants a question answered, with a participant's token.
    upvote, put, "upvote_question", true;
    /// Does not want it any more.
    withdraw, delete, "withdraw_upvote", false;
}

/// Stores an up-vote, or takes it back, and has them counted. One of a question that was merged is for the one it was merged
/// into.
///
/// # Errors
/// `NotFound` where there is no such question, or it is hidden.
pub async fn set_upvote(
    app: &App,
    hot: &InstanceState,
    session: SessionId,
    question: QuestionId,
    participant: ParticipantId,
    up: bool,
) -> Result<(), Error> {
    const NONE: Error = Error::NotFound("question");
    let now = app.clock.now();
    let found = questions::get(&app.store, session, question, now).await?.ok_or(NONE)?;
    if found.status == QuestionStatus::Hidden {
        return Err(NONE);
    }
    let wanted = found.merged_into.unwrap_or(question);
    questions::set_upvote(&app.store, session, wanted, participant, up).await?;
    hot.count_scheduler.schedule_upvote_count(app, session, wanted).await
}
