//! Who is in which channel: a row beside the channel for everyone to see, and one beside the account for what is theirs alone.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | Z1 | someone in a channel, as others see them | table | `CHANNEL#{channel}` | `MEMBER#{user}` | [`get`], [`get_many`], [`of_one`], [`rename`] |
//! | Z2 | who is in a channel | table | `CHANNEL#{channel}` | `MEMBER#…` | [`page`], [`all`], [`another_owner`] |
//! | Z3 | someone's place in a channel | table | `CHAT#{user}` | `CHANNEL#{channel}` | [`place`], [`rewrite`], [`send`], [`join`], [`leave`], [`give_role`] |
//! | Z4 | someone's channels | table | `CHAT#{user}` | `CHANNEL#…` | [`places`], [`forget`] |
//!
//! Both rows come and go in one transaction. Whether somebody is in a channel is asked of [`Membership`]: it is what they change
//! themselves, so that one write asks and changes.

mod delete_chat_rows;
mod join_channel;
mod leave_channel;
mod reserve_send;
mod send_record;

use jiff::Timestamp;
use model::{ChannelId, UserId, channel::MemberRole};
use serde::{Deserialize, Serialize};

pub use self::{
    delete_chat_rows::delete_chat_rows,
    join_channel::{JoinOutcome, join},
    leave_channel::{RemainingOwner, assign_role, find_other_owner, leave, update_names},
    reserve_send::{SendAttempt, reserve_send},
    send_record::SendRecord,
};
use crate::{
    ConditionExpression, Item, Key, Page, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// Someone in a channel, as the others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelMember {
    pub channel: ChannelId,
    pub user: UserId,
    pub role: MemberRole,
    /// As the account has them; `follow_account` writes them anew.
    pub username: String,
    pub name: String,
    pub joined_at: Timestamp,
}

impl Item for ChannelMember {
    const KIND: &'static str = "channel_member";

    fn key(&self) -> Key {
        member_key(self.channel, self.user)
    }
}

pub(crate) fn member_key(channel: ChannelId, user: UserId) -> Key {
    Key::new(&PartitionKey::Channel(channel), &SortKey::ChannelMember(user))
}

/// What someone is told of by itself in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationLevel {
    #[default]
    All,
    Mentions,
    Nothing,
}

/// Someone's place in a channel: what is theirs alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub channel: ChannelId,
    pub user: UserId,
    pub role: MemberRole,
    /// Everything up to this number is read. Who joins has read what was there.
    pub read_seq: u64,
    #[serde(rename = "notify")]
    pub notification_level: NotificationLevel,
    /// The other one, of a direct channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "with")]
    pub other_user: Option<UserId>,
    /// What they sent last, newest last: a retry is told by it.
    #[serde(
        rename = "remembered",
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "send_record::packed"
    )]
    pub send_records: Vec<SendRecord>,
    /// How many of these were sent in the window that began then, in milliseconds since 1970.
    #[serde(default)]
    pub window: (i64, u32),
    /// Grows with every change: what a place is written over by.
    pub rev: u64,
    pub joined_at: Timestamp,
}

impl Membership {
    /// Of somebody who comes into a channel, and has read what was there.
    pub const fn new(
        channel: ChannelId,
        user: UserId,
        role: MemberRole,
        read_seq: u64,
        joined_at: Timestamp,
    ) -> Self {
        Self {
            channel,
            user,
            role,
            read_seq,
            notification_level: NotificationLevel::All,
            other_user: None,
            send_records: Vec::new(),
            window: (0, 0),
            rev: 1,
            joined_at,
        }
    }

    /// A number of the channel that is there for certain. What somebody has sent counts as read before it is put ([`send`]): where
    /// they broke off in between, the last of them is not there yet.
    pub const fn known_seq(&self) -> u64 {
        self.read_seq.saturating_sub(1)
    }

    /// Whether they have begun to send a message of this name.
    pub fn has_sent(&self, sent: &SendRecord) -> bool {
        self.send_records.iter().any(|earlier| earlier.has_same_id(sent))
    }
}

impl Item for Membership {
    const KIND: &'static str = "membership";

    fn key(&self) -> Key {
        membership_key(self.user, self.channel)
    }
}

pub(crate) fn membership_key(user: UserId, channel: ChannelId) -> Key {
    Key::new(&PartitionKey::Chat(user), &SortKey::Channel(channel))
}

/// Z1.
pub async fn get(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    freshness: ReadConsistency,
    now: Timestamp,
) -> Result<Option<ChannelMember>> {
    store.get(&member_key(channel, user), freshness, now).await
}

/// Z1: those of them who are in it, in no order.
pub async fn get_many(
    store: &Store,
    channel: ChannelId,
    users: &[UserId],
    now: Timestamp,
) -> Result<Vec<ChannelMember>> {
    let keys: Vec<Key> = users.iter().map(|user| member_key(channel, *user)).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// Z1: one of the same account in several channels, in no order.
pub async fn list_by_user(
    store: &Store,
    user: UserId,
    channels: &[ChannelId],
    now: Timestamp,
) -> Result<Vec<ChannelMember>> {
    let keys: Vec<Key> = channels.iter().map(|channel| member_key(*channel, user)).collect();
    store.get_many(&keys, ReadConsistency::Strong, now).await
}

/// Z2: some of them, by their ids.
pub async fn page_members(
    store: &Store,
    channel: ChannelId,
    limit: usize,
    cursor: Option<&str>,
    now: Timestamp,
) -> Result<Page<ChannelMember>> {
    store.page(members_query(channel), limit, cursor, now).await
}

/// Z2: all of them; [`model::channel::MOST_MEMBERS`] at most.
pub async fn list(store: &Store, channel: ChannelId, now: Timestamp) -> Result<Vec<ChannelMember>> {
    store.query_all(members_query(channel).strong(), now).await
}

fn members_query(channel: ChannelId) -> Query {
    Query::with_prefix(&PartitionKey::Channel(channel), prefix::MEMBER)
}

/// Z3: is somebody in a channel, and what is theirs there? Strong: whoever was removed is out with the next request.
pub async fn get_membership(
    store: &Store,
    user: UserId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Option<Membership>> {
    store.get(&membership_key(user, channel), ReadConsistency::Strong, now).await
}

/// Z3: a place as it was read becomes another one. `Refused` where it was changed in between, or is gone. 1 write unit.
pub async fn replace_membership(
    store: &Store,
    before: &Membership,
    after: Membership,
) -> Result<WriteOutcome<Membership>> {
    let after = Membership { rev: before.rev + 1, ..after };
    let unchanged = ConditionExpression::new("rev = :rev").number(":rev", before.rev);
    Ok(match store.put_if(&after, unchanged).await? {
        WriteOutcome::Applied(()) => WriteOutcome::Applied(after),
        WriteOutcome::ConditionFailed => WriteOutcome::ConditionFailed,
    })
}

/// Z4: all of them; [`model::channel::MOST_CHANNELS`] at most, which is one request. Strong: whoever has just joined opens the
/// app.
pub async fn list_memberships(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Membership>> {
    store.query_all(Query::with_prefix(&PartitionKey::Chat(user), prefix::CHANNEL).strong(), now).await
}
