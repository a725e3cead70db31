use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, Caller, ErrorBody, Valid},
    tickets::issue,
    tokens::Bearer,
};
use garde::Validate;
use http::StatusCode;
use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId};
use serde::{Deserialize, Serialize};
use store::{Freshness, participants, sessions};
use utoipa::ToSchema;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct NewTicket {
    /// The session to be in; absent, the socket is the account's own and hears what concerns it.
    #[garde(skip)]
    pub session_id: Option<SessionId>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketView {
    pub ticket: String,
    /// Complete, ticket included.
    pub websocket_url: String,
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// A ticket to open one socket, once, within 60 seconds: for the presenter, a participant (by account or participant
/// token), or an account alone.
#[utoipa::path(
    post,
    path = "/v1/realtime/tickets",
    tag = "realtime",
    operation_id = "create_ticket",
    request_body = NewTicket,
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 201, body = TicketView),
        (status = 401, body = ErrorBody),
        (status = 404, description = "no session that you are in", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn ticket(
    State(app): State<App>,
    caller: Caller,
    Valid(input): Valid<NewTicket>,
) -> Answer<(StatusCode, Json<TicketView>)> {
    let (bearer, session) = match (caller, input.session_id) {
        (Caller::Guest(guest), asked) => {
            if asked.is_some_and(|asked| asked != guest.session) {
                return Err(Error::NotFound("session").into());
            }
            (Bearer::Participant { participant: guest.participant, by: None }, Some(guest.session))
        }
        (Caller::Account(account), None) => (Bearer::Account(account.into()), None),
        (Caller::Account(account), Some(session)) => {
            (of_session(&app, account, session).await?, Some(session))
        }
    };
    let issued = issue(&app, bearer, session)?;
    let view = TicketView {
        ticket: issued.ticket,
        websocket_url: issued.websocket_url,
        expires_at: issued.expires_at,
    };
    Ok((StatusCode::CREATED, Json(view)))
}

async fn of_session(app: &App, account: Account, session: SessionId) -> Result<Bearer, Error> {
    let now = app.clock.now();
    let found = sessions::get(&app.store, session, Freshness::Strong, now).await?;
    if found.ok_or(Error::NotFound("session"))?.owner == account.user {
        return Ok(Bearer::Account(account.into()));
    }
    let participant = ParticipantId::of_account(session, account.user);
    let found = participants::get(&app.store, session, participant, now).await?;
    let participant = found.ok_or(Error::NotFound("session"))?.id;
    Ok(Bearer::Participant { participant, by: Some(account.into()) })
}
