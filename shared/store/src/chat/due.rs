//! What falls due in this area.

use model::{ChannelId, UserId};

use crate::{
    Item,
    chat::{channels::DeletedChannel, mention_digests::MentionDigest, presence::TeamPresence},
    dynamodb::due::DueItem,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChatDueWork {
    /// The presence of the member needs its regular check, or is not published.
    TeamPresence(UserId),
    /// Rows of a deleted channel remain.
    DeletedChannel(ChannelId),
    /// The member has missed mentions and may get an e-mail.
    MentionDigest(UserId),
}

impl ChatDueWork {
    pub(crate) fn from_item(item: &DueItem) -> Option<Self> {
        match item.kind_and_id()? {
            (TeamPresence::KIND, id) => Some(Self::TeamPresence(id.into())),
            (DeletedChannel::KIND, id) => Some(Self::DeletedChannel(id.into())),
            (MentionDigest::KIND, id) => Some(Self::MentionDigest(id.into())),
            _ => None,
        }
    }
}
