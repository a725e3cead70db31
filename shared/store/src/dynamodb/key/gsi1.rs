//! Partitions of the index `gsi1`.

use std::fmt;

use model::UserId;

/// A partition of `gsi1`, the second way to find an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gsi1Partition {
    /// Public channels that are not archived, by name.
    Channels,
    /// Accounts with a user name, by user name. One partition is enough, as for [`Self::Users`].
    Directory,
    /// Presentations of an owner, by `updated_at`.
    PresentationsOf(UserId),
    /// Sessions of an owner, by creation.
    SessionsOf(UserId),
    /// All accounts, by creation. A partition takes 1,000 writes a second, which is more than the sign-ups.
    Users,
}

impl fmt::Display for Gsi1Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Channels => f.write_str("CHANNELS#"),
            Self::Directory => f.write_str("DIRECTORY#"),
            Self::PresentationsOf(user) => write!(f, "PRESENTATIONS_OF#{user}"),
            Self::SessionsOf(user) => write!(f, "SESSIONS_OF#{user}"),
            Self::Users => f.write_str("USERS#"),
        }
    }
}
