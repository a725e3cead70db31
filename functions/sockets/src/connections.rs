//! What every connection can say, whatever it is about, and that it is gone.

use entry::{
    App,
    socket::{ConnectionCache, SocketHandler, SocketHandshake, SocketMessage},
};
use jiff::Timestamp;
use model::Error;
use protocol::{Event, command::ConnectionCommand, event::PongEvent};
use realtime::{
    connection_post::PostOutcome, presence::SessionStateReason, team_presence::is_team_connection,
};
use store::{ReadConsistency, realtime::connections, sessions};

use crate::heard::HeartbeatThrottle;

pub struct ConnectionSocket {
    pub app: App,
    pub connection_cache: ConnectionCache,
    pub heartbeat_throttle: HeartbeatThrottle,
}

impl SocketHandler for ConnectionSocket {
    type Command = ConnectionCommand;

    async fn connect(&self, opening: SocketHandshake) -> Result<(), Error> {
        crate::connect::open_connection(&self.app, &opening).await
    }

    async fn disconnect(&self, id: String) -> Result<(), Error> {
        self.connection_cache.remove(&id);
        let now = self.app.clock.now();
        match connections::get(&self.app.store, &id, now).await? {
            Some(connection) => self.app.realtime.handle_disconnect(&connection, now).await,
            None => Ok(()),
        }
    }

    async fn message(&self, message: SocketMessage<ConnectionCommand>) -> Result<(), Error> {
        match &message.command {
            ConnectionCommand::Ping(ping) => self.answer_ping(&message, ping.version).await,
            ConnectionCommand::Subscribe(_) => self.send_state(&message).await,
        }
    }
}

impl ConnectionSocket {
    /// `pong`; and to a client whose `version` is old, the state it missed.
    async fn answer_ping(
        &self,
        message: &SocketMessage<ConnectionCommand>,
        version: Option<u64>,
    ) -> Result<(), Error> {
        let now = self.app.clock.now();
        let pong = Event::Pong(PongEvent { timestamp: now, reference: message.reference.clone() });
        if self.app.realtime.send_event(&message.connection, pong, now).await? == PostOutcome::Gone {
            return Ok(());
        }
        self.record_heartbeat(message, now).await?;
        match version {
            Some(version) if !self.is_current(message, version).await? => self.send_state(message).await,
            _ => Ok(()),
        }
    }

    /// That somebody of the team is still there.
    async fn record_heartbeat(
        &self,
        message: &SocketMessage<ConnectionCommand>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let Some(by) = message.connection.identity.account_login() else { return Ok(()) };
        if !is_team_connection(&message.connection) || !self.heartbeat_throttle.is_due(by.user, now) {
            return Ok(());
        }
        let written = self.app.realtime.record_heartbeat(by.user, now).await;
        if written.is_err() {
            self.heartbeat_throttle.forget(by.user);
        }
        written
    }

    async fn is_current(
        &self,
        message: &SocketMessage<ConnectionCommand>,
        version: u64,
    ) -> Result<bool, Error> {
        let Some(session) = message.connection.identity.session() else { return Ok(true) };
        let now = self.app.clock.now();
        let session = sessions::get(&self.app.store, session, ReadConsistency::Eventual, now).await?;
        Ok(session.is_none_or(|session| session.version <= version))
    }

    /// The whole state of what it is in, also where the client's `since` is the present version: counts move without it.
    async fn send_state(&self, message: &SocketMessage<ConnectionCommand>) -> Result<(), Error> {
        self.app
            .realtime
            .enqueue_connection_state(
                &message.connection,
                SessionStateReason::Requested,
                self.app.clock.now(),
            )
            .await
    }
}
