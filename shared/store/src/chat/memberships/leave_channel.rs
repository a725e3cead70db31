//! Members who leave or change their role. A channel with members keeps an owner.

use jiff::Timestamp;
use model::{ChannelId, UserId, channel::MemberRole};

use super::{ChannelMember, member_key, members_query, membership_key};
use crate::{
    ConditionExpression, Item, Store, TransactWrite, UpdateExpression, WriteOutcome, chat::channels,
    dynamodb::error::Result,
};

/// The owner that must remain when a member leaves or loses a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingOwner {
    /// The member is no owner, so nothing is required.
    NotRequired,
    /// This member owns the channel too.
    OtherOwner(UserId),
    /// The member is the last one.
    LastMember,
}

impl RemainingOwner {
    /// Two owners who leave concurrently each rely on the other. One of the two transactions finds the other owner's
    /// row deleted, and fails.
    fn condition_check(self, channel: ChannelId) -> Option<(&'static str, TransactWrite)> {
        let Self::OtherOwner(owner) = self else { return None };
        Some(("other owner", TransactWrite::check(member_key(channel, owner), has_role(MemberRole::Owner))))
    }
}

fn has_role(role: MemberRole) -> ConditionExpression {
    ConditionExpression::new("#role = :role").name("#role", "role").text(":role", role_attribute(role))
}

/// Returns the role as it is stored.
const fn role_attribute(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Member => "member",
        MemberRole::Moderator => "moderator",
        MemberRole::Owner => "owner",
    }
}

/// CHAT-12. Returns an owner of a channel other than this member. Reads all members, which is 50 read units for a
/// thousand, so it is called only when an owner leaves.
pub async fn find_other_owner(
    store: &Store,
    channel: ChannelId,
    leaver: UserId,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let owners = members_query(channel).strong().filter("#role = :owner", |bound| {
        bound.name("#role", "role").text(":owner", role_attribute(MemberRole::Owner))
    });
    let owners: Vec<ChannelMember> = store.query_all(owners, now).await?;
    Ok(owners.iter().map(|member| member.user).find(|user| *user != leaver))
}

/// CHAT-11, CHAT-13, CHAT-6. Removes a member who has this role. The condition fails if they are no member, have
/// another role, or the required owner does not remain. 6 write units, 1 for the index, and 2 for the check of the
/// other owner.
pub async fn leave(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    role: MemberRole,
    remaining: RemainingOwner,
) -> Result<WriteOutcome> {
    let decrement = UpdateExpression::new("SET member_count = member_count - :one").number(":one", 1);
    let decrement = match remaining {
        RemainingOwner::LastMember => decrement.with_condition("member_count = :one"),
        RemainingOwner::NotRequired | RemainingOwner::OtherOwner(_) => {
            decrement.with_condition("attribute_exists(pk)")
        }
    };
    let mut writes = vec![
        ("membership", TransactWrite::delete(membership_key(user, channel), has_role(role))),
        ("member", TransactWrite::delete(member_key(channel, user), ConditionExpression::exists())),
        ("channel", TransactWrite::update(channels::key(channel), decrement)),
    ];
    writes.extend(remaining.condition_check(channel));
    Ok(store.transact(writes).await?.into())
}

/// CHAT-11, CHAT-13. Changes the role of a member in both rows. The condition fails if the member does not have the
/// role `before`, or the required owner does not remain. 4 write units, and 2 for the check of the other owner.
pub async fn assign_role(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    (before, after): (MemberRole, MemberRole),
    remaining: RemainingOwner,
) -> Result<WriteOutcome> {
    let role = |expression: &str| {
        UpdateExpression::new(expression)
            .with_condition("#role = :before")
            .name("#role", "role")
            .text(":before", role_attribute(before))
            .text(":after", role_attribute(after))
    };
    // A concurrent replacement of the membership fails on `rev`, and reads the row again.
    let membership = role("SET #role = :after, rev = rev + :one").number(":one", 1);
    let mut writes = vec![
        ("membership", TransactWrite::update(membership_key(user, channel), membership)),
        ("member", TransactWrite::update(member_key(channel, user), role("SET #role = :after"))),
    ];
    writes.extend(remaining.condition_check(channel));
    Ok(store.transact(writes).await?.into())
}

/// CHAT-11. Changes the names of a member. The condition fails if the names have changed since they were read, or the
/// account is no member. 1 write unit.
pub async fn update_names(
    store: &Store,
    before: &ChannelMember,
    username: &str,
    name: &str,
) -> Result<WriteOutcome> {
    let change = UpdateExpression::new("SET username = :username, #name = :name")
        .with_condition("username = :old_username AND #name = :old_name")
        .name("#name", "name")
        .text(":username", username)
        .text(":name", name)
        .text(":old_username", &before.username)
        .text(":old_name", &before.name);
    store.update_without_return(&before.key(), change).await
}
