//! Channels and their members, as they are answered and told.

use jiff::Timestamp;
use model::{
    UserId,
    channel::{ChannelKind, MemberRole},
    message::MessageAuthor,
};
use protocol::event::chat::ChannelView;
use serde::Serialize;
use store::chat::{
    channels::Channel,
    memberships::{ChannelMember, Membership, NotificationLevel},
};
use utoipa::ToSchema;

pub(crate) fn channel_view(channel: &Channel) -> ChannelView {
    ChannelView {
        id: channel.id,
        name: channel.name.as_ref().map(ToString::to_string),
        description: channel.description.clone(),
        kind: channel.channel_kind,
        is_private: channel.channel_kind != ChannelKind::Public,
        is_default: channel.is_default,
        member_count: channel.member_count,
        archived_at: channel.archived_at,
        created_at: channel.created_at,
        updated_at: channel.updated_at,
    }
}

/// A channel that one is in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MyChannel {
    #[serde(flatten)]
    pub(crate) channel: ChannelView,
    /// One's own.
    pub(crate) role: MemberRole,
    /// The number of the last message, 0 for none.
    pub(crate) seq: u64,
    /// Everything up to this number is read.
    pub(crate) read_seq: u64,
    /// Numbers that are not read: also of messages that were deleted since.
    pub(crate) unread_count: u64,
    pub(crate) notify: NotificationLevel,
    /// The other one, of a direct channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with: Option<UserId>,
    /// By the names that they have now; not of somebody who is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with_user: Option<MessageAuthor>,
}

impl MyChannel {
    pub(crate) fn new(channel: &Channel, place: &Membership, seq: u64) -> Self {
        Self {
            channel: channel_view(channel),
            role: place.role,
            seq,
            read_seq: place.read_seq,
            unread_count: seq.saturating_sub(place.read_seq),
            notify: place.notification_level,
            with: place.other_user,
            with_user: None,
        }
    }
}

/// Someone in a channel, as the others see them.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChannelMemberView {
    pub(crate) user_id: UserId,
    pub(crate) username: String,
    pub(crate) name: String,
    pub(crate) role: MemberRole,
    pub(crate) joined_at: Timestamp,
}

impl From<ChannelMember> for ChannelMemberView {
    fn from(member: ChannelMember) -> Self {
        let ChannelMember { user, role, username, name, joined_at, .. } = member;
        Self { user_id: user, username, name, role, joined_at }
    }
}
