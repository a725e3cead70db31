use axum::{
    Json,
    extract::{Path, State},
};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, GuestCaller, RequestSource, ValidJson},
    tokens::{ParticipantToken as Token, TicketHolder},
};
use garde::Validate;
use http::StatusCode;
use jiff::Timestamp;
use model::{Error, ErrorCode, ParticipantId, SessionId, UserId, plan::Quota, session::SessionStatus};
use serde::{Deserialize, Serialize};
use store::sessions::{
    Session,
    participants::{self, AddParticipantOutcome, Participant},
};
use utoipa::ToSchema;

use crate::{find::session_by_code, guest::require_not_removed, live, view::PublicSession};

/// Contract presentations A2.2.
pub const MAX_NAME_CHARS: usize = 100;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct JoinSessionRequest {
    /// How the presenter sees the participant; blank or absent is anonymous.
    #[garde(length(chars, max = MAX_NAME_CHARS))]
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
    /// From an earlier join: be the same participant again.
    #[garde(length(max = 2000))]
    #[schema(max_length = 2000)]
    pub participant_token: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct JoinSessionResponse {
    pub participant_id: ParticipantId,
    /// For 24 hours: answers by HTTP, new tickets, and joining again as the same participant.
    pub participant_token: String,
    pub display_name: Option<String>,
    pub is_anonymous: bool,
    pub session: PublicSession,
    /// Complete, ticket included; good once, for 60 seconds.
    pub websocket_url: String,
    #[schema(value_type = String, format = DateTime)]
    pub ticket_expires_at: Timestamp,
}

/// Joins a session by its code. No account is needed; with one, joining again is the same participant.
#[utoipa::path(
    post,
    path = "/v1/sessions/code/{code}/join",
    tag = "sessions",
    operation_id = "join_session",
    params(("code" = String, Path, example = "K7M2QX")),
    request_body = JoinSessionRequest,
    security((), ("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = JoinSessionResponse),
        (status = 401, description = "a credential came along that does not count", body = ErrorBody),
        (status = 403, description = "removed by the presenter, or `SUBSCRIPTION_LIMIT_EXCEEDED`: the session is full", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 409, description = "the session has ended", body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "too many wrong codes", body = ErrorBody),
    )
)]
pub async fn join_session(
    State(app): State<App>,
    source: RequestSource,
    caller: Option<Caller>,
    Path(code): Path<String>,
    ValidJson(input): ValidJson<JoinSessionRequest>,
) -> ApiResult<(StatusCode, Json<JoinSessionResponse>)> {
    let session = session_by_code(&app, &source, &code).await?;
    if session.status == SessionStatus::Ended {
        return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended").into());
    }
    let name = parse_display_name(input.display_name.as_deref())?;
    let participant = match (input.participant_token, caller) {
        (Some(token), _) => {
            let id = participant_of_token(&app, session.id, &token)?;
            rejoin(&app, session.id, id, name).await?.ok_or_else(wrong_token_error)?
        }
        // the token in the place of an access token
        (None, Some(Caller::Guest(GuestCaller { participant, session: its }))) if its == session.id => {
            rejoin(&app, session.id, participant, name).await?.ok_or_else(wrong_token_error)?
        }
        (None, Some(Caller::Account(account))) => {
            add_participant(&app, &session, Some(account.user), name).await?
        }
        (None, _) => add_participant(&app, &session, None, name).await?,
    };
    let now = app.clock.now();
    let token = Token { participant: participant.id, session: session.id };
    let by = match caller {
        Some(Caller::Account(account)) => Some(account.into()),
        Some(Caller::Guest(_)) | None => None,
    };
    let bearer = TicketHolder::Participant { participant: participant.id, by };
    let ticket = entry::tickets::issue(&app, bearer, Some(session.id))?;
    let moment = live::load_snapshot(&app, session, now).await?;
    let answer = JoinSessionResponse {
        participant_id: participant.id,
        participant_token: app.tokens.sign(&token, now)?,
        is_anonymous: participant.display_name.is_none(),
        display_name: participant.display_name,
        session: PublicSession::new(&moment.session, moment.shown.map(|shown| shown.index)),
        websocket_url: ticket.websocket_url,
        ticket_expires_at: ticket.expires_at,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}

/// A name as it is shown; blank is none.
///
/// # Errors
/// `Invalid` for one that is too long or has control characters.
pub fn parse_display_name(typed: Option<&str>) -> Result<Option<String>, Error> {
    let name = typed.map(str::trim).filter(|name| !name.is_empty());
    match name {
        Some(name) if name.chars().any(char::is_control) => {
            Err(Error::field("display_name", "has control characters"))
        }
        Some(name) if name.chars().count() > MAX_NAME_CHARS => {
            Err(Error::field("display_name", format!("has {MAX_NAME_CHARS} characters at most")))
        }
        name => Ok(name.map(str::to_owned)),
    }
}

fn wrong_token_error() -> Error {
    Error::field("participant_token", "is not a token of this session, or has expired")
}

/// Who a participant's token speaks for.
///
/// # Errors
/// `Invalid` for one of another session, or whose time is over.
pub fn participant_of_token(app: &App, session: SessionId, token: &str) -> Result<ParticipantId, Error> {
    let token: Option<Token> = app.tokens.verify(token, app.clock.now());
    let token = token.filter(|token| token.session == session).ok_or_else(wrong_token_error)?;
    Ok(token.participant)
}

/// A participant who is there, by a new name where one is given.
///
/// # Errors
/// `REMOVED` for those whom the presenter has sent away.
pub async fn rejoin(
    app: &App,
    session: SessionId,
    id: ParticipantId,
    name: Option<String>,
) -> Result<Option<Participant>, Error> {
    let found = match name {
        Some(name) => participants::rename(&app.store, session, id, &name).await?.applied(),
        None => participants::get(&app.store, session, id, app.clock.now()).await?,
    };
    found.map(require_not_removed).transpose()
}

async fn add_participant(
    app: &App,
    session: &Session,
    user: Option<UserId>,
    name: Option<String>,
) -> Result<Participant, Error> {
    let now = app.clock.now();
    let id =
        user.map_or_else(|| app.clock.new_id(), |user| ParticipantId::derive_for_account(session.id, user));
    let newcomer = Participant {
        session: session.id,
        id,
        display_name: name.clone(),
        user,
        joined_at: now,
        removed_at: None,
    };
    let limit = session.plan.limits().participants_per_session;
    match participants::add(&app.store, &newcomer, limit, now).await? {
        AddParticipantOutcome::Added => Ok(newcomer),
        AddParticipantOutcome::AlreadyJoined => {
            Ok(rejoin(app, session.id, id, name).await?.unwrap_or(newcomer))
        }
        AddParticipantOutcome::Full(most) => Err(Quota::ParticipantsPerSession.exceeded_error(most, most)),
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
