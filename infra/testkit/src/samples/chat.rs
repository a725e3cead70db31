use jiff::Timestamp;
use model::{
    ChannelId, UserId,
    channel::{ChannelKind, ChannelName, MemberRole},
    message::MessageAuthor,
};
use store::chat::{
    channels::Channel,
    memberships::{ChannelMember, Membership},
};

/// Returns a public channel with one member, who created it.
pub fn channel(id: ChannelId, name: &str, created_by: UserId, at: Timestamp) -> Channel {
    Channel {
        id,
        channel_kind: ChannelKind::Public,
        name: Some(ChannelName::parse(name).expect("a valid name")),
        description: None,
        is_default: false,
        created_by: Some(created_by),
        member_count: 1,
        archived_at: None,
        created_at: at,
        updated_at: at,
        version: 1,
    }
}

/// Returns an author with the user name `user_{id}` and the name Ana.
pub fn author(id: UserId) -> MessageAuthor {
    MessageAuthor { id, username: format!("user_{id}"), name: "Ana".into() }
}

/// Returns both rows of a membership that has read nothing.
pub fn membership_rows(
    channel: ChannelId,
    author: &MessageAuthor,
    role: MemberRole,
    at: Timestamp,
) -> (ChannelMember, Membership) {
    let member = ChannelMember {
        channel,
        user: author.id,
        role,
        username: author.username.clone(),
        name: author.name.clone(),
        joined_at: at,
    };
    (member, Membership::new(channel, author.id, role, 0, at))
}
