//! Views of channels and members for responses and events.

use entry::http::EntityTag;
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

/// The kind of a channel in tags.
pub(crate) const CHANNEL: &str = "channel";

/// Returns the tag of a channel. It stands for the channel's own properties, but not for its members and messages.
pub(crate) const fn channel_tag(channel: &Channel) -> EntityTag {
    EntityTag::new(CHANNEL, channel.version)
}

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

/// Returns the name of a channel for a sentence, for example `#herons`. Direct channels have no name.
pub(crate) fn channel_label(channel: &Channel) -> String {
    channel.name.as_ref().map_or_else(|| "the channel".into(), |name| format!("#{name}"))
}
/// A channel of the caller.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct MyChannel {
    #[serde(flatten)]
    pub(crate) channel: ChannelView,
    /// The caller's role.
    pub(crate) role: MemberRole,
    /// The number of the last message. 0 if the channel has no messages.
    pub(crate) seq: u64,
    /// The number of the last message that the caller has read.
    pub(crate) read_seq: u64,
    /// Messages after `read_seq`. Deleted messages count too.
    pub(crate) unread_count: u64,
    /// What the caller is notified of in this channel.
    pub(crate) notify: NotificationLevel,
    /// The other member of a direct channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with: Option<UserId>,
    /// The current names of the other member of a direct channel. Absent if the account was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) with_user: Option<MessageAuthor>,
}

impl MyChannel {
    pub(crate) fn new(channel: &Channel, membership: &Membership, seq: u64) -> Self {
        Self {
            channel: channel_view(channel),
            role: membership.role,
            seq,
            read_seq: membership.read_seq,
            unread_count: seq.saturating_sub(membership.read_seq),
            notify: membership.notification_level,
            with: membership.other_user,
            with_user: None,
        }
    }
}

/// A member of a channel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct ChannelMemberView {
    pub(crate) user_id: UserId,
    /// The user name. Empty if the user gave it up.
    pub(crate) username: String,
    /// The display name.
    pub(crate) name: String,
    pub(crate) role: MemberRole,
    /// When the user joined the channel.
    pub(crate) joined_at: Timestamp,
}

impl From<ChannelMember> for ChannelMemberView {
    fn from(member: ChannelMember) -> Self {
        let ChannelMember { user, role, username, name, joined_at, .. } = member;
        Self { user_id: user, username, name, role, joined_at }
    }
}
