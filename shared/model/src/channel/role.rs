//! Who may do what in a channel.

use serde::{Deserialize, Serialize};

/// What a member is in a channel. Ordered: whoever moderates acts on lower roles only.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    #[default]
    #[serde(alias = "MEMBER")]
    Member,
    /// Adds and removes members, pins, deletes messages, renames.
    #[serde(alias = "MODERATOR")]
    Moderator,
    /// Archives, deletes, gives roles.
    #[serde(alias = "OWNER")]
    Owner,
}

/// What needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelPermission {
    /// Name and description.
    Update,
    AddMember,
    /// Of a lower role.
    Kick,
    Pin,
    /// A message that somebody else wrote.
    DeleteMessage,
    /// Gives and takes roles.
    AssignRole,
    Archive,
    Delete,
}

impl MemberRole {
    pub const fn allows(self, deed: ChannelPermission) -> bool {
        match deed {
            ChannelPermission::Update
            | ChannelPermission::AddMember
            | ChannelPermission::Kick
            | ChannelPermission::Pin
            | ChannelPermission::DeleteMessage => {
                matches!(self, Self::Moderator | Self::Owner)
            }
            ChannelPermission::AssignRole | ChannelPermission::Archive | ChannelPermission::Delete => {
                matches!(self, Self::Owner)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_may_nothing_of_this_and_an_owner_everything() {
        let deeds = [
            ChannelPermission::Update,
            ChannelPermission::AddMember,
            ChannelPermission::Kick,
            ChannelPermission::Pin,
            ChannelPermission::DeleteMessage,
        ];
        for deed in deeds {
            let may =
                [MemberRole::Member, MemberRole::Moderator, MemberRole::Owner].map(|role| role.allows(deed));
            assert_eq!(may, [false, true, true], "{deed:?}");
        }
        for deed in [ChannelPermission::AssignRole, ChannelPermission::Archive, ChannelPermission::Delete] {
            assert!(MemberRole::Owner.allows(deed) && !MemberRole::Moderator.allows(deed), "{deed:?}");
        }
        assert!(MemberRole::Owner > MemberRole::Moderator && MemberRole::Moderator > MemberRole::Member);
    }
}
