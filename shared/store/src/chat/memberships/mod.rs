//! Memberships in channels. Each has two rows: one beside the channel that all members may see, and one beside the
//! account for its owner alone.
//!
//! | # | question | index | partition | sort | function |
//! | --- | --- | --- | --- | --- | --- |
//! | CHAT-11 | a member of a channel, as others see them | table | `CHANNEL#{channel}` | `MEMBER#{user}` | [`get`], [`get_many`], [`list_by_user`], [`update_names`] |
//! | CHAT-12 | the members of a channel | table | `CHANNEL#{channel}` | `MEMBER#…` | [`page_members`], [`list`], [`find_other_owner`] |
//! | CHAT-13 | an account's membership of a channel | table | `CHAT#{user}` | `CHANNEL#{channel}` | [`get_membership`], [`replace_membership`], [`reserve_send`], [`join`], [`leave`], [`assign_role`] |
//! | CHAT-14 | all memberships of an account | table | `CHAT#{user}` | `CHANNEL#…` | [`list_memberships`], [`delete_chat_rows`] |
//!
//! Both rows are written and deleted in one transaction. [`Membership`] decides whether an account is a member. It is
//! the row that the account itself changes, so one conditional write checks and changes.

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
    reserve_send::{SendAttempt, SendRefusal, reserve_send},
    send_record::SendRecord,
};
use crate::{
    ConditionExpression, Item, Key, Page, PageRequest, Query, ReadConsistency, Store, WriteOutcome,
    dynamodb::{
        error::Result,
        key::{PartitionKey, SortKey, prefix},
    },
};

/// A member of a channel, as the other members see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelMember {
    pub channel: ChannelId,
    pub user: UserId,
    pub role: MemberRole,
    /// The names of the account. The job `sync_profile` updates them.
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

/// What a member is notified of in a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationLevel {
    #[default]
    All,
    Mentions,
    Nothing,
}

/// The membership of an account in a channel, which only the account sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub channel: ChannelId,
    pub user: UserId,
    pub role: MemberRole,
    /// All messages up to this number are read. A new member has read all earlier messages.
    pub read_seq: u64,
    #[serde(rename = "notify")]
    pub notification_level: NotificationLevel,
    /// The other member of a direct channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "with")]
    pub other_user: Option<UserId>,
    /// The member of a direct channel does not see it until it has a later message than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(rename = "hidden")]
    pub hidden_through: Option<u64>,
    /// The other member opened this direct channel, so it does not count for this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[serde(rename = "received")]
    pub is_received: bool,
    /// What the member sent last, newest last. Retries are detected by it.
    #[serde(
        rename = "remembered",
        default,
        skip_serializing_if = "Vec::is_empty",
        with = "send_record::packed"
    )]
    pub send_records: Vec<SendRecord>,
    /// The start of the rate window in milliseconds since 1970, and the messages sent in it.
    #[serde(default)]
    pub window: (i64, u32),
    /// Optimistic-lock version, which grows with every change.
    pub rev: u64,
    pub joined_at: Timestamp,
}

impl Membership {
    /// Creates the membership of a new member, who has read all earlier messages.
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
            hidden_through: None,
            is_received: false,
            send_records: Vec::new(),
            window: (0, 0),
            rev: 1,
            joined_at,
        }
    }

    /// Returns a sequence number that certainly exists. `read_seq` is advanced before the message is written
    /// ([`reserve_send`]), so after a crash the last message may be missing. Hence minus one.
    pub const fn known_seq(&self) -> u64 {
        self.read_seq.saturating_sub(1)
    }

    /// Whether the member began to send a message with this id before.
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

/// CHAT-11. Returns a member of a channel.
pub async fn get(
    store: &Store,
    channel: ChannelId,
    user: UserId,
    consistency: ReadConsistency,
    now: Timestamp,
) -> Result<Option<ChannelMember>> {
    store.get(&member_key(channel, user), consistency, now).await
}

/// CHAT-11. Returns the members among these accounts, in no order.
pub async fn get_many(
    store: &Store,
    channel: ChannelId,
    users: &[UserId],
    now: Timestamp,
) -> Result<Vec<ChannelMember>> {
    let keys: Vec<Key> = users.iter().map(|user| member_key(channel, *user)).collect();
    store.get_many(&keys, ReadConsistency::Eventual, now).await
}

/// CHAT-11. Returns one account's member rows in several channels, in no order.
pub async fn list_by_user(
    store: &Store,
    user: UserId,
    channels: &[ChannelId],
    now: Timestamp,
) -> Result<Vec<ChannelMember>> {
    let keys: Vec<Key> = channels.iter().map(|channel| member_key(*channel, user)).collect();
    store.get_many(&keys, ReadConsistency::Strong, now).await
}

/// CHAT-12. Returns a page of the members, by their ids.
pub async fn page_members(
    store: &Store,
    channel: ChannelId,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<ChannelMember>> {
    store.page(members_query(channel), request, now).await
}

/// CHAT-12. Returns all members, [`model::channel::MAX_MEMBERS`] at most.
pub async fn list(store: &Store, channel: ChannelId, now: Timestamp) -> Result<Vec<ChannelMember>> {
    store.query_all(members_query(channel).strong(), now).await
}

fn members_query(channel: ChannelId) -> Query {
    Query::with_prefix(&PartitionKey::Channel(channel), prefix::MEMBER)
}

/// CHAT-13. Returns the membership of an account. Strong, so that a removed member has no access from the next request
/// on.
pub async fn get_membership(
    store: &Store,
    user: UserId,
    channel: ChannelId,
    now: Timestamp,
) -> Result<Option<Membership>> {
    store.get(&membership_key(user, channel), ReadConsistency::Strong, now).await
}

/// CHAT-13. Replaces a membership as it was read. The condition fails if it has changed or is gone. 1 write unit.
pub async fn replace_membership(
    store: &Store,
    before: &Membership,
    after: Membership,
) -> Result<WriteOutcome<Membership>> {
    let after = Membership { rev: before.rev + 1, ..after };
    let unchanged = ConditionExpression::new("rev = :rev").number(":rev", before.rev);
    Ok(store.put_if(&after, unchanged).await?.map(|()| after))
}

/// CHAT-14. Returns all memberships of an account, which is one request for about 4,000. Strong, because an account opens the app right after joining.
pub async fn list_memberships(store: &Store, user: UserId, now: Timestamp) -> Result<Vec<Membership>> {
    store.query_all(Query::with_prefix(&PartitionKey::Chat(user), prefix::CHANNEL).strong(), now).await
}
