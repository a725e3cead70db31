use axum::{
    Extension, Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, GuestCaller, RequestSource, ValidJson, ValidQuery},
    tokens::{ParticipantToken, TicketHolder},
};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use model::{Error, ErrorCode, ParticipantId, PresenceForm, SessionId, UserId, session::SessionStatus, text};
use serde::{Deserialize, Serialize};
use store::sessions::{
    Session,
    participants::{self, AddParticipantOutcome, Participant},
};
use utoipa::ToSchema;

use super::{participant_access::require_not_removed, refused_join};
use crate::{
    find_session::session_by_code,
    instance_state::InstanceState,
    session_snapshot::load_snapshot,
    session_view::PublicSession,
    wrong_codes::{JoinLinkQuery, JoinProof},
};

/// Characters of a display name (contract presentations A2.2).
pub const MAX_NAME_CHARS: usize = 100;

/// The name of a participant who joins, and the token of an earlier join.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct JoinSessionRequest {
    /// The name that the presenter sees. A participant without a name, or with a blank one, is anonymous.
    #[garde(length(chars, max = MAX_NAME_CHARS))]
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
    /// The token of an earlier join. The caller becomes the same participant again.
    #[garde(length(max = 2000))]
    #[schema(max_length = 2000)]
    pub participant_token: Option<String>,
}

/// A participant who has joined, with the token and the address of the socket.
#[derive(Debug, Serialize, ToSchema)]
pub struct JoinSessionResponse {
    pub participant_id: ParticipantId,
    /// Authenticates answers by HTTP, requests for tickets, and later joins as the same participant. It expires after
    /// 24 hours.
    pub participant_token: String,
    pub display_name: Option<String>,
    pub is_anonymous: bool,
    pub session: PublicSession,
    /// The complete address of the socket, with its ticket. It opens one socket, within 60 seconds.
    pub websocket_url: String,
    #[schema(value_type = String, format = DateTime)]
    pub ticket_expires_at: Timestamp,
}

/// Join a session
///
/// Joins a session by its join code. The caller needs no account. A caller who is signed in, or sends the token of an
/// earlier join, becomes the same participant again.
#[utoipa::path(
    post,
    path = "/v1/sessions/code/{code}/join",
    tag = "sessions",
    operation_id = "join_session",
    params(("code" = String, Path, example = "K7M2QX"), JoinLinkQuery),
    request_body = JoinSessionRequest,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = JoinSessionResponse),
        (status = 401, description = "The request has an invalid credential", body = ErrorBody),
        (status = 403, description = "The presenter has removed the participant, or the session is full (`SUBSCRIPTION_LIMIT_EXCEEDED`)", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "The session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "Too many wrong codes from this network address", body = ErrorBody),
    )
)]
#[expect(clippy::too_many_arguments, reason = "each is an extractor")]
pub async fn join_session(
    State(app): State<App>,
    Extension(state): Extension<InstanceState>,
    source: RequestSource,
    caller: Option<Caller>,
    headers: HeaderMap,
    Path(code): Path<String>,
    ValidQuery(link): ValidQuery<JoinLinkQuery>,
    ValidJson(input): ValidJson<JoinSessionRequest>,
) -> ApiResult<(StatusCode, Json<JoinSessionResponse>)> {
    let proof = JoinProof::new(&link, &headers, input.participant_token.as_deref());
    let session = session_by_code(&app, &source, &code, &proof).await?;
    if session.status == SessionStatus::Ended {
        return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended").into());
    }
    let name = parse_display_name(input.display_name.as_deref())?;
    let participant = match (input.participant_token, caller) {
        (Some(token), _) => {
            let id = participant_of_token(&app, session.id, &token).await?;
            rejoin(&app, session.id, id, name).await?.ok_or_else(wrong_token_error)?
        }
        // the participant's token in place of an access token
        (None, Some(Caller::Guest(GuestCaller { participant, session: joined }))) if joined == session.id => {
            rejoin(&app, session.id, participant, name).await?.ok_or_else(wrong_token_error)?
        }
        (None, Some(Caller::Account(account))) => {
            add_participant(&app, &state, &session, Some(account.user), name).await?
        }
        (None, _) => add_participant(&app, &state, &session, None, name).await?,
    };
    let now = app.clock.now();
    let token = ParticipantToken { participant: participant.id, session: session.id };
    let account = match caller {
        Some(Caller::Account(account)) => Some(account.into()),
        Some(Caller::Guest(_)) | None => None,
    };
    let holder = TicketHolder::Participant { participant: participant.id, by: account };
    let ticket = entry::tickets::issue(&app, holder, Some(session.id), PresenceForm::Events).await?;
    let snapshot = load_snapshot(&app, session, now).await?;
    let joined = JoinSessionResponse {
        participant_id: participant.id,
        participant_token: app.tokens.sign(&token, now).await?,
        is_anonymous: participant.display_name.is_none(),
        display_name: participant.display_name,
        session: PublicSession::new(&snapshot.session, snapshot.current.map(|slide| slide.index)),
        websocket_url: ticket.websocket_url,
        ticket_expires_at: ticket.expires_at,
    };
    Ok((StatusCode::CREATED, Json(joined)))
}

/// Returns the display name without surrounding white space. Returns `None` if it is blank.
///
/// # Errors
/// `Invalid` if the name is too long or contains control characters.
pub fn parse_display_name(name: Option<&str>) -> Result<Option<String>, Error> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = name {
        text::require_line(name).map_err(|reason| Error::field("display_name", reason))?;
    }
    match name {
        Some(name) if name.chars().count() > MAX_NAME_CHARS => {
            Err(Error::field("display_name", format!("must have at most {MAX_NAME_CHARS} characters")))
        }
        name => Ok(name.map(str::to_owned)),
    }
}

fn wrong_token_error() -> Error {
    Error::field("participant_token", "must be an unexpired token of this session")
}

/// Returns the participant of a token.
///
/// # Errors
/// `Invalid` if the token is of another session or has expired.
pub async fn participant_of_token(
    app: &App,
    session: SessionId,
    token: &str,
) -> Result<ParticipantId, Error> {
    let token: Option<ParticipantToken> = app.tokens.verify(token, app.clock.now()).await?;
    let token = token.filter(|token| token.session == session).ok_or_else(wrong_token_error)?;
    Ok(token.participant)
}

/// Returns a participant of the session, renamed if `name` is given. Returns `None` if the participant does not exist.
///
/// # Errors
/// `REMOVED` if the presenter has removed the participant.
pub async fn rejoin(
    app: &App,
    session: SessionId,
    id: ParticipantId,
    name: Option<String>,
) -> Result<Option<Participant>, Error> {
    if let Some(name) = name
        && let Some(renamed) = participants::rename(&app.store, session, id, &name).await?.applied()
    {
        return Ok(Some(renamed));
    }
    // without a new name, or because the participant was not renamed
    let found = participants::get(&app.store, session, id, app.clock.now()).await?;
    found.map(require_not_removed).transpose()
}

async fn add_participant(
    app: &App,
    state: &InstanceState,
    session: &Session,
    user: Option<UserId>,
    name: Option<String>,
) -> Result<Participant, Error> {
    let now = app.clock.now();
    let id =
        user.map_or_else(|| app.clock.new_id(), |user| ParticipantId::derive_for_account(session.id, user));
    let participant = Participant {
        session: session.id,
        id,
        display_name: name.clone(),
        user,
        joined_at: now,
        removed_at: None,
    };
    match participants::add_within_plan(&app.store, session, &participant, now).await? {
        AddParticipantOutcome::Added => Ok(participant),
        AddParticipantOutcome::AlreadyJoined => {
            Ok(rejoin(app, session.id, id, name).await?.unwrap_or(participant))
        }
        AddParticipantOutcome::Full(seats) => {
            Err(refused_join::refuse(app, &state.refused_joins, session.id, seats).await)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_names_are_anonymous() {
        assert_eq!(parse_display_name(None).unwrap(), None);
        assert_eq!(parse_display_name(Some("  ")).unwrap(), None);
        assert_eq!(parse_display_name(Some(" Ana ")).unwrap(), Some("Ana".into()));
        assert!(parse_display_name(Some("a\nb")).is_err());
        assert!(parse_display_name(Some(&"ä".repeat(101))).is_err());
        assert!(parse_display_name(Some(&"ä".repeat(100))).is_ok());
    }
}
