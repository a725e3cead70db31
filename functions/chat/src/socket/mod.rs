//! Messages of clients on the socket of the team. Each message has a file with its name.

mod get_online_users;
mod join_channel;
mod leave_channel;
mod typing_indicator;

use entry::{
    App,
    socket::{FrameRate, SocketHandler, SocketMessage},
};
use model::{Error, UserId};
use protocol::command::ChatCommand;
use store::realtime::connections::Connection;

pub use self::typing_indicator::TypingThrottle;
use crate::presence::is_team_connection;

pub struct ChatSocket {
    pub app: App,
    pub typing_throttle: TypingThrottle,
}

impl SocketHandler for ChatSocket {
    type Command = ChatCommand;

    /// Contract chat 1.5 has 20 frames in ten seconds. The burst is larger, because a client that reconnects to a
    /// hundred channels sends `join_channel` for each of them. `typing_indicator` has its own limit, see
    /// [`TypingThrottle`].
    const FRAME_RATE: FrameRate = FrameRate { burst: 100.0, per_second: 4.0 };

    async fn message(&self, message: SocketMessage<ChatCommand>) -> Result<(), Error> {
        let connection = &message.connection;
        let now = self.app.clock.now();
        match &message.command {
            ChatCommand::JoinChannel(command) => join_channel::run(&self.app, connection, command, now).await,
            ChatCommand::LeaveChannel(command) => {
                leave_channel::run(&self.app, connection, command, now).await
            }
            ChatCommand::Typing(command) => {
                typing_indicator::run(&self.app, &self.typing_throttle, connection, command, now).await
            }
            ChatCommand::OnlineUsers(command) => {
                get_online_users::run(&self.app, connection, command, now).await
            }
        }
    }
}

/// Returns the user of a team connection. The connection of a presenter or participant cannot access channels.
fn connected_teammate(connection: &Connection) -> Result<UserId, Error> {
    match connection.identity.account_login() {
        Some(login) if is_team_connection(connection) => Ok(login.user),
        _ => Err(Error::NotFound("channel")),
    }
}
