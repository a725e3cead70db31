//! Messages of a team's socket.

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

    /// Contract chat 1.5 has 20 frames in ten seconds; a client that comes back to a hundred channels asks for each at once, and whoever
    /// types is held back by itself (`typing_indicator`).
    const FRAME_RATE: FrameRate = FrameRate { burst: 100.0, per_second: 4.0 };

    async fn message(&self, message: SocketMessage<ChatCommand>) -> Result<(), Error> {
        let connection = &message.connection;
        let now = self.app.clock.now();
        match &message.command {
            ChatCommand::JoinChannel(join) => join_channel::run(&self.app, connection, join, now).await,
            ChatCommand::LeaveChannel(leave) => leave_channel::run(&self.app, connection, leave, now).await,
            ChatCommand::Typing(typing) => {
                typing_indicator::run(&self.app, &self.typing_throttle, connection, typing, now).await
            }
            ChatCommand::OnlineUsers(asked) => get_online_users::run(&self.app, connection, asked, now).await,
        }
    }
}

/// Whose socket it is. One of a session is not of the team, and knows of no channels.
fn connected_teammate(connection: &Connection) -> Result<UserId, Error> {
    match connection.identity.account_login() {
        Some(by) if is_team_connection(connection) => Ok(by.user),
        _ => Err(Error::NotFound("channel")),
    }
}
