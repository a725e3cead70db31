//! Finds a session for the audience, which needs no account.

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
    PageRequest, RateLimit, ReadConsistency,
    platform::rate_limits,
    presentations,
    sessions::{self, Session},
};

use crate::{session_snapshot::load_snapshot, session_view::PublicSession};

/// Wrong codes per network address. Right codes are not counted, so that an audience of a thousand behind one address
/// can join even if a quarter of them mistype the code. Trying all codes at this rate takes 56 years.
const WRONG_CODE_RATE_LIMIT: RateLimit =
    RateLimit { name: "join_code", max_attempts: 300, window: Duration::from_mins(10) };

/// Returns the session with a join code. Counts a wrong code against the network address of the request.
///
/// # Errors
/// `NotFound` if no session has the code. `TooMany` after too many wrong codes from the address.
pub async fn session_by_code(app: &App, source: &RequestSource, code: &str) -> Result<Session, Error> {
    let now = app.clock.now();
    let network = source.network_key();
    rate_limits::check_attempts(&app.store, WRONG_CODE_RATE_LIMIT, &network, now).await?.require_allowed()?;
    let found = match JoinCode::parse(code) {
        Some(code) => sessions::by_code(&app.store, &code, now).await?,
        None => None,
    };
    let Some(found) = found else {
        rate_limits::count_attempt(&app.store, WRONG_CODE_RATE_LIMIT, &network, now)
            .await?
            .require_allowed()?;
        return Err(Error::NotFound("session"));
    };
    let session = sessions::get(&app.store, found.session, ReadConsistency::Strong, now).await?;
    session.ok_or(Error::NotFound("session"))
}

async fn public_session(app: &App, session: Session) -> Result<PublicSession, Error> {
    let snapshot = load_snapshot(app, session, app.clock.now()).await?;
    let order = snapshot.current.map(|slide| slide.index);
    Ok(PublicSession::new(&snapshot.session, order))
}

/// Find a session by its join code
///
/// Returns the session with this join code, in upper or lower case. A session that has ended is found for 30 days.
#[utoipa::path(
    get,
    path = "/v1/sessions/code/{code}",
    tag = "sessions",
    operation_id = "find_session_by_code",
    params(("code" = String, Path, example = "K7M2QX")),
    responses(
        (status = 200, body = PublicSession),
        (status = 404, body = ErrorBody),
        (status = 429, description = "Too many wrong codes from this network address", body = ErrorBody),
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

/// Find the session of a presentation by its slug
///
/// Returns the newest session of the presentation that has not ended.
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
    // Only the newest twenty are read. Twenty later sessions that have all ended hide an older one.
    let newest =
        sessions::page_by_presentation(&app.store, presentation.id, &PageRequest::internal(20), now).await?;
    let running = newest.items.into_iter().find(|session| session.status != SessionStatus::Ended);
    Ok(Json(public_session(&app, running.ok_or(Error::NotFound("session"))?).await?))
}
