use model::channel::MAX_MEMBERS;

use super::{ChannelMember, Membership};
use crate::{Store, TransactWrite, UpdateExpression, chat::channels, dynamodb::error::Result};

/// What joining came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    Joined,
    /// They are in it already.
    AlreadyMember,
    /// There is no such channel, it is archived, or it is full.
    Rejected,
}

/// Z1, Z3, Y1: takes somebody into a channel that takes them, and counts them, in one transaction. 6 write units, and 1 for the
/// index of public channels.
pub async fn join(store: &Store, member: &ChannelMember, place: &Membership) -> Result<JoinOutcome> {
    let one_more = UpdateExpression::new("SET member_count = member_count + :one")
        .with_condition("member_count < :most AND attribute_not_exists(archived_at)")
        .number(":one", 1)
        .number(":most", MAX_MEMBERS);
    let writes = vec![
        TransactWrite::put_new(place)?,
        TransactWrite::put_new(member)?,
        TransactWrite::update(channels::key(member.channel), one_more),
    ];
    Ok(match store.transact(writes).await? {
        Ok(()) => JoinOutcome::Joined,
        Err(lost) if lost.contains(&0) => JoinOutcome::AlreadyMember,
        Err(_) => JoinOutcome::Rejected,
    })
}
