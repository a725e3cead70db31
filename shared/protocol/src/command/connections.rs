//! Commands of every connection, which the function `socket-connections` handles.

use model::Error;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

/// A command that every connection accepts.
#[derive(Clone, Debug)]
pub enum ConnectionCommand {
    Ping(PingCommand),
    Subscribe(SubscribeCommand),
}

/// Request the state of the session
///
/// The answer is `session_state`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SubscribeCommand {
    /// The `version` that the client has.
    pub since: Option<u64>,
}

/// Keep the connection alive
///
/// The answer is `pong`. If `version` is older than the session, `session_state` follows.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PingCommand {
    /// The `version` of the session that the client has.
    pub version: Option<u64>,
}

impl SocketCommand for ConnectionCommand {
    const TYPES: &'static [&'static str] = &["ping", "subscribe"];

    fn parse(message: &IncomingFrame) -> Option<Result<Self, Error>> {
        let payload = &message.payload;
        Some(match message.message_type.as_str() {
            "ping" => fields(payload).map(Self::Ping),
            "subscribe" => fields(payload).map(Self::Subscribe),
            _ => return None,
        })
    }
}
