//! Presence: it follows from the rows of connections, and is announced by tick.

use std::time::Instant;

use jiff::Timestamp;
use model::{Error, ErrorCode, LoginId, Room, SessionId, UserId, tick::Tick};
use protocol::{
    Event,
    event::ParticipantLeft,
    job::{CountPresence, CountRecipients, OffboardConnection, OnboardConnection, SendSessionState},
};
use store::{
    ReadConsistency,
    identity::log_ins,
    realtime::connections::{self, AccountLogin, Connection, ConnectionIdentity},
    sessions,
};
use uuid::Uuid;

use crate::RealtimeHub;

/// What a connection is told of a log-in that it stood on.
const LOGGED_OUT_REASON: &str = "this log-in has ended";

/// Why a connection is told the state of what it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStateReason {
    /// It is new.
    NewConnection,
    /// It asks.
    Requested,
    /// It could not be told something because it was not open yet.
    RetryAfterOpening,
}

impl RealtimeHub {
    /// Has someone counted who is in a session, when this tick is over. However many come and go in a tick, the
    /// deduplication id makes it one job. `now` is when the rows have been written: a tick that is over may have been counted,
    /// and its job is not taken a second time.
    pub async fn enqueue_presence_count(&self, session: SessionId, now: Timestamp) -> Result<(), Error> {
        let tick = Tick::containing(now.as_millisecond());
        self.queues
            .send(&CountPresence { session, tick, recipients: CountRecipients::Presenter, tries: 0 }, now)
            .await
    }

    /// Has a connection told the state of what it is in, by the subject whose it is: of a session, or of the team.
    pub async fn enqueue_connection_state(
        &self,
        connection: &Connection,
        why: SessionStateReason,
        now: Timestamp,
    ) -> Result<(), Error> {
        let id = connection.id.clone();
        let opening = why == SessionStateReason::RetryAfterOpening;
        match connection.identity.session() {
            Some(_) => {
                let greet = SendSessionState {
                    connection: id,
                    arrived: why == SessionStateReason::NewConnection,
                    opening,
                };
                self.queues.send(&greet, now).await
            }
            None => self.queues.send(&OnboardConnection { connection: id, opening }, now).await,
        }
    }

    /// Forgets a connection; tells the presenter if whoever held it has no other, and has presence counted.
    pub async fn handle_disconnect(&self, connection: &Connection, now: Timestamp) -> Result<(), Error> {
        let began = Instant::now();
        connections::delete(&self.store, connection).await?;
        // of the tick in which the rows are gone: an older one may have been counted while they went
        let now = now + began.elapsed();
        if let ConnectionIdentity::Account { user, presents: None, .. } = connection.identity {
            return self
                .queues
                .send(&OffboardConnection { connection: connection.id.clone(), user }, now)
                .await;
        }
        let ConnectionIdentity::Participant { participant, session, .. } = connection.identity else {
            return Ok(());
        };
        self.enqueue_presence_count(session, now).await?;
        let room = Room::Session(session);
        if connections::list_by_holder(&self.store, room, participant.uuid(), now).await?.is_empty() {
            let participant_count = self.last_participant_count(session, now).await?;
            let left =
                Event::ParticipantLeft(ParticipantLeft { participant_id: participant, participant_count });
            // in a box: the presenter's own connection may turn out to be gone, and leave by this very function
            Box::pin(self.publish(Room::Presenter(session), left, now)).await?;
        }
        Ok(())
    }

    /// A session has one presenter's connection: whichever began to present last; the others are told, and closed. (In the
    /// original a dead socket kept the true presenter out.) Who began last follows from the rows, so that two who come at
    /// once agree.
    pub async fn close_older_presenters(&self, newcomer: &Connection, now: Timestamp) -> Result<(), Error> {
        let ConnectionIdentity::Account { presents: Some(session), .. } = newcomer.identity else {
            return Ok(());
        };
        let mut presenters = connections::list_in_room(&self.store, Room::Presenter(session), now).await?;
        // not the connection's own age: a tab opened long ago may say only now that it presents
        let since = |one: &Connection| one.presents_since.unwrap_or(one.connected_at);
        presenters.sort_by(|a, b| (since(a), &a.id).cmp(&(since(b), &b.id)));
        presenters.pop();
        self.close_all(presenters, ErrorCode::Superseded, "a newer connection presents", now).await
    }

    /// Closes every connection of one holder in a room.
    pub async fn close_holder(
        &self,
        room: Room,
        holder: Uuid,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let theirs = connections::list_by_holder(&self.store, room, holder, now).await?;
        self.close_all(theirs, code, message, now).await
    }

    /// All of them, though one cannot be closed; the first failure.
    async fn close_all(
        &self,
        connections: impl IntoIterator<Item = Connection>,
        code: ErrorCode,
        message: &str,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        for connection in connections {
            let closed = self.close_with_reason(&connection, code, message, now).await;
            outcome = outcome.and(closed);
        }
        outcome
    }

    /// How many participants were connected when last counted.
    pub async fn last_participant_count(&self, session: SessionId, now: Timestamp) -> Result<u64, Error> {
        let presence = sessions::get_presence(&self.store, session, ReadConsistency::Eventual, now).await?;
        Ok(presence.map_or(0, |presence| presence.participants))
    }

    /// Closes a connection whose log-in has ended, and says whether it had: what could not be said while it was opening. 1 read unit.
    pub async fn close_if_logged_out(&self, connection: &Connection, now: Timestamp) -> Result<bool, Error> {
        let Some(AccountLogin { user, login }) = connection.identity.account_login() else {
            return Ok(false);
        };
        if log_ins::get_strong(&self.store, user, login, now).await?.is_some() {
            return Ok(false);
        }
        self.close_with_reason(connection, ErrorCode::Unauthorized, LOGGED_OUT_REASON, now).await?;
        Ok(true)
    }

    /// Closes the sockets of an account: of one log-in, or of all but the one to keep.
    pub async fn close_logins(
        &self,
        user: UserId,
        ends: impl Fn(LoginId) -> bool,
        now: Timestamp,
    ) -> Result<(), Error> {
        let theirs = connections::list_in_room(&self.store, Room::User(user), now).await?;
        let ended = theirs
            .into_iter()
            .filter(|connection| connection.identity.account_login().is_some_and(|by| ends(by.login)));
        self.close_all(ended, ErrorCode::Unauthorized, LOGGED_OUT_REASON, now).await
    }
}
