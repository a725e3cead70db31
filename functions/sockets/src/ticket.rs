use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, ValidJson},
    tickets::issue,
    tokens::TicketHolder,
};
use garde::Validate;
use http::StatusCode;
use jiff::Timestamp;
use model::{Error, SessionId};
use serde::{Deserialize, Serialize};
use store::sessions::roles::{self, SessionRole};
use utoipa::ToSchema;

/// The connection that a ticket is for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct CreateTicketRequest {
    /// The session to join. Without it, the socket receives the events of the account and its team.
    #[garde(skip)]
    pub session_id: Option<SessionId>,
}

/// A ticket that opens one socket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketResponse {
    /// The ticket, which is also part of `websocket_url`.
    pub ticket: String,
    /// The complete URL to connect to, with the ticket.
    pub websocket_url: String,
    /// The time until which the ticket can be used, 60 seconds after its creation.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Create a ticket for a socket
///
/// Returns a ticket that opens one socket once, within 60 seconds. With `session_id`, the socket belongs to the presenter or to a
/// participant of the session, who authenticates by account or by participant token. Without it, the socket belongs to the account.
#[utoipa::path(
    post,
    path = "/v1/realtime/tickets",
    tag = "realtime",
    operation_id = "create_ticket",
    request_body = CreateTicketRequest,
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 201, body = TicketResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The session does not exist, or the caller is not in it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn create_ticket(
    State(app): State<App>,
    caller: Caller,
    ValidJson(input): ValidJson<CreateTicketRequest>,
) -> ApiResult<(StatusCode, Json<TicketResponse>)> {
    let (bearer, session) = match (caller, input.session_id) {
        (Caller::Guest(guest), asked) => {
            if asked.is_some_and(|asked| asked != guest.session) {
                return Err(Error::NotFound("session").into());
            }
            (TicketHolder::Participant { participant: guest.participant, by: None }, Some(guest.session))
        }
        (Caller::Account(account), None) => (TicketHolder::Account(account.into()), None),
        (Caller::Account(account), Some(session)) => {
            let (_, seat) = roles::get_with_role(&app.store, session, caller.into(), app.clock.now()).await?;
            let bearer = match seat {
                SessionRole::Presenter => TicketHolder::Account(account.into()),
                SessionRole::Participant { id, .. } => {
                    TicketHolder::Participant { participant: id, by: Some(account.into()) }
                }
            };
            (bearer, Some(session))
        }
    };
    let issued = issue(&app, bearer, session)?;
    let view = TicketResponse {
        ticket: issued.ticket,
        websocket_url: issued.websocket_url,
        expires_at: issued.expires_at,
    };
    Ok((StatusCode::CREATED, Json(view)))
}
