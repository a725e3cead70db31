use model::channel::MAX_MEMBERS;

use super::{ChannelMember, Membership};
use crate::{
    Store, TransactOutcome, TransactWrite, UpdateExpression, chat::channels, dynamodb::error::Result,
};

/// The outcome of joining a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinOutcome {
    Joined,
    /// The account is a member already.
    AlreadyMember,
    /// The channel does not exist, is archived or is full.
    Rejected,
}

/// CHAT-11, CHAT-13, CHAT-6. Adds a member to a channel and counts them, in one transaction. 6 write units, and 1 for
/// the index of public channels.
pub async fn join(store: &Store, member: &ChannelMember, membership: &Membership) -> Result<JoinOutcome> {
    let increment = UpdateExpression::new("SET member_count = member_count + :one")
        .with_condition("member_count < :most AND attribute_not_exists(archived_at)")
        .number(":one", 1)
        .number(":most", MAX_MEMBERS);
    let writes = vec![
        ("membership", TransactWrite::put_new(membership)?),
        ("member", TransactWrite::put_new(member)?),
        ("channel", TransactWrite::update(channels::key(member.channel), increment)),
    ];
    Ok(match store.transact(writes).await? {
        TransactOutcome::Applied => JoinOutcome::Joined,
        TransactOutcome::Failed(failures) if failures.contains("membership") => JoinOutcome::AlreadyMember,
        TransactOutcome::Failed(_) => JoinOutcome::Rejected,
    })
}
