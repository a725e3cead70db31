//! What every connection can say, whatever it is about, and that it is gone.

use entry::{
    App,
    socket::{Known, Message, Opening, Socket},
};
use model::Error;
use protocol::{Command, Event, event::Pong, job::Greet};
use rooms::post::Delivery;
use store::{Freshness, connections, sessions};

pub struct Connections {
    pub app: App,
    pub known: Known,
}

impl Socket for Connections {
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

    async fn message(&self, message: Message) -> Result<(), Error> {
        match &message.command {
            Command::Ping(ping) => self.ping(&message, ping.version).await,
            Command::Subscribe(_) => self.subscribe(&message).await,
            _ => Err(Error::UnknownType),
        }
    }
}

impl Connections {
    /// `pong`; and to a client whose `version` is old, the state it missed.
    async fn ping(&self, message: &Message, version: Option<u64>) -> Result<(), Error> {
        let now = self.app.clock.now();
        let pong = Event::Pong(Pong { timestamp: now, reference: message.reference.clone() });
        if self.app.rooms.tell(&message.connection, pong, now).await? == Delivery::Gone {
            return Ok(());
        }
        match version {
            Some(version) if !self.is_current(message, version).await? => self.greet(message).await,
            _ => Ok(()),
        }
    }

    /// The room's whole state. Also where the client's `since` is the present version: counts move without it.
    async fn subscribe(&self, message: &Message) -> Result<(), Error> {
        if message.connection.identity.session().is_none() {
            return Err(Error::forbidden("this connection is in no session"));
        }
        self.greet(message).await
    }

    async fn is_current(&self, message: &Message, version: u64) -> Result<bool, Error> {
        let Some(session) = message.connection.identity.session() else { return Ok(true) };
        let now = self.app.clock.now();
        let session = sessions::get(&self.app.store, session, Freshness::Eventual, now).await?;
        Ok(session.is_none_or(|session| session.version <= version))
    }

    async fn greet(&self, message: &Message) -> Result<(), Error> {
        let greet = Greet { connection: message.connection.id.clone(), arrived: false, opening: false };
        self.app.queues.send(&greet, self.app.clock.now()).await
    }
}
