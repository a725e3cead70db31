use super::{Channel, NameClaim};
use crate::{
    Store, Write,
    error::Result,
    members::{Member, Place},
};

/// What making a channel came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    Done,
    /// It is there already: its id is derived, or this is a retry.
    There,
    NameTaken,
}

/// Y1, Y2, Z1, Z3: a new channel with whoever is in it from the start (`member_count` says how many), and its name where it has
/// one. 2 write units each.
pub async fn create(store: &Store, channel: &Channel, members: &[(Member, Place)]) -> Result<Created> {
    let mut writes = vec![Write::put_new(channel)?];
    if let Some(name) = &channel.name {
        writes.push(Write::put_new(&NameClaim { name: name.clone(), channel: channel.id })?);
    }
    for (member, place) in members {
        writes.push(Write::put_new(member)?);
        writes.push(Write::put_new(place)?);
    }
    Ok(match store.transact(writes).await? {
        Ok(()) => Created::Done,
        Err(lost) if lost.contains(&0) => Created::There,
        Err(_) => Created::NameTaken,
    })
}
