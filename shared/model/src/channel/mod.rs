//! Channels of a team: what kinds there are, what they are called, who may do what in them.

mod archive;
mod name;
mod role;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ChannelId, UserId};

pub use self::{
    archive::require_not_archived,
    name::{ChannelName, parse_description},
    role::{ChannelPermission, MemberRole},
};

/// Who sees a channel, and how one comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Listed to the team; anyone joins.
    Public,
    /// Known to its members only; an owner or moderator adds them.
    Private,
    /// Two people, one channel per pair; nobody else ever.
    Direct,
}

/// Channels that everyone of the team is in from the start. (In the original only the first to register was.)
pub const DEFAULT_CHANNELS: [(&str, &str); 2] =
    [("general", "Everything that concerns everyone"), ("announcements", "What everyone should read")];

/// The most members of a channel.
pub const MAX_MEMBERS: u32 = 10_000;

/// The most channels of one member, direct ones too: opening the app reads them all.
pub const MAX_CHANNELS_PER_MEMBER: usize = 500;

impl ChannelId {
    /// The channel of two people, whoever asks: so there is one per pair without anything that says so.
    pub fn derive_direct(one: UserId, other: UserId) -> Self {
        let (first, second) = if one <= other { (one, other) } else { (other, one) };
        let both: Vec<u8> = first.uuid().as_bytes().iter().chain(second.uuid().as_bytes()).copied().collect();
        Uuid::new_v5(&DIRECT_NAMESPACE, &both).into()
    }

    /// A default channel: derived, so that whoever needs it first makes it, and two who do make the same.
    pub fn derive_default(name: &str) -> Self {
        Uuid::new_v5(&DEFAULT_NAMESPACE, name.as_bytes()).into()
    }
}

/// Name spaces of derived ids (RFC 9562, 6.5), drawn once.
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
