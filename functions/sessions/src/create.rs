use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    Error, PresentationId,
    join_code::JoinCode,
    plan::Quota,
    session::{AiAnswerMode, SlidePacing},
};
use serde::Deserialize;
use store::{
    identity::{plan_usage, users},
    presentations,
    sessions::{self, Session, SessionCreateOutcome},
};
use utoipa::ToSchema;

use crate::{update::UpdateSessionRequest, view::SessionView};

/// Codes that are tried before giving up: with a million sessions live, ten misses in a row happen once in 10^29.
const MAX_ATTEMPTS: usize = 10;

/// What the session is to be about; that decides its kind.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct CreateSessionRequest {
    /// One's own presentation.
    #[garde(skip)]
    pub presentation_id: PresentationId,
    /// `automatic` where it is left out.
    #[garde(skip)]
    pub ai_answers: Option<AiAnswerMode>,
    /// `presenter` where it is left out.
    #[garde(skip)]
    pub pace: Option<SlidePacing>,
    /// 200 words of 50 characters at most; texts that contain one are refused.
    #[garde(skip)]
    pub blocked_words: Option<Vec<String>>,
}

/// Makes a session with a join code; its first slide is set, it waits to be started.
#[utoipa::path(
    post,
    path = "/v1/sessions",
    tag = "sessions",
    operation_id = "create_session",
    request_body = CreateSessionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = SessionView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "`SUBSCRIPTION_LIMIT_EXCEEDED`: no more this month", body = ErrorBody),
        (status = 404, description = "no presentation of yours", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn create_session(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<CreateSessionRequest>,
) -> ApiResult<(StatusCode, axum::Json<SessionView>)> {
    let now = app.clock.now();
    let CreateSessionRequest { presentation_id, ai_answers, pace, blocked_words } = input;
    // not flattened: serde would no longer say which field is wrong
    let settings = UpdateSessionRequest { ai_answers, pace, blocked_words };
    let blocked = settings.parse_blocked_words()?;
    let (presentation, owner) = tokio::try_join!(
        presentations::get_owned(&app.store, account.user, presentation_id, now),
        users::get_strong(&app.store, account.user, now)
    )?;
    let owner = owner.ok_or(Error::Unauthenticated("the account is gone"))?;
    let code = JoinCode::generate(&mut rand::rng());
    let mut session = Session::new(app.clock.new_id(), &presentation, owner.plan, code, now);
    settings.apply(blocked, &mut session);
    for _ in 0..MAX_ATTEMPTS {
        match sessions::create(&app.store, &session).await? {
            SessionCreateOutcome::Created => {
                return Ok((StatusCode::CREATED, axum::Json(SessionView::without_counts(session))));
            }
            SessionCreateOutcome::OverLimit => {
                let most = session.plan.limits().sessions_per_month.unwrap_or_default();
                let used = plan_usage::get_month(&app.store, session.owner, now).await?;
                return Err(Quota::SessionsPerMonth.exceeded_error(used, most).into());
            }
            SessionCreateOutcome::CodeTaken => session.join_code = JoinCode::generate(&mut rand::rng()),
        }
    }
    Err(Error::internal("no free join code in ten tries").into())
}
