//! Jobs of connections.
//!
//! A connection belongs to an area, which [`Queue::of_connection`] decides by its identity. Opening and closing a connection
//! sends one job to the queue of that area. `socket-connections` and `worker-broadcast` send these jobs, and `socket-sessions` for a connection that joins again. Every other function
//! reports a connection that it cannot reach to `worker-broadcast`, so that no function sends to the queue of another area.

use std::time::Duration;

use model::{ConnectionIdentity, Room, UserId};
use serde::{Deserialize, Serialize};

use super::{Job, Queue};

/// Queues of the areas that own connections.
const OWNERS: &[Queue] = &[Queue::Sessions, Queue::Chat];

/// The reason of a [`ConnectionOpened`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OpenedReason {
    /// The connection is new.
    New,
    /// The client asked for the state again.
    Requested,
    /// A post failed because the connection was not open yet.
    RetryAfterOpening,
}

/// Send a connection the state of what it belongs to. Nothing can be posted inside `$connect`, so this job follows it.
///
/// The job may run twice, and after [`ConnectionClosed`]. The row of the connection is gone then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionOpened {
    pub connection: String,
    /// The identity when the job was sent. The row of the connection has the current one.
    pub identity: ConnectionIdentity,
    pub reason: OpenedReason,
}

impl Job for ConnectionOpened {
    const NAME: &'static str = "connection_opened.v1";
    const QUEUE: Queue = Queue::Sessions;
    const QUEUES: &'static [Queue] = OWNERS;

    fn queue(&self) -> Queue {
        Queue::of_connection(&self.identity)
    }

    fn delay(&self) -> Duration {
        match self.reason {
            OpenedReason::New | OpenedReason::Requested => Duration::ZERO,
            OpenedReason::RetryAfterOpening => Duration::from_secs(1),
        }
    }
}

/// Do what follows from the end of a connection. Its rows in the rooms of its identity are deleted already.
///
/// The job may run twice. If it never runs, rows expire and presence is derived again from the rows that are left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionClosed {
    pub connection: String,
    pub identity: ConnectionIdentity,
    /// Other connections of the same holder that ended together with this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
}

impl Job for ConnectionClosed {
    const NAME: &'static str = "connection_closed.v1";
    const QUEUE: Queue = Queue::Sessions;
    const QUEUES: &'static [Queue] = OWNERS;

    fn queue(&self) -> Queue {
        Queue::of_connection(&self.identity)
    }
}

/// Publish that an account is online. A `ping` on the account's own connection found that this is not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionHeartbeat {
    pub user: UserId,
}

impl Job for ConnectionHeartbeat {
    const NAME: &'static str = "connection_heartbeat.v1";
    // Presence in a session follows from rows alone, so only accounts' own connections have heartbeats.
    const QUEUE: Queue = Queue::Chat;
}

/// Find out what became of a connection to which a post answered 410 (Gone), and pass it on to the area that owns it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionUnreachable {
    pub connection: String,
    /// The post came so soon after `$connect` that the connection may still open.
    pub is_opening: bool,
}

impl Job for ConnectionUnreachable {
    const NAME: &'static str = "connection_unreachable.v1";
    const QUEUE: Queue = Queue::Broadcast;
}

/// Pass the end of connections of one holder on to the area that owns them. Their rows are deleted already. 1,000 ids need 20 KB of
/// the 256 KB of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionsEnded {
    pub connections: Vec<String>,
    pub identity: ConnectionIdentity,
}

impl Job for ConnectionsEnded {
    const NAME: &'static str = "connections_ended.v1";
    const QUEUE: Queue = Queue::Broadcast;
}

/// Post a frame to one shard of a large room, or to the whole room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BroadcastFrame {
    pub room: Room,
    pub shard: Option<u8>,
    /// The frame as it is sent.
    pub frame: String,
    /// Close the connections after the frame.
    #[serde(default)]
    pub close: bool,
}

impl Job for BroadcastFrame {
    const NAME: &'static str = "broadcast_frame.v1";
    const QUEUE: Queue = Queue::Broadcast;

    /// The frame that closes connections waits for counts that are still running.
    fn delay(&self) -> Duration {
        if self.close { Duration::from_secs(10) } else { Duration::ZERO }
    }
}
