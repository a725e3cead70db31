//! What is said on the socket of a team's chat: `socket-chat`. Messages are posted by HTTP, where a client learns whether they
//! are stored.

use model::{ChannelId, Error, message::Since};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Command, fields};
use crate::Incoming;

#[derive(Clone, Debug)]
pub enum ChatCommand {
    JoinChannel(JoinChannel),
    LeaveChannel(LeaveChannel),
    Typing(TypingIndicator),
    OnlineUsers(GetOnlineUsers),
}

/// Be told of a channel, and of what was missed
///
/// A connection is told of all channels of its user from the start; this asks for what happened since. Answered by
/// `channel_changes` where something did, then by `channel_joined`; or by `resync_required` where it was too much.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinChannel {
    pub channel_id: ChannelId,
    /// What the client has without gaps.
    pub since: Option<Since>,
    /// Same as `since.seq`.
    pub last_seq: Option<u64>,
}

impl JoinChannel {
    /// From where on to replay, in either spelling.
    pub fn since(&self) -> Option<Since> {
        self.since.or_else(|| self.last_seq.map(|seq| Since { seq, change: None }))
    }
}

/// Be told of a channel no longer
///
/// By this connection; membership stays.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct LeaveChannel {
    pub channel_id: ChannelId,
}

/// Somebody writes, or has stopped
///
/// Passed on at most once in two seconds per person and channel, and not in channels of more than a hundred connections. Whoever
/// shows it forgets it after six seconds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TypingIndicator {
    pub channel_id: ChannelId,
    #[serde(default = "yes")]
    pub is_typing: bool,
}

const fn yes() -> bool {
    true
}

/// Who of a channel is there
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct GetOnlineUsers {
    pub channel_id: ChannelId,
}

impl Command for ChatCommand {
    const TYPES: &'static [&'static str] =
        &["get_online_users", "join_channel", "leave_channel", "typing_indicator"];

    fn read(message: &Incoming) -> Option<Result<Self, Error>> {
        let payload = &message.payload;
        Some(match message.kind.as_str() {
            "join_channel" => fields(payload).map(Self::JoinChannel),
            "leave_channel" => fields(payload).map(Self::LeaveChannel),
            "typing_indicator" => fields(payload).map(Self::Typing),
            "get_online_users" => fields(payload).map(Self::OnlineUsers),
            _ => return None,
        })
    }
}
