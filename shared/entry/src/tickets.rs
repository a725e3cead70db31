//! Tickets, each of which opens one socket within a minute.

use jiff::Timestamp;
use model::{Error, PresenceForm, SessionId};

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

/// The parameter of the socket's URL that chooses the [`PresenceForm`], and its value for [`PresenceForm::State`].
pub const PRESENCE_PARAMETER: (&str, &str) = ("presence", "state");

/// Signs a ticket. Nothing is stored. The ticket's use is recorded when it opens a socket.
///
/// The form of presence is a parameter of the URL and not a part of the ticket, because a client that opens a socket by a token
/// can choose it too. It gives no right.
pub async fn issue(
    app: &App,
    bearer: TicketHolder,
    session: Option<SessionId>,
    presence: PresenceForm,
) -> Result<IssuedTicket, Error> {
    let now = app.clock.now();
    let ticket = app.tokens.sign(&SocketTicket { id: app.clock.new_id(), bearer, session }, now).await?;
    let session = session.map(|session| format!("session_id={session}&")).unwrap_or_default();
    let presence = match (presence, PRESENCE_PARAMETER) {
        (PresenceForm::Events, _) => String::new(),
        (PresenceForm::State, (name, value)) => format!("{name}={value}&"),
    };
    let websocket_url = format!("{}?{session}{presence}ticket={ticket}", app.settings.socket_url);
    Ok(IssuedTicket { ticket, websocket_url, expires_at: now + TICKET_LIFETIME })
}
