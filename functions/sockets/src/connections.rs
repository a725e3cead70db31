//! Messages of every connection, and its end.

use std::sync::Mutex;

use entry::{
    App,
    socket::{ConnectionCache, SocketHandler, SocketHandshake, SocketMessage, record_identity},
};
use model::{ConnectionIdentity, Error, ErrorCode, refused_joins::RefusedJoins};
use protocol::{Event, command::ConnectionCommand, event::PongEvent, job::OpenedReason};
use realtime::connection_post::PostOutcome;
use store::{
    ReadConsistency,
    realtime::connections,
    sessions::{self, participants},
};

use crate::{
    heartbeat::{HeartbeatThrottle, record_heartbeat},
    lifecycle,
};

pub struct ConnectionSocket {
    pub app: App,
    pub connection_cache: ConnectionCache,
    pub heartbeat_throttle: HeartbeatThrottle,
    pub refused_joins: Mutex<RefusedJoins>,
}

impl SocketHandler for ConnectionSocket {
    type Command = ConnectionCommand;

    async fn connect(&self, handshake: SocketHandshake) -> Result<(), Error> {
        crate::connect::open_connection(&self.app, &self.refused_joins, &handshake).await
    }

    async fn disconnect(&self, id: String) -> Result<(), Error> {
        self.connection_cache.remove(&id);
        let now = self.app.clock.now();
        let Some(connection) = connections::get(&self.app.store, &id, now).await? else { return Ok(()) };
        record_identity(&connection.identity);
        lifecycle::close(&self.app, &connection, now).await
    }

    async fn message(&self, message: SocketMessage<ConnectionCommand>) -> Result<(), Error> {
        self.require_not_removed(&message).await?;
        match &message.command {
            ConnectionCommand::Ping(ping) => self.answer_ping(&message, ping.version).await,
            ConnectionCommand::Subscribe(_) => self.send_state(&message).await,
        }
    }
}

impl ConnectionSocket {
    /// Refuses a participant that the presenter has removed. The function that removed them closes the connection, and may not be
    /// done yet. 0.5 read units.
    async fn require_not_removed(&self, message: &SocketMessage<ConnectionCommand>) -> Result<(), Error> {
        let ConnectionIdentity::Participant { participant, session, .. } = message.connection.identity else {
            return Ok(());
        };
        if participants::is_removed(&self.app.store, session, participant, self.app.clock.now()).await? {
            return Err(Error::Forbidden(
                ErrorCode::Removed,
                "the presenter has removed you from this session".into(),
            ));
        }
        Ok(())
    }

    /// Posts `pong`. A client whose `version` is old also receives the state that it missed.
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
        record_heartbeat(&self.app, &self.heartbeat_throttle, &message.connection.identity, now).await?;
        match version {
            Some(version) if !self.is_current(message, version).await? => self.send_state(message).await,
            _ => Ok(()),
        }
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

    /// Sends the whole state of what the connection belongs to, even if `since` is the current version. Counts change without
    /// the version.
    async fn send_state(&self, message: &SocketMessage<ConnectionCommand>) -> Result<(), Error> {
        let now = self.app.clock.now();
        lifecycle::send_opened(&self.app, &message.connection, OpenedReason::Requested, now).await
    }
}
