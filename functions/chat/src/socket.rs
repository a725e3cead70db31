//! Messages of a team's socket.

use entry::{
    App,
    socket::{Message, Socket},
};
use model::Error;
use protocol::command::ChatCommand;

pub struct Chat {
    pub app: App,
}

impl Socket for Chat {
    type Command = ChatCommand;

    async fn message(&self, message: Message<ChatCommand>) -> Result<(), Error> {
        match message.command {
            ChatCommand::JoinChannel(_)
            | ChatCommand::LeaveChannel(_)
            | ChatCommand::Typing(_)
            | ChatCommand::OnlineUsers(_) => Err(Error::NotFound("channel")),
        }
    }
}
