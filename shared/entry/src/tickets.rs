//! Tickets, each of which opens one socket within a minute.

use jiff::Timestamp;
use model::{Error, SessionId};

use crate::{
    App,
    tokens::{SocketTicket, TICKET_LIFETIME, TicketHolder},
};

/// A signed ticket.
#[derive(Clone, Debug)]
pub struct IssuedTicket {
    pub ticket: String,
    /// The complete URL with the ticket.
    pub websocket_url: String,
    pub expires_at: Timestamp,
}

/// Signs a ticket. Nothing is stored. The ticket's use is recorded when it opens a socket.
pub async fn issue(
    app: &App,
    bearer: TicketHolder,
    session: Option<SessionId>,
) -> Result<IssuedTicket, Error> {
    let now = app.clock.now();
    let ticket = app.tokens.sign(&SocketTicket { id: app.clock.new_id(), bearer, session }, now).await?;
    let session = session.map(|session| format!("session_id={session}&")).unwrap_or_default();
    let websocket_url = format!("{}?{session}ticket={ticket}", app.settings.socket_url);
    Ok(IssuedTicket { ticket, websocket_url, expires_at: now + TICKET_LIFETIME })
}
