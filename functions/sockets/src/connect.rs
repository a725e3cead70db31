//! `$connect`: authenticates the client, decides the identity of its connection, and writes its rows.

use std::sync::{Mutex, PoisonError};

use entry::{
    App,
    http::{authenticate_account, network_key},
    socket::{SocketHandshake, record_identity},
    tickets::PRESENCE_PARAMETER,
    tokens::{AccessToken, ParticipantToken as Token, SocketTicket, TICKET_LIFETIME, TicketHolder},
};
use jiff::{SignedDuration, Timestamp};
use model::{
    AccountLogin, ConnectionIdentity, Error, ErrorCode, PresenceForm, Room, SessionId,
    plan::session_full_error, refused_joins::RefusedJoins, session::SessionStatus, tick::Tick,
};
use protocol::job::{CountTurnedAway, OpenedReason};
use store::{
    ReadConsistency,
    identity::log_ins,
    realtime::{
        connections::{self, Connection},
        tickets,
    },
    sessions::{
        self, Session, participants, refused_joins,
        roles::{self, RoleOrJoinOutcome, SessionCaller, SessionRole},
    },
};

use crate::lifecycle;

/// Opens a connection, or refuses the handshake. Nothing can be posted inside `$connect`, so a job sends the connection its
/// state.
pub async fn open_connection(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    handshake: &SocketHandshake,
) -> Result<(), Error> {
    if let Some(origin) = &handshake.origin
        && !app.settings.allows_origin(origin)
        && *origin != app.settings.public_url
    {
        return Err(Error::forbidden("pages of this origin may not connect"));
    }
    let now = app.clock.now();
    let requested = match handshake.query.get("session_id") {
        Some(text) => Some(text.parse().map_err(|_| Error::NotFound("session"))?),
        None => None,
    };
    let (bearer, session) = find_bearer(app, handshake, requested, now).await?;
    let (identity, display_name) = find_identity(app, refused, bearer, session, now).await?;
    record_identity(&identity);
    let connected_at = Timestamp::from_millisecond(handshake.connected_at).unwrap_or(now);
    let presents_since = identity.presented_session().map(|_| connected_at);
    let id = handshake.connection.clone();
    let network = Some(network_key(&handshake.source_ip));
    let presence = presence_form(handshake);
    let connection =
        Connection { id, identity, display_name, network, connected_at, presents_since, presence };
    connections::put(&app.store, &connection).await?;
    if let Err(error) = admit(app, &connection, now).await {
        // The socket never opens, so its area must not hear of it.
        connections::delete(&app.store, &connection).await?;
        return Err(error);
    }
    if let Err(error) = lifecycle::send_opened(app, &connection, OpenedReason::New, now).await {
        // A refused handshake would make every client of a room come back at once, while the queue does not respond. A client that
        // receives no event sends `subscribe`, which sends the job again. The check of the session counts presence every minute.
        tracing::warn!(%error, "the area of a connection did not hear that it is open");
    }
    if let Err(error) = close_oldest(app, &connection, now).await {
        // The next handshake of this holder closes them.
        tracing::warn!(%error, "the oldest connections of a holder were not closed");
    }
    Ok(())
}

/// Returns the form of presence that the client chose. An unknown value is no reason to refuse a handshake.
fn presence_form(handshake: &SocketHandshake) -> PresenceForm {
    let (name, state) = PRESENCE_PARAMETER;
    let is_state = handshake.query.get(name).is_some_and(|value| value == state);
    if is_state { PresenceForm::State } else { PresenceForm::Events }
}

/// Connections that one holder may have in a session, or beside all sessions. Each event is posted to each of them. Ten are more
/// than the tabs and devices of one person.
const MAX_CONNECTIONS: usize = 10;
/// Connections that one handshake closes at most. More exist only if earlier handshakes failed to close them.
const MAX_CLOSED: usize = 32;

/// Closes the oldest connections of the holder above [`MAX_CONNECTIONS`], with the reason `superseded`. The rows decide which are the
/// oldest, so that concurrent handshakes agree. 1 read unit if the holder has no more than ten.
async fn close_oldest(app: &App, connection: &Connection, now: Timestamp) -> Result<(), Error> {
    let identity = &connection.identity;
    let room = counted_room(identity);
    let mut held = connections::list_by_holder(&app.store, room, identity.holder_id(), now).await?;
    // a presenter's connections are also in the room of the account
    held.retain(|other| other.identity.session() == identity.session());
    let excess = held.len().saturating_sub(MAX_CONNECTIONS).min(MAX_CLOSED);
    held.sort_by(|a, b| (a.connected_at, &a.id).cmp(&(b.connected_at, &b.id)));
    held.truncate(excess);
    app.realtime.close_all(held, ErrorCode::Superseded, TOO_MANY_CONNECTIONS, now).await.map(drop)
}

const TOO_MANY_CONNECTIONS: &str = "ten newer connections are open";

/// Returns the room in which the connections of a holder are counted.
const fn counted_room(identity: &ConnectionIdentity) -> Room {
    match *identity {
        ConnectionIdentity::Account { user, presents: None, .. } => Room::User(user),
        ConnectionIdentity::Account { presents: Some(session), .. }
        | ConnectionIdentity::Participant { session, .. } => Room::Session(session),
    }
}

/// Checks again what may have changed before the rows were written. A function that ends the log-in or removes the participant from
/// now on finds the rows.
async fn admit(app: &App, connection: &Connection, now: Timestamp) -> Result<(), Error> {
    if let Some(AccountLogin { user, login }) = connection.identity.account_login() {
        let found = log_ins::get_strong(&app.store, user, login, now).await?;
        found.ok_or(Error::Unauthenticated(INVALID_CREDENTIAL))?;
    }
    if let ConnectionIdentity::Participant { participant, session, .. } = connection.identity {
        let found = participants::get(&app.store, session, participant, now).await?;
        found.filter(|found| found.removed_at.is_none()).ok_or(Error::NotFound("session"))?;
    }
    Ok(())
}

const TICKET_REQUIRED: &str = "add a ticket to the URL: POST /v1/realtime/tickets creates one";
const INVALID_CREDENTIAL: &str = "the ticket or token is not valid, or has expired";

/// Authenticates the client by its ticket. A deployment can also accept tokens in the URL, and a client that can set headers
/// may send a token in `Authorization`.
async fn find_bearer(
    app: &App,
    handshake: &SocketHandshake,
    requested: Option<SessionId>,
    now: Timestamp,
) -> Result<(TicketHolder, Option<SessionId>), Error> {
    let parameter = |name| handshake.query.get(name).map(String::as_str).filter(|value| !value.is_empty());
    // Clients of the original send the ticket as `token`.
    let ticket = parameter("ticket").or_else(|| parameter("token"));
    if let Some(text) = ticket
        && let Some(ticket) = app.tokens.verify::<SocketTicket>(text, now).await?
    {
        if requested.is_some_and(|requested| ticket.session != Some(requested)) {
            return Err(Error::NotFound("session"));
        }
        let spent_until = now + TICKET_LIFETIME + SignedDuration::from_secs(60);
        if !tickets::spend(&app.store, ticket.id, spent_until, now).await? {
            return Err(Error::Unauthenticated(INVALID_CREDENTIAL));
        }
        return Ok((ticket.bearer, ticket.session));
    }
    let in_url = parameter("token").filter(|_| app.settings.allow_token_in_url);
    let in_header = handshake.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
    let refusal = if ticket.is_some() { INVALID_CREDENTIAL } else { TICKET_REQUIRED };
    let token = in_header.or(in_url).ok_or(Error::Unauthenticated(refusal))?;
    if let Some(Token { participant, session }) = app.tokens.verify(token, now).await? {
        if requested.is_some_and(|requested| requested != session) {
            return Err(Error::NotFound("session"));
        }
        return Ok((TicketHolder::Participant { participant, by: None }, Some(session)));
    }
    let account = authenticate_account(app, token).await?;
    Ok((TicketHolder::Account(account.into()), requested))
}

async fn find_identity(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    bearer: TicketHolder,
    session: Option<SessionId>,
    now: Timestamp,
) -> Result<(ConnectionIdentity, Option<String>), Error> {
    match (bearer, session) {
        (TicketHolder::Account(access), session) => {
            account_identity(app, refused, access, session, now).await
        }
        (TicketHolder::Participant { participant, by }, Some(session)) => {
            let running = running_session(app, session, now).await?;
            let guest = SessionCaller::Guest { participant, session };
            match roles::role_of(&app.store, &running, guest, now).await? {
                Some(SessionRole::Participant { id, display_name }) => {
                    let by = by.map(logged_in_as);
                    Ok((ConnectionIdentity::Participant { participant: id, session, by }, display_name))
                }
                Some(SessionRole::Presenter) | None => Err(Error::NotFound("session")),
            }
        }
        (TicketHolder::Participant { .. }, None) => Err(Error::NotFound("session")),
    }
}

async fn account_identity(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    access: AccessToken,
    session: Option<SessionId>,
    now: Timestamp,
) -> Result<(ConnectionIdentity, Option<String>), Error> {
    let AccessToken { user, login } = access;
    let Some(session) = session else {
        return Ok((ConnectionIdentity::Account { user, login, presents: None }, None));
    };
    let running = running_session(app, session, now).await?;
    // As in the original, any other account that knows the session's id joins the audience.
    Ok(match roles::role_or_join(&app.store, &running, user, now).await? {
        RoleOrJoinOutcome::Role(SessionRole::Presenter) => {
            (ConnectionIdentity::Account { user, login, presents: Some(session) }, None)
        }
        RoleOrJoinOutcome::Role(SessionRole::Participant { id, display_name }) => {
            let by = Some(logged_in_as(access));
            (ConnectionIdentity::Participant { participant: id, session, by }, display_name)
        }
        RoleOrJoinOutcome::Removed => return Err(Error::NotFound("session")),
        RoleOrJoinOutcome::Full(seats) => {
            if let Err(error) = count_refused_join(app, refused, session, seats).await {
                // the next refusal of this instance stores the whole number
                tracing::warn!(%session, %error, "a refused join was not counted");
            }
            return Err(session_full_error(seats));
        }
    })
}

/// Counts a join that is refused, because every seat is taken, as `POST /v1/sessions/code/{code}/join` does.
async fn count_refused_join(
    app: &App,
    refused: &Mutex<RefusedJoins>,
    session: SessionId,
    seats: u32,
) -> Result<(), Error> {
    let (now, new_id) = (app.clock.now(), app.clock.new_id());
    // no code panics while it holds the lock; the counters would be whole even then
    let counted = refused.lock().unwrap_or_else(PoisonError::into_inner).count(session, now, new_id);
    let Some(counted) = counted else { return Ok(()) };
    refused_joins::record_refusals(&app.store, session, counted, seats).await?;
    let tick = Tick::containing(app.clock.millis()).last_of_second();
    app.queues.send(&CountTurnedAway { session, tick }, now).await
}

const fn logged_in_as(AccessToken { user, login }: AccessToken) -> AccountLogin {
    AccountLogin { user, login }
}

async fn running_session(app: &App, session: SessionId, now: Timestamp) -> Result<Session, Error> {
    let found = sessions::get(&app.store, session, ReadConsistency::Strong, now).await?;
    let session = found.ok_or(Error::NotFound("session"))?;
    require_not_ended(&session)?;
    Ok(session)
}

/// Fails with `SESSION_ENDED` if the session has ended.
pub(crate) fn require_not_ended(session: &Session) -> Result<(), Error> {
    match session.status {
        SessionStatus::Ended => Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended")),
        _ => Ok(()),
    }
}
