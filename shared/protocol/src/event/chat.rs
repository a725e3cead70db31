//! Events of channels, messages and presence of a team.

use jiff::Timestamp;
use model::{
    ChannelId, MessageId, UserId,
    channel::MemberRole,
    message::{MessageAuthor, MessageFormatting, ReplyPreview},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The current state of a message. The highest `version` is the latest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageView {
    pub id: MessageId,
    pub channel_id: ChannelId,
    /// The number of the message in its channel, from 1, without gaps. A client that has 4 and receives 6 has missed 5.
    pub seq: u64,
    /// The id that the sending client chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_msg_id: Option<String>,
    pub user_id: UserId,
    pub user: MessageAuthor,
    /// The text. It is empty if the message is deleted.
    pub content: String,
    pub formatting: MessageFormatting,
    /// The message that this one replies to.
    pub reply_to_id: Option<MessageId>,
    /// The preview of that message, with its text at the time of the response or event.
    pub reply_preview: Option<ReplyPreview>,
    /// The user names of mentioned members, in their own spelling.
    pub mentions: Vec<String>,
    pub mention_count: usize,
    /// The reactions by emoji, in the order in which the emoji were added first.
    pub reactions: Vec<ReactionView>,
    pub is_edited: bool,
    pub is_pinned: bool,
    /// The version of the message. Every change increases it by one.
    pub version: u64,
    /// The number of the message's last change in its channel, from 1, without gaps. It is 0 if the message never
    /// changed.
    pub change: u64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub deleted_at: Option<Timestamp>,
}

/// The reactions to a message with one emoji.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReactionView {
    pub emoji: String,
    pub count: usize,
    /// Whether the caller is one of `users`. It exists only in HTTP responses, because an event is the same for all
    /// receivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub me: Option<bool>,
    pub users: Vec<UserId>,
}

/// The user of a connection and the channels that it is subscribed to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ConnectionEstablished {
    pub user_id: UserId,
    pub username: String,
    /// The channels that this connection is subscribed to, with their last message numbers.
    pub channels: Vec<ChannelLogHead>,
}

/// The last message number of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChannelLogHead {
    pub channel_id: ChannelId,
    /// The number of the channel's last message, 0 for none.
    pub seq: u64,
}

/// The position of a channel after a replay.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChannelJoined {
    pub channel_id: ChannelId,
    /// The number of the channel's last message, 0 for none.
    pub seq: u64,
    /// The number of the last change in the channel, 0 for none.
    pub change: u64,
    /// The number of messages in the preceding `channel_changes`. A client that received fewer must send `join_channel`
    /// again.
    pub replayed: usize,
}

/// The channel that the connection is no longer subscribed to.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ChannelLeft {
    pub channel_id: ChannelId,
}

/// The current state of messages that are new or have changed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReplayedMessages {
    pub channel_id: ChannelId,
    pub messages: Vec<MessageView>,
}

/// The position of a channel with too many changes to replay. The client reads the history again and starts from the
/// numbers of its first response.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ResyncRequired {
    /// The channel that the client must read again.
    pub channel_id: ChannelId,
    /// The number of the channel's last message.
    pub seq: u64,
    /// The number of the last change in the channel.
    pub change: u64,
}

/// The deletion of a message.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MessageDeleted {
    pub message_id: MessageId,
    pub channel_id: ChannelId,
    pub seq: u64,
    pub version: u64,
    pub change: u64,
    /// The user name of the member or moderator who deleted the message.
    pub deleted_by: String,
    pub deleted_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The last action of a reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReactionAction {
    Add,
    Remove,
}

/// All current reactions to a message, and the last action.
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

/// A typing signal of a user in a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TypingIndicatorEvent {
    pub user_id: UserId,
    pub username: String,
    pub channel_id: ChannelId,
    pub is_typing: bool,
}

/// Whether a user has a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PresenceStatus {
    Online,
    Offline,
}

/// The presence of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserStatusChanged {
    pub user_id: UserId,
    pub status: PresenceStatus,
    /// When the status was determined. The newest status is the current one.
    pub as_of: Timestamp,
}

/// The presence of the team, or a part of it that changed.
///
/// A client keeps the `version` and the status of each user. Of two statuses of a user, the one with the later `as_of` is the
/// current one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TeamPresenceChanged {
    /// The version of the presence. It only grows.
    pub version: u64,
    /// The version since which `users` are all changes. `null` stands for the whole presence, in which every user who is not listed
    /// is offline.
    pub since_version: Option<u64>,
    pub users: Vec<UserStatusChanged>,
}

/// The online members of a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OnlineUsersList {
    pub channel_id: ChannelId,
    pub users: Vec<UserId>,
    pub as_of: Timestamp,
}

/// A user who joined or left a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MembershipChanged {
    pub user_id: UserId,
    pub username: String,
    pub channel_id: ChannelId,
}

/// A member's new role in a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MemberRoleChanged {
    pub user_id: UserId,
    pub channel_id: ChannelId,
    pub role: MemberRole,
}

/// A mention of the receiving user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MentionNotification {
    pub message_id: MessageId,
    pub channel_id: ChannelId,
    pub content: String,
    pub from_user_id: UserId,
    pub from_username: String,
    /// Whether the mention was added by an edit.
    pub is_edit: bool,
    /// Whether the user has quiet hours. The client shows the mention without a sound.
    pub is_silent: bool,
}

/// The current state of a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ChannelView {
    pub id: ChannelId,
    /// The name, `null` for a direct channel.
    pub name: Option<String>,
    pub description: Option<String>,
    pub kind: model::channel::ChannelKind,
    pub is_private: bool,
    /// Whether every member of the team joins the channel automatically.
    pub is_default: bool,
    pub member_count: u64,
    pub archived_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The channel that was deleted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ChannelDeleted {
    pub channel_id: ChannelId,
}

/// The user's read position in a channel, on all of their devices.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ReadMarked {
    pub channel_id: ChannelId,
    /// The number up to which the user has read. The highest number is the current one.
    pub read_seq: u64,
}

/// The user's own view of a direct channel, on all of their devices. The highest `version` is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DirectChannelUpdated {
    pub channel_id: ChannelId,
    /// The channel is hidden while its last message has at most this number. `null` if it is not hidden.
    pub hidden_through: Option<u64>,
    pub version: u64,
}

/// Whether the user blocks another one, on all of their devices. The highest `version` for a `user_id` is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct BlockUpdated {
    pub user_id: UserId,
    /// The direct channel of the two. It is not in the list of channels while the user is blocked.
    pub channel_id: ChannelId,
    pub is_blocked: bool,
    pub version: u64,
}

/// The user's draft in a channel, on all of their devices. The newest `updated_at` is the current one.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct DraftUpdated {
    pub channel_id: ChannelId,
    /// The text. It is empty if the draft was deleted.
    pub content: String,
    pub reply_to_id: Option<MessageId>,
    pub updated_at: Timestamp,
}

/// The reason why the server ends the connection. The log-in has ended too.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ForceDisconnect {
    pub reason: String,
}
