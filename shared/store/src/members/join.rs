use model::channel::MOST_MEMBERS;

use super::{ChannelMember, Membership};
use crate::{Store, TransactWrite, UpdateExpression, channels, error::Result};

/// What joining came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    Done,
    /// They are in it already.
    There,
    /// There is no such channel, it is archived, or it is full.
    Refused,
}

/// Z1, Z3, Y1: takes somebody into a channel that takes them, and counts them, in one transaction. 6 write units, and 1 for the
/// index of public channels.
pub async fn join(store: &Store, member: &ChannelMember, place: &Membership) -> Result<JoinOutcome> {
    let one_more = UpdateExpression::new("SET member_count = member_count + :one")
        .only_if("member_count < :most AND attribute_not_exists(archived_at)")
        .number(":one", 1)
        .number(":most", MOST_MEMBERS);
    let writes = vec![
        TransactWrite::put_new(place)?,
        TransactWrite::put_new(member)?,
        TransactWrite::update(channels::key(member.channel), one_more),
    ];
    Ok(match store.transact(writes).await? {
        Ok(()) => JoinOutcome::Done,
        Err(lost) if lost.contains(&0) => JoinOutcome::There,
        Err(_) => JoinOutcome::Refused,
    })
}
