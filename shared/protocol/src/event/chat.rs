//! Channels, messages and presence of a team.

use jiff::Timestamp;
use model::{
    ChannelId, MessageId, UserId,
    channel::MemberRole,
    message::{MessageAuthor, MessageFormatting, ReplyPreview},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A message as it is now; the highest `version` is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    pub id: MessageId,
    pub channel_id: ChannelId,
    /// Its number in the channel: from 1, without gaps. Whoever has 4 and gets 6 has missed 5.
    pub seq: u64,
    /// As the client called it that sent it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    pub user_id: UserId,
    pub user: MessageAuthor,
    /// Empty once it is deleted.
    pub content: String,
    pub formatting: MessageFormatting,
    /// The message that this one answers.
    pub reply_to_id: Option<MessageId>,
    pub reply_preview: Option<ReplyPreview>,
    /// User names of members who are mentioned, as they are spelled.
    pub mentions: Vec<String>,
    pub mention_count: usize,
    /// By emoji, in the order in which they came.
    pub reactions: Vec<ReactionView>,
    pub is_edited: bool,
    pub is_pinned: bool,
    /// Grows with every change of the message.
    pub version: u64,
    /// The number of its last change in the channel: from 1, without gaps; 0 for one that never changed.
    pub change: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// Who reacted in one way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReactionView {
    pub emoji: String,
    pub count: usize,
    /// Is the reader one of them? Only in answers to requests: an event says the same to everyone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<bool>,
    pub users: Vec<UserId>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionEstablished {
    pub user_id: UserId,
    pub username: String,
    /// Of the channels that this connection is told of from now on, how far they are.
    pub channels: Vec<ChannelLogHead>,
}

/// How far a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelLogHead {
    pub channel_id: ChannelId,
    /// The number of its last message, 0 for none.
    pub seq: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChannelJoined {
    pub channel_id: ChannelId,
    /// The number of its last message, 0 for none.
    pub seq: u64,
    /// The number of the last change of a message in it, 0 for none.
    pub change: u64,
    /// How many messages the `channel_changes` before it told: whoever has fewer asks again.
    pub replayed: usize,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ChannelLeft {
    pub channel_id: ChannelId,
}

/// Messages as they are now: new ones, and those that changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplayedMessages {
    pub channel_id: ChannelId,
    pub messages: Vec<MessageView>,
}

/// Too much happened to tell it one by one: read the channel's messages anew.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ResyncRequired {
    pub channel_id: ChannelId,
    pub seq: u64,
    pub change: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageDeleted {
    pub message_id: MessageId,
    pub channel_id: ChannelId,
    pub seq: u64,
    pub version: u64,
    pub change: u64,
    /// The user name of whoever deleted it.
    pub deleted_by: String,
    pub deleted_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReactionAction {
    Add,
    Remove,
}

/// All reactions to a message as they are now, and what was done last.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageReaction {
    pub message_id: MessageId,
    pub channel_id: ChannelId,
    pub seq: u64,
    pub version: u64,
    pub change: u64,
    pub emoji: String,
    pub user_id: UserId,
    pub username: String,
    pub action: ReactionAction,
    pub reactions: Vec<ReactionView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TypingIndicatorEvent {
    pub user_id: UserId,
    pub username: String,
    pub channel_id: ChannelId,
    pub is_typing: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceStatus {
    Online,
    Offline,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UserStatusChanged {
    pub user_id: UserId,
    pub status: PresenceStatus,
    /// The newest is the truth.
    pub as_of: Timestamp,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OnlineUsersList {
    pub channel_id: ChannelId,
    pub users: Vec<UserId>,
    pub as_of: Timestamp,
}

/// Someone became a member of a channel, or is one no longer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MembershipChanged {
    pub user_id: UserId,
    pub username: String,
    pub channel_id: ChannelId,
}

/// Someone's role in a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberRoleChanged {
    pub user_id: UserId,
    pub channel_id: ChannelId,
    pub role: MemberRole,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MentionNotification {
    pub message_id: MessageId,
    pub channel_id: ChannelId,
    pub content: String,
    pub from_user_id: UserId,
    pub from_username: String,
    /// It was edited into a message.
    pub is_edit: bool,
    /// Quiet hours: show it, and make no sound.
    pub is_silent: bool,
}

/// A channel as everyone who may know of it sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelView {
    pub id: ChannelId,
    /// `null` where it is direct.
    pub name: Option<String>,
    pub description: Option<String>,
    pub kind: model::channel::ChannelKind,
    pub is_private: bool,
    /// Everyone of the team is in it from the start.
    pub is_default: bool,
    pub member_count: u64,
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ChannelDeleted {
    pub channel_id: ChannelId,
}

/// How far someone has read a channel, on all their devices.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ReadMarked {
    pub channel_id: ChannelId,
    /// Everything up to this number; the highest is the truth.
    pub read_seq: u64,
}

/// What someone has begun to write, on all their devices; the newest `updated_at` is the truth.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DraftUpdated {
    pub channel_id: ChannelId,
    /// Empty where there is none any more.
    pub content: String,
    pub reply_to_id: Option<MessageId>,
    pub updated_at: Timestamp,
}

/// The log-in ends here, whatever the client does next.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ForceDisconnect {
    pub reason: String,
}
