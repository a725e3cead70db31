//! A session as the audience finds it, without an account.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource},
};
use model::{Error, join_code::JoinCode, presentation::Slug, session::SessionStatus};
use store::{
    RateLimit, ReadConsistency,
    platform::rate_limits,
    presentations,
    sessions::{self, Session},
};

use crate::{live, view::PublicSession};

/// Wrong codes per address. Right ones are not counted, so that an audience of a thousand behind one address joins freely,
/// even if one in four mistypes; at this rate all codes take 56 years.
const WRONG_CODE_RATE_LIMIT: RateLimit =
    RateLimit { name: "join_code", max_attempts: 300, window: Duration::from_mins(10) };

/// The session with a code that somebody typed. A wrong one is counted against where it came from.
///
/// # Errors
/// `NotFound`; `TooMany` after too many wrong ones.
pub async fn session_by_code(app: &App, source: &RequestSource, typed: &str) -> Result<Session, Error> {
    let now = app.clock.now();
    let network = source.network_key();
    rate_limits::check_attempts(&app.store, WRONG_CODE_RATE_LIMIT, &network, now).await?.require_allowed()?;
    let code = match JoinCode::parse(typed) {
        Some(code) => sessions::by_code(&app.store, &code, now).await?,
        None => None,
    };
    let Some(code) = code else {
        rate_limits::count_attempt(&app.store, WRONG_CODE_RATE_LIMIT, &network, now)
            .await?
            .require_allowed()?;
        return Err(Error::NotFound("session"));
    };
    let session = sessions::get(&app.store, code.session, ReadConsistency::Strong, now).await?;
    session.ok_or(Error::NotFound("session"))
}

async fn public_session(app: &App, session: Session) -> Result<PublicSession, Error> {
    let moment = live::load_snapshot(app, session, app.clock.now()).await?;
    let order = moment.shown.map(|shown| shown.index);
    Ok(PublicSession::new(&moment.session, order))
}

/// The session with this join code, upper or lower case; one that has ended says so for 30 days.
#[utoipa::path(
    get,
    path = "/v1/sessions/code/{code}",
    tag = "sessions",
    operation_id = "find_session_by_code",
    params(("code" = String, Path, example = "K7M2QX")),
    responses(
        (status = 200, body = PublicSession),
        (status = 404, body = ErrorBody),
        (status = 429, description = "too many wrong codes", body = ErrorBody),
    )
)]
pub async fn find_session_by_code(
    State(app): State<App>,
    source: RequestSource,
    Path(code): Path<String>,
) -> ApiResult<Json<PublicSession>> {
    let session = session_by_code(&app, &source, &code).await?;
    Ok(Json(public_session(&app, session).await?))
}

/// The newest session of a presentation that has not ended.
#[utoipa::path(
    get,
    path = "/v1/sessions/slug/{slug}",
    tag = "sessions",
    operation_id = "find_session_by_slug",
    params(("slug" = String, Path)),
    responses((status = 200, body = PublicSession), (status = 404, body = ErrorBody))
)]
pub async fn find_session_by_slug(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> ApiResult<Json<PublicSession>> {
    let now = app.clock.now();
    let slug = Slug::parse(&slug).ok_or(Error::NotFound("session"))?;
    let presentation = presentations::by_slug(&app.store, &slug, now).await?;
    let presentation = presentation.ok_or(Error::NotFound("session"))?;
    // the newest twenty: a presentation with more that were made later and all have ended is not on
    let held = sessions::page_by_presentation(&app.store, presentation.id, 20, None, now).await?;
    let running = held.items.into_iter().find(|session| session.status != SessionStatus::Ended);
    Ok(Json(public_session(&app, running.ok_or(Error::NotFound("session"))?).await?))
}
