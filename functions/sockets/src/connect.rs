//! `$connect`: who is it, may they be here, and where they are from now on.

use entry::{
    App,
    http::authenticate_account,
    socket::SocketHandshake,
    tokens::{AccessToken, ParticipantToken as Token, SocketTicket, TICKET_LIFETIME, TicketHolder},
};
use jiff::{SignedDuration, Timestamp};
use model::{Error, ErrorCode, SessionId, plan::Quota, session::SessionStatus};
use realtime::presence::SessionStateReason;
use store::{
    ReadConsistency,
    identity::log_ins,
    realtime::{
        connections::{self, AccountLogin, Connection, ConnectionIdentity},
        tickets,
    },
    sessions::{
        self, Session, participants,
        roles::{self, RoleOrJoinOutcome, SessionCaller, SessionRole},
    },
};

/// Opens a connection, or says why not; nothing can be posted to it in here, so its greeting is a job.
pub async fn open_connection(app: &App, opening: &SocketHandshake) -> Result<(), Error> {
    if let Some(origin) = &opening.origin
        && !app.settings.allows_origin(origin)
        && *origin != app.settings.public_url
    {
        return Err(Error::forbidden("pages of this origin may not connect"));
    }
    let now = app.clock.now();
    let asked = match opening.query.get("session_id") {
        Some(text) => Some(text.parse().map_err(|_| Error::NotFound("session"))?),
        None => None,
    };
    let (bearer, session) = find_bearer(app, opening, asked, now).await?;
    let (identity, display_name) = find_identity(app, bearer, session, now).await?;
    let connected_at = Timestamp::from_millisecond(opening.connected_at).unwrap_or(now);
    let presents_since = identity.presented_session().map(|_| connected_at);
    let id = opening.connection.clone();
    let connection = Connection { id, identity, display_name, connected_at, presents_since };
    connections::put(&app.store, &connection).await?;
    if let Err(error) = announce_connection(app, &connection, now).await {
        // refused after all: nobody is to be told by a socket that never opens
        connections::delete(&app.store, &connection).await?;
        return Err(error);
    }
    Ok(())
}

/// What follows from a connection that has its rows.
async fn announce_connection(app: &App, connection: &Connection, now: Timestamp) -> Result<(), Error> {
    if let Some(AccountLogin { user, login }) = connection.identity.account_login() {
        // once more, now that whoever ends the log-in would find the connection
        let found = log_ins::get_strong(&app.store, user, login, now).await?;
        found.ok_or(Error::Unauthenticated(INVALID_CREDENTIAL))?;
    }
    if let ConnectionIdentity::Participant { participant, session, .. } = connection.identity {
        // as much for whoever sends them away
        let found = participants::get(&app.store, session, participant, now).await?;
        found.filter(|found| found.removed_at.is_none()).ok_or(Error::NotFound("session"))?;
    }
    app.realtime.close_older_presenters(connection, now).await?;
    app.realtime.enqueue_connection_state(connection, SessionStateReason::NewConnection, now).await?;
    if let ConnectionIdentity::Participant { session, .. } = connection.identity {
        // of the tick in which the rows lie there: an older one may have been counted while they were written
        app.realtime.enqueue_presence_count(session, app.clock.now()).await?;
    }
    Ok(())
}

const TICKET_REQUIRED: &str = "a ticket must come along: POST /v1/realtime/tickets";
const INVALID_CREDENTIAL: &str = "the ticket or token is not valid, or no longer";

/// Who comes, by ticket; or by token, where this deployment takes tokens in URLs, or in a header, where a client can set
/// one.
async fn find_bearer(
    app: &App,
    opening: &SocketHandshake,
    asked: Option<SessionId>,
    now: Timestamp,
) -> Result<(TicketHolder, Option<SessionId>), Error> {
    let given = |name| opening.query.get(name).map(String::as_str).filter(|value| !value.is_empty());
    // the original's query parameter, which a ticket may come in too
    let ticket = given("ticket").or_else(|| given("token"));
    if let Some(text) = ticket
        && let Some(ticket) = app.tokens.verify::<SocketTicket>(text, now)
    {
        if asked.is_some_and(|asked| ticket.session != Some(asked)) {
            return Err(Error::NotFound("session"));
        }
        let spent_until = now + TICKET_LIFETIME + SignedDuration::from_secs(60);
        if !tickets::spend(&app.store, ticket.id, spent_until, now).await? {
            return Err(Error::Unauthenticated(INVALID_CREDENTIAL));
        }
        return Ok((ticket.bearer, ticket.session));
    }
    let in_url = given("token").filter(|_| app.settings.allow_token_in_url);
    let in_header = opening.authorization.as_deref().and_then(|header| header.strip_prefix("Bearer "));
    let nothing = if ticket.is_some() { INVALID_CREDENTIAL } else { TICKET_REQUIRED };
    let token = in_header.or(in_url).ok_or(Error::Unauthenticated(nothing))?;
    if let Some(Token { participant, session }) = app.tokens.verify(token, now) {
        if asked.is_some_and(|asked| asked != session) {
            return Err(Error::NotFound("session"));
        }
        return Ok((TicketHolder::Participant { participant, by: None }, Some(session)));
    }
    let account = authenticate_account(app, token).await?;
    Ok((TicketHolder::Account(account.into()), asked))
}

async fn find_identity(
    app: &App,
    bearer: TicketHolder,
    session: Option<SessionId>,
    now: Timestamp,
) -> Result<(ConnectionIdentity, Option<String>), Error> {
    match (bearer, session) {
        (TicketHolder::Account(access), session) => account_identity(app, access, session, now).await,
        (TicketHolder::Participant { participant, by }, Some(session)) => {
            let running = running_session(app, session, now).await?;
            let who = SessionCaller::Guest { participant, session };
            match roles::role_of(&app.store, &running, who, now).await? {
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
    access: AccessToken,
    session: Option<SessionId>,
    now: Timestamp,
) -> Result<(ConnectionIdentity, Option<String>), Error> {
    let AccessToken { user, login } = access;
    let Some(session) = session else {
        return Ok((ConnectionIdentity::Account { user, login, presents: None }, None));
    };
    let running = running_session(app, session, now).await?;
    // someone else with an account and the session's id, as the original let in: part of the audience
    Ok(match roles::role_or_join(&app.store, &running, user, now).await? {
        RoleOrJoinOutcome::Role(SessionRole::Presenter) => {
            (ConnectionIdentity::Account { user, login, presents: Some(session) }, None)
        }
        RoleOrJoinOutcome::Role(SessionRole::Participant { id, display_name }) => {
            let by = Some(logged_in_as(access));
            (ConnectionIdentity::Participant { participant: id, session, by }, display_name)
        }
        RoleOrJoinOutcome::Removed => return Err(Error::NotFound("session")),
        RoleOrJoinOutcome::Full(most) => {
            return Err(Quota::ParticipantsPerSession.exceeded_error(most, most));
        }
    })
}

const fn logged_in_as(AccessToken { user, login }: AccessToken) -> AccountLogin {
    AccountLogin { user, login }
}

async fn running_session(app: &App, session: SessionId, now: Timestamp) -> Result<Session, Error> {
    let found = sessions::get(&app.store, session, ReadConsistency::Strong, now).await?;
    let session = found.ok_or(Error::NotFound("session"))?;
    if session.status == SessionStatus::Ended {
        return Err(Error::conflict(ErrorCode::SessionEnded, "the session has ended"));
    }
    Ok(session)
}
