//! The kinds, names and roles of a team's channels.

mod archive;
mod direct;
mod name;
mod role;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ChannelId, UserId};

pub use self::{
    archive::require_not_archived,
    direct::DirectChannelState,
    name::{ChannelName, parse_description},
    role::{ChannelPermission, MemberRole},
};

/// The kind of a channel, which decides who sees it and who can join it. A `public` channel is seen by every member of
/// the team, and each of them can join. A `private` channel is seen by its members only, and an owner or moderator adds
/// members. A `direct` channel is the only channel of two users and never has further members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Every member of the team sees it and can join it.
    Public,
    /// Only its members see it. An owner or moderator adds members.
    Private,
    /// The one channel of two users. It never has further members.
    Direct,
}

/// Channels that every member of the team joins automatically. In the original only the first registered user joined
/// them.
pub const DEFAULT_CHANNELS: [(&str, &str); 2] =
    [("general", "Everything that concerns everyone"), ("announcements", "What everyone should read")];

/// The maximum number of members of a channel.
pub const MAX_MEMBERS: u32 = 10_000;

/// The maximum number of channels of one user. A direct channel counts for the user who opened it, while the other
/// account exists. If it counted for the other user, strangers could fill that user's channels. The app loads all
/// channels when it opens.
pub const MAX_CHANNELS_PER_MEMBER: usize = 500;

impl ChannelId {
    /// Derives the id of the direct channel of two users. The order of the arguments does not matter, so a pair has one
    /// channel without a stored index.
    pub fn derive_direct(one: UserId, other: UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        let both: Vec<u8> = first.uuid().as_bytes().iter().chain(second.uuid().as_bytes()).copied().collect();
        Uuid::new_v5(&DIRECT_NAMESPACE, &both).into()
    }

    /// Derives the id of a default channel from its name. Two requests that create it concurrently create the same
    /// channel.
    pub fn derive_default(name: &str) -> Self {
        Uuid::new_v5(&DEFAULT_NAMESPACE, name.as_bytes()).into()
    }
}

/// The namespaces of derived ids (RFC 9562, 6.5), generated randomly once.
const DIRECT_NAMESPACE: Uuid = Uuid::from_u128(0x6d1c_37f0_9d0a_4e3b_8b1e_52f7_1c44_90a1);
const DEFAULT_NAMESPACE: Uuid = Uuid::from_u128(0x0b7e_5a92_44c8_4f6e_a3d5_97c1_28e0_6b3f);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_channel() {
        let user = |number| UserId::from(Uuid::from_u128(number));
        assert_eq!(ChannelId::derive_direct(user(1), user(2)), ChannelId::derive_direct(user(2), user(1)));
        assert_ne!(ChannelId::derive_direct(user(1), user(2)), ChannelId::derive_direct(user(1), user(3)));
        assert_ne!(ChannelId::derive_default("general"), ChannelId::derive_default("announcements"));
    }
}
