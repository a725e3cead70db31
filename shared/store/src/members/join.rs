use model::channel::MOST_MEMBERS;

use super::{Member, Place};
use crate::{Change, Store, Write, channels, error::Result};

/// What joining came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Joined {
    Done,
    /// They are in it already.
    There,
    /// There is no such channel, it is archived, or it is full.
    Refused,
}

/// Z1, Z3, Y1: takes somebody into a channel that takes them, and counts them, in one transaction. 6 write units, and 1 for the
/// index of public channels.
pub async fn join(store: &Store, member: &Member, place: &Place) -> Result<Joined> {
    let one_more = Change::new("SET member_count = member_count + :one")
        .only_if("member_count < :most AND attribute_not_exists(archived_at)")
        .number(":one", 1)
        .number(":most", MOST_MEMBERS);
    let writes = vec![
        Write::put_new(place)?,
        Write::put_new(member)?,
        Write::update(channels::key(member.channel), one_more),
    ];
    Ok(match store.transact(writes).await? {
        Ok(()) => Joined::Done,
        Err(lost) if lost.contains(&0) => Joined::There,
        Err(_) => Joined::Refused,
    })
}
