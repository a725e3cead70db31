//! Who goes, and who owns a channel then.

use jiff::Timestamp;
use model::{ChannelId, UserId, channel::MemberRole};

use super::{ChannelMember, member_key, members_query, membership_key};
use crate::{
    ConditionExpression, Item, Store, TransactWrite, UpdateExpression, WriteOutcome, chat::channels,
    dynamodb::error::Result,
};

/// What must be so where an owner goes, or is one no longer: a channel with people in it keeps an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RemainingOwner {
    /// They are no owner: it makes no difference.
    NotRequired,
    /// This one owns it too.
    OtherOwner(UserId),
    /// Nobody else is in it.
    LastMember,
}

impl RemainingOwner {
    /// Two owners who go at once each count on the other: one of the two transactions finds the other one's row gone.
    fn condition_check(self, channel: ChannelId) -> Option<TransactWrite> {
        let Self::OtherOwner(owner) = self else { return None };
        Some(TransactWrite::check(member_key(channel, owner), has_role(MemberRole::Owner)))
    }
}

fn has_role(role: MemberRole) -> ConditionExpression {
    ConditionExpression::new("#role = :role").name("#role", "role").text(":role", role_attribute(role))
}

/// As it lies in the table.
const fn role_attribute(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Member => "member",
        MemberRole::Moderator => "moderator",
        MemberRole::Owner => "owner",
    }
}

/// Z2: an owner of a channel other than this member. Reads the channel's members, and only where an owner goes: 50 read units for a
/// thousand.
pub async fn find_other_owner(
    store: &Store,
    channel: ChannelId,
    than: UserId,
    now: Timestamp,
) -> Result<Option<UserId>> {
    let owners = members_query(channel).strong().filter("#role = :owner", |bound| {
        bound.name("#role", "role").text(":owner", role_attribute(MemberRole::Owner))
    });
    let owners: Vec<ChannelMember> = store.query_all(owners, now).await?;
    Ok(owners.iter().map(|member| member.user).find(|user| *user != than))
}

/// Z1, Z3, Y1: takes somebody out of a channel who has this role in it. `Refused` where they are not in it, have another role, or
/// nobody stays as was said. 6 write units, 1 for the index, 2 for whoever stays.
pub async fn leave(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    role: MemberRole,
    stays: RemainingOwner,
) -> Result<WriteOutcome> {
    let one_less = UpdateExpression::new("SET member_count = member_count - :one").number(":one", 1);
    let one_less = match stays {
        RemainingOwner::LastMember => one_less.with_condition("member_count = :one"),
        RemainingOwner::NotRequired | RemainingOwner::OtherOwner(_) => {
            one_less.with_condition("attribute_exists(pk)")
        }
    };
    let mut writes = vec![
        TransactWrite::delete(membership_key(user, channel), has_role(role)),
        TransactWrite::delete(member_key(channel, user), ConditionExpression::exists()),
        TransactWrite::update(channels::key(channel), one_less),
    ];
    writes.extend(stays.condition_check(channel));
    Ok(match store.transact(writes).await? {
        Ok(()) => WriteOutcome::Applied(()),
        Err(_) => WriteOutcome::ConditionFailed,
    })
}

/// Z1, Z3: gives somebody another role, in both rows. `Refused` where they have not the role from before, or nobody stays as was said.
/// 4 write units, 2 for whoever stays.
pub async fn assign_role(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    (before, after): (MemberRole, MemberRole),
    stays: RemainingOwner,
) -> Result<WriteOutcome> {
    let role = |expression: &str| {
        UpdateExpression::new(expression)
            .with_condition("#role = :before")
            .name("#role", "role")
            .text(":before", role_attribute(before))
            .text(":after", role_attribute(after))
    };
    // who writes the place over as they read it is refused, and reads it anew
    let place = role("SET #role = :after, rev = rev + :one").number(":one", 1);
    let mut writes = vec![
        TransactWrite::update(membership_key(user, channel), place),
        TransactWrite::update(member_key(channel, user), role("SET #role = :after")),
    ];
    writes.extend(stays.condition_check(channel));
    Ok(match store.transact(writes).await? {
        Ok(()) => WriteOutcome::Applied(()),
        Err(_) => WriteOutcome::ConditionFailed,
    })
}

/// Z1: somebody is called otherwise than they were read. `Refused` where somebody else wrote meanwhile, or they are not in it. 1 write
/// unit.
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
