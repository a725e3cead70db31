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

/// A request for a ticket.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct CreateTicketRequest {
    /// The session that the socket belongs to. Without it, the socket is the account's own and receives the account's events.
    #[garde(skip)]
    pub session_id: Option<SessionId>,
}

/// A ticket that opens one socket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ticket)]
pub struct TicketResponse {
    /// The ticket, valid once within 60 seconds.
    pub ticket: String,
    /// The complete URL of the socket. It contains the ticket.
    pub websocket_url: String,
    /// The time at which the ticket expires.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Create a ticket for a socket
///
/// The ticket opens one socket, once, within 60 seconds. With `session_id` the socket belongs to that session, and the caller
/// must be its presenter or a participant, by account or by participant token. Without it the socket is the account's own.
/// Fails with 404 if the caller is not in the session.
#[utoipa::path(
    post,
    path = "/v1/realtime/tickets",
    tag = "realtime",
    operation_id = "create_ticket",
    request_body = CreateTicketRequest,
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 201, description = "The ticket", body = TicketResponse),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The caller is not in a session with this id", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn create_ticket(
    State(app): State<App>,
    caller: Caller,
    ValidJson(input): ValidJson<CreateTicketRequest>,
) -> ApiResult<(StatusCode, Json<TicketResponse>)> {
    let (bearer, session) = match (caller, input.session_id) {
        (Caller::Guest(guest), requested) => {
            if requested.is_some_and(|requested| requested != guest.session) {
                return Err(Error::NotFound("session").into());
            }
            (TicketHolder::Participant { participant: guest.participant, by: None }, Some(guest.session))
        }
        (Caller::Account(account), None) => (TicketHolder::Account(account.into()), None),
        (Caller::Account(account), Some(session)) => {
            let (_, role) = roles::get_with_role(&app.store, session, caller.into(), app.clock.now()).await?;
            let bearer = match role {
                SessionRole::Presenter => TicketHolder::Account(account.into()),
                SessionRole::Participant { id, .. } => {
                    TicketHolder::Participant { participant: id, by: Some(account.into()) }
                }
            };
            (bearer, Some(session))
        }
    };
    let issued = issue(&app, bearer, session)?;
    let response = TicketResponse {
        ticket: issued.ticket,
        websocket_url: issued.websocket_url,
        expires_at: issued.expires_at,
    };
    Ok((StatusCode::CREATED, Json(response)))
}
