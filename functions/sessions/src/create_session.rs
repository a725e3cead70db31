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

use crate::{session_view::SessionView, update_session::UpdateSessionRequest};

/// Join codes that are tried before the request fails. With a million live sessions, ten taken codes in a row happen
/// once in 10^29 requests.
const MAX_JOIN_CODES: usize = 10;

/// The presentation and the settings of a new session.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct CreateSessionRequest {
    /// A presentation of the caller.
    #[garde(skip)]
    pub presentation_id: PresentationId,
    /// Whether and how the assistant answers questions. The default is `automatic`.
    #[garde(skip)]
    pub ai_answers: Option<AiAnswerMode>,
    /// Who turns the slides. The default is `presenter`.
    #[garde(skip)]
    pub pace: Option<SlidePacing>,
    /// At most 200 words of at most 50 characters. Texts of the audience that contain one of them are rejected.
    #[garde(skip)]
    pub blocked_words: Option<Vec<String>>,
}

/// Create a session
///
/// Creates a pending session of a presentation, with a new join code. Its current slide is the first one. Fails if the
/// plan of the caller allows no more sessions this month.
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
        (status = 403, description = "`SUBSCRIPTION_LIMIT_EXCEEDED`: the plan allows no more sessions this month", body = ErrorBody),
        (status = 404, description = "The caller has no such presentation", body = ErrorBody),
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
    // `serde(flatten)` would lose the name of the invalid field
    let settings = UpdateSessionRequest { ai_answers, pace, blocked_words };
    let blocked = settings.parse_blocked_words()?;
    let (presentation, owner) = tokio::try_join!(
        presentations::get_owned(&app.store, account.user, presentation_id, now),
        users::get_strong(&app.store, account.user, now)
    )?;
    let owner = owner.ok_or(Error::Unauthenticated("the account does not exist any more"))?;
    let code = JoinCode::generate(&mut rand::rng());
    let mut session = Session::new(app.clock.new_id(), &presentation, owner.plan, code, now);
    settings.apply(blocked, &mut session);
    for _ in 0..MAX_JOIN_CODES {
        match sessions::create(&app.store, &session).await? {
            SessionCreateOutcome::Created => {
                return Ok((StatusCode::CREATED, axum::Json(SessionView::without_counts(session))));
            }
            SessionCreateOutcome::OverLimit => {
                let limit = session.plan.limits().sessions_per_month.unwrap_or_default();
                let used = plan_usage::get_month(&app.store, session.owner, now).await?;
                return Err(Quota::SessionsPerMonth.exceeded_error(used, limit).into());
            }
            SessionCreateOutcome::CodeTaken => session.join_code = JoinCode::generate(&mut rand::rng()),
        }
    }
    Err(Error::internal("ten random join codes were all taken").into())
}
