//! Finds a session for the audience, which needs no account.

use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{ApiResult, ErrorBody, RequestSource, ValidQuery},
};
use http::HeaderMap;
use model::{Error, join_code::JoinCode, presentation::Slug, session::SessionStatus};
use store::{
    PageRequest, ReadConsistency, presentations,
    sessions::{self, Session},
};

use crate::{
    session_snapshot::load_snapshot,
    session_view::PublicSession,
    wrong_codes::{JoinLinkQuery, JoinProof, record_wrong_code, require_typed_code_allowed},
};

/// Returns the session with a join code. Counts a wrong code against the network address of the request.
///
/// # Errors
/// `NotFound` if no session has the code. `RateLimited` after too many wrong codes from the address.
pub async fn session_by_code(
    app: &App,
    source: &RequestSource,
    code: &str,
    proof: &JoinProof<'_>,
) -> Result<Session, Error> {
    let now = app.clock.now();
    let found = match JoinCode::parse(code) {
        Some(code) => sessions::by_code(&app.store, &code, now).await?,
        None => None,
    };
    let session = match found {
        Some(found) => sessions::get(&app.store, found.session, ReadConsistency::Strong, now).await?,
        None => None,
    };
    let Some(session) = session else { return Err(record_wrong_code(app, source).await) };
    require_typed_code_allowed(app, source, &session, proof).await?;
    Ok(session)
}

async fn public_session(app: &App, session: Session) -> Result<PublicSession, Error> {
    let snapshot = load_snapshot(app, session, app.clock.now()).await?;
    let order = snapshot.current.map(|slide| slide.index);
    Ok(PublicSession::new(&snapshot.session, order))
}

/// Find a session by its join code
///
/// Returns the session with this join code. Upper and lower case, spaces and dashes do not matter. A session that has
/// ended is found for 30 days.
///
/// After 300 wrong codes of a network in 10 minutes, each further wrong code is answered with 429 and `Retry-After: 1`.
/// After 3,000, right codes are refused too. A request with the key of the join link, or with the token of a
/// participant, is never refused.
#[utoipa::path(
    get,
    path = "/v1/sessions/code/{code}",
    tag = "sessions",
    operation_id = "find_session_by_code",
    params(("code" = String, Path, example = "K7M2QX"), JoinLinkQuery),
    responses(
        (status = 200, body = PublicSession),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "Too many wrong codes from this network address", body = ErrorBody),
    )
)]
pub async fn find_session_by_code(
    State(app): State<App>,
    source: RequestSource,
    headers: HeaderMap,
    Path(code): Path<String>,
    ValidQuery(link): ValidQuery<JoinLinkQuery>,
) -> ApiResult<Json<PublicSession>> {
    let proof = JoinProof::new(&link, &headers, None);
    let session = session_by_code(&app, &source, &code, &proof).await?;
    Ok(Json(public_session(&app, session).await?))
}

/// Find the session of a presentation by its slug
///
/// Returns the newest session of the presentation that has not ended. An unknown slug counts as a wrong join code.
#[utoipa::path(
    get,
    path = "/v1/sessions/slug/{slug}",
    tag = "sessions",
    operation_id = "find_session_by_slug",
    params(("slug" = String, Path), JoinLinkQuery),
    responses(
        (status = 200, body = PublicSession),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "Too many wrong codes or slugs from this network address", body = ErrorBody),
    )
)]
pub async fn find_session_by_slug(
    State(app): State<App>,
    source: RequestSource,
    headers: HeaderMap,
    Path(slug): Path<String>,
    ValidQuery(link): ValidQuery<JoinLinkQuery>,
) -> ApiResult<Json<PublicSession>> {
    let now = app.clock.now();
    let presentation = match Slug::parse(&slug) {
        Some(slug) => presentations::by_slug(&app.store, &slug, now).await?,
        None => None,
    };
    let Some(presentation) = presentation else { return Err(record_wrong_code(&app, &source).await.into()) };
    // Only the newest twenty are read. Twenty later sessions that have all ended hide an older one.
    let newest =
        sessions::page_by_presentation(&app.store, presentation.id, &PageRequest::internal(20), now).await?;
    let running = newest.items.into_iter().find(|session| session.status != SessionStatus::Ended);
    // not counted: an audience opens the link of a talk before the talk begins
    let session = running.ok_or(Error::NotFound("session"))?;
    let proof = JoinProof::new(&link, &headers, None);
    require_typed_code_allowed(&app, &source, &session, &proof).await?;
    Ok(Json(public_session(&app, session).await?))
}
