//! What is said on the socket of a team's chat: `socket-chat`. Messages are posted by HTTP, where a client learns whether they
//! are stored.

use model::{ChannelId, Error, message::ChannelPosition};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

#[derive(Clone, Debug)]
pub enum ChatCommand {
    JoinChannel(JoinChannelCommand),
    LeaveChannel(LeaveChannelCommand),
    Typing(TypingIndicatorCommand),
    OnlineUsers(GetOnlineUsersCommand),
}

/// Be told of a channel, and of what was missed
///
/// A connection is told of all channels of its user from the start; this asks for what happened since. Answered by
/// `channel_changes` where something did, then by `channel_joined`; or by `resync_required` where it was too much.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinChannelCommand {
    pub channel_id: ChannelId,
    /// What the client has without gaps.
    pub since: Option<ChannelPosition>,
    /// Same as `since.seq`.
    pub last_seq: Option<u64>,
}

impl JoinChannelCommand {
    /// From where on to replay, in either spelling.
    pub fn since(&self) -> Option<ChannelPosition> {
        self.since.or_else(|| self.last_seq.map(|seq| ChannelPosition { seq, change: None }))
    }
}

/// Be told of a channel no longer
///
/// By this connection; membership stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LeaveChannelCommand {
    pub channel_id: ChannelId,
}

/// Somebody writes, or has stopped
///
/// Passed on at most once in two seconds per person and channel, and not in channels of more than a hundred connections. Whoever
/// shows it forgets it after six seconds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TypingIndicatorCommand {
    pub channel_id: ChannelId,
    #[serde(default = "yes")]
    pub is_typing: bool,
}

const fn yes() -> bool {
    true
}

/// Who of a channel is there
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
