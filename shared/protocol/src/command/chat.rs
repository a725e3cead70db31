//! Commands of the team chat, which the function `socket-chat` handles. Messages are sent over HTTP, where a client
//! learns whether they are stored.

use model::{ChannelId, Error, message::ChannelPosition};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

/// A command of the team chat.
#[derive(Clone, Debug)]
pub enum ChatCommand {
    JoinChannel(JoinChannelCommand),
    LeaveChannel(LeaveChannelCommand),
    Typing(TypingIndicatorCommand),
    OnlineUsers(GetOnlineUsersCommand),
}

/// Subscribe to a channel and replay what the client missed
///
/// A connection is subscribed to all channels of its user from the start. This message requests everything after
/// `since`. The answer is `channel_changes`, once or more if something happened, and then `channel_joined`. If more
/// than 200 messages or 200 changes are missing, the answer is `resync_required` instead.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinChannelCommand {
    pub channel_id: ChannelId,
    /// The last numbers up to which the client has applied everything.
    pub since: Option<ChannelPosition>,
    /// The same as `since.seq`, for clients that do not track changes.
    pub last_seq: Option<u64>,
}

impl JoinChannelCommand {
    /// Returns the position from which to replay, in either form.
    pub fn since(&self) -> Option<ChannelPosition> {
        self.since.or_else(|| self.last_seq.map(|seq| ChannelPosition { seq, change: None }))
    }
}

/// Unsubscribe this connection from a channel
///
/// The user stays a member. The answer is `channel_left`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LeaveChannelCommand {
    pub channel_id: ChannelId,
}

/// Signal that the user is typing or has stopped
///
/// The signal is passed on at most once in two seconds per user and channel, and not in channels with more than 100
/// connections. A receiving client stops showing it after 6 seconds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TypingIndicatorCommand {
    pub channel_id: ChannelId,
    /// `false` if the user has stopped.
    #[serde(default = "default_true")]
    pub is_typing: bool,
}

const fn default_true() -> bool {
    true
}

/// List the online members of a channel
///
/// The answer is `online_users`. The user must be a member.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct GetOnlineUsersCommand {
    pub channel_id: ChannelId,
}

impl SocketCommand for ChatCommand {
    const TYPES: &'static [&'static str] =
        &["get_online_users", "join_channel", "leave_channel", "typing_indicator"];

    fn parse(message: &IncomingFrame) -> Option<Result<Self, Error>> {
        let payload = &message.payload;
        Some(match message.message_type.as_str() {
            "join_channel" => fields(payload).map(Self::JoinChannel),
            "leave_channel" => fields(payload).map(Self::LeaveChannel),
            "typing_indicator" => fields(payload).map(Self::Typing),
            "get_online_users" => fields(payload).map(Self::OnlineUsers),
            _ => return None,
        })
    }
}
