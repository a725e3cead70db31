use super::{Channel, ChannelNameClaim};
use crate::{
    Store, TransactWrite,
    chat::memberships::{ChannelMember, Membership},
    dynamodb::error::Result,
};

/// What making a channel came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelCreateOutcome {
    Created,
    /// It is there already: its id is derived, or this is a retry.
    AlreadyExists,
    NameTaken,
}

/// Y1, Y2, Z1, Z3: a new channel with whoever is in it from the start (`member_count` says how many), and its name where it has
/// one. 2 write units each.
pub async fn create(
    store: &Store,
    channel: &Channel,
    members: &[(ChannelMember, Membership)],
) -> Result<ChannelCreateOutcome> {
    let mut writes = vec![TransactWrite::put_new(channel)?];
    if let Some(name) = &channel.name {
        writes.push(TransactWrite::put_new(&ChannelNameClaim { name: name.clone(), channel: channel.id })?);
    }
    for (member, place) in members {
        writes.push(TransactWrite::put_new(member)?);
        writes.push(TransactWrite::put_new(place)?);
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => ChannelCreateOutcome::Created,
        Err(lost) if lost.contains(&0) => ChannelCreateOutcome::AlreadyExists,
        Err(_) => ChannelCreateOutcome::NameTaken,
    })
}
