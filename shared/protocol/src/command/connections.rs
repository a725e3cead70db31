//! What every connection can say, whatever it is about: `socket-connections`.

use model::Error;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

#[derive(Clone, Debug)]
pub enum ConnectionCommand {
    Ping(PingCommand),
    Subscribe(SubscribeCommand),
}

/// Ask for the state of the session
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SubscribeCommand {
    /// The `version` that the client has.
    pub since: Option<u64>,
}

/// Is anybody there?
///
/// Keeps the connection; with a `version` that is old it is answered by `session_state` too.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct PingCommand {
    /// The `version` that the client has.
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
