//! Questions of the index.

use std::fmt;

use model::UserId;

/// `gsi1`: the second question about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gsi1Partition {
    /// Public channels that are not archived, by name.
    Channels,
    /// Accounts that have a user name, by that. One partition, as [`Gsi1::Users`].
    Directory,
    /// Presentations of an owner, by `updated_at`.
    PresentationsOf(UserId),
    /// Sessions of an owner, by creation.
    SessionsOf(UserId),
    /// All accounts, by creation. One partition of the index: what it takes, 1,000 writes/s, is more than people sign up.
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
