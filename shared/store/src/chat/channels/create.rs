use super::{Channel, ChannelNameClaim};
use crate::{
    Store, TransactOutcome, TransactWrite,
    chat::memberships::{ChannelMember, Membership},
    dynamodb::error::Result,
};

/// The outcome of creating a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelCreateOutcome {
    Created,
    /// The channel exists. Its id is derived, or this is a retry.
    AlreadyExists,
    NameTaken,
}

/// CHAT-6, CHAT-7, CHAT-11, CHAT-13. Creates a channel with its first members and its name, if it has one. The caller
/// sets `member_count` to the number of members. 2 write units for each item.
pub async fn create(
    store: &Store,
    channel: &Channel,
    members: &[(ChannelMember, Membership)],
) -> Result<ChannelCreateOutcome> {
    let mut writes = vec![("channel", TransactWrite::put_new(channel)?)];
    if let Some(name) = &channel.name {
        let claim = ChannelNameClaim { name: name.clone(), channel: channel.id };
        writes.push(("name", TransactWrite::put_new(&claim)?));
    }
    for (member, membership) in members {
        writes.push(("member", TransactWrite::put_new(member)?));
        writes.push(("membership", TransactWrite::put_new(membership)?));
    }
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => ChannelCreateOutcome::Created,
        TransactOutcome::Failed(failures) if failures.contains("channel") => {
            ChannelCreateOutcome::AlreadyExists
        }
        TransactOutcome::Failed(_) => ChannelCreateOutcome::NameTaken,
    })
}
