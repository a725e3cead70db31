//! What every connection can say, whatever it is about, and that it is gone.

use entry::{
    App,
    socket::{Known, Message, Opening, Socket},
};
use jiff::Timestamp;
use model::Error;
use protocol::{Event, command::ConnectionCommand, event::Pong};
use rooms::{post::Delivery, presence::Greeting, team::is_of_team};
use store::{Freshness, connections, sessions};

use crate::heard::Heard;

pub struct Connections {
    pub app: App,
    pub known: Known,
    pub heard: Heard,
}

impl Socket for Connections {
    type Command = ConnectionCommand;

    async fn connect(&self, opening: Opening) -> Result<(), Error> {
        crate::connect::connect(&self.app, &opening).await
    }

    async fn disconnect(&self, id: String) -> Result<(), Error> {
        self.known.forget(&id);
        let now = self.app.clock.now();
        match connections::get(&self.app.store, &id, now).await? {
            Some(connection) => self.app.rooms.leave(&connection, now).await,
            None => Ok(()),
        }
    }

    async fn message(&self, message: Message<ConnectionCommand>) -> Result<(), Error> {
        match &message.command {
            ConnectionCommand::Ping(ping) => self.ping(&message, ping.version).await,
            ConnectionCommand::Subscribe(_) => self.greet(&message).await,
        }
    }
}

impl Connections {
    /// `pong`; and to a client whose `version` is old, the state it missed.
    async fn ping(&self, message: &Message<ConnectionCommand>, version: Option<u64>) -> Result<(), Error> {
        let now = self.app.clock.now();
        let pong = Event::Pong(Pong { timestamp: now, reference: message.reference.clone() });
        if self.app.rooms.tell(&message.connection, pong, now).await? == Delivery::Gone {
            return Ok(());
        }
        self.still_there(message, now).await?;
        match version {
            Some(version) if !self.is_current(message, version).await? => self.greet(message).await,
            _ => Ok(()),
        }
    }

    /// That somebody of the team is still there.
    async fn still_there(&self, message: &Message<ConnectionCommand>, now: Timestamp) -> Result<(), Error> {
        let Some(by) = message.connection.identity.logged_in() else { return Ok(()) };
        if !is_of_team(&message.connection) || !self.heard.is_news(by.user, now) {
            return Ok(());
        }
        let written = self.app.rooms.heard(by.user, now).await;
        if written.is_err() {
            self.heard.forget(by.user);
        }
        written
    }

    async fn is_current(&self, message: &Message<ConnectionCommand>, version: u64) -> Result<bool, Error> {
        let Some(session) = message.connection.identity.session() else { return Ok(true) };
        let now = self.app.clock.now();
        let session = sessions::get(&self.app.store, session, Freshness::Eventual, now).await?;
        Ok(session.is_none_or(|session| session.version <= version))
    }

    /// The whole state of what it is in, also where the client's `since` is the present version: counts move without it.
    async fn greet(&self, message: &Message<ConnectionCommand>) -> Result<(), Error> {
        self.app.rooms.greet(&message.connection, Greeting::Asked, self.app.clock.now()).await
    }
}
