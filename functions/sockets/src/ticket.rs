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
use model::{Error, PresenceForm, SessionId};
use serde::{Deserialize, Serialize};
use store::sessions::roles::{self, SessionRole};
use utoipa::ToSchema;

use crate::connect::require_not_ended;

/// A request for a ticket.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub struct CreateTicketRequest {
    /// The session that the socket belongs to. Without it, the socket is the account's own and receives the account's events.
    #[garde(skip)]
    pub session_id: Option<SessionId>,
    /// The form in which an account's own socket receives the presence of the team: `events`, one `user_status` for each
    /// change, or `state`, one `team_presence` for all changes of a second. Clients of large teams should choose `state`.
    /// Default: `events`.
    #[garde(skip)]
    pub presence: Option<PresenceForm>,
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
///
/// A browser cannot see why a handshake is refused. So a client that loses its socket requests a new ticket and goes by this
/// response. It reconnects after 201, and stops after 404 and 409.
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
        (status = 404, description = "The caller is not in a session with this id, or was removed from it", body = ErrorBody),
        (status = 409, description = "`SESSION_ENDED`: the session has ended", body = ErrorBody),
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
            let session = requested.unwrap_or(guest.session);
            running_session_role(&app, session, caller).await?;
            (TicketHolder::Participant { participant: guest.participant, by: None }, Some(session))
        }
        (Caller::Account(account), None) => (TicketHolder::Account(account.into()), None),
        (Caller::Account(account), Some(session)) => {
            let bearer = match running_session_role(&app, session, caller).await? {
                SessionRole::Presenter => TicketHolder::Account(account.into()),
                SessionRole::Participant { id, .. } => {
                    TicketHolder::Participant { participant: id, by: Some(account.into()) }
                }
            };
            (bearer, Some(session))
        }
    };
    let issued = issue(&app, bearer, session, input.presence.unwrap_or_default()).await?;
    let response = TicketResponse {
        ticket: issued.ticket,
        websocket_url: issued.websocket_url,
        expires_at: issued.expires_at,
    };
    Ok((StatusCode::CREATED, Json(response)))
}

/// Returns the caller's role in a session that has not ended.
async fn running_session_role(app: &App, session: SessionId, caller: Caller) -> Result<SessionRole, Error> {
    let (session, role) = roles::get_with_role(&app.store, session, caller.into(), app.clock.now()).await?;
    require_not_ended(&session)?;
    Ok(role)
}
