//! Roles in a channel and their permissions.

use serde::{Deserialize, Serialize};

/// A member's role in a channel. From low to high, the roles are `member`, `moderator` and `owner`. A moderator acts
/// only on members with a lower role.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    #[default]
    #[serde(alias = "MEMBER")]
    Member,
    /// Adds and removes members, pins and deletes messages, renames the channel.
    #[serde(alias = "MODERATOR")]
    Moderator,
    /// Archives and deletes the channel, and assigns roles, in addition to a moderator's permissions.
    #[serde(alias = "OWNER")]
    Owner,
}

/// An action in a channel that needs a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelPermission {
    /// Change the name or the description.
    Update,
    AddMember,
    /// Remove a member with a lower role.
    Kick,
    Pin,
    /// Delete a message of another member.
    DeleteMessage,
    /// Change a member's role.
    AssignRole,
    Archive,
    Delete,
}

impl MemberRole {
    /// Returns whether this role has the permission.
    pub const fn allows(self, permission: ChannelPermission) -> bool {
        match permission {
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
    fn each_role_has_its_permissions() {
        let permissions = [
            ChannelPermission::Update,
            ChannelPermission::AddMember,
            ChannelPermission::Kick,
            ChannelPermission::Pin,
            ChannelPermission::DeleteMessage,
        ];
        for permission in permissions {
            let allowed = [MemberRole::Member, MemberRole::Moderator, MemberRole::Owner]
                .map(|role| role.allows(permission));
            assert_eq!(allowed, [false, true, true], "{permission:?}");
        }
        for permission in
            [ChannelPermission::AssignRole, ChannelPermission::Archive, ChannelPermission::Delete]
        {
            assert!(
                MemberRole::Owner.allows(permission) && !MemberRole::Moderator.allows(permission),
                "{permission:?}"
            );
        }
        assert!(MemberRole::Owner > MemberRole::Moderator && MemberRole::Moderator > MemberRole::Member);
    }
}
