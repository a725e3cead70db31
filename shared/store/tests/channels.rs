//! Channels and their members under concurrent changes.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use model::{
    ChannelId, MessageId, UserId,
    channel::{ChannelName, MemberRole},
    message::MessageAuthor,
};
use serde::{Deserialize, Serialize};
use store::{
    Item, Key, PageRequest, Query, ReadConsistency, Store, WriteOutcome,
    chat::{
        channels::{
            self, Channel, ChannelChangeOutcome, ChannelCreateOutcome, DeletedChannel, RemainingMembers,
        },
        due::ChatDueWork,
        memberships::{self, ChannelMember, JoinOutcome, Membership, RemainingOwner},
        mentions::{self, UserMention},
        messages::{self, MentionedMember, Message},
        projection_checkpoint::{self, ChannelLog, ProjectionCheckpoint},
        search_terms::{self, TermBlock},
    },
    dynamodb::key::{PartitionKey, SortKey},
    platform::due,
};

use testkit::samples;
use world::{World, id, now, store_world};

const CHANNEL: u128 = 7;

fn channel(n: u128, name: &str) -> Channel {
    samples::chat::channel(id(n), name, id(1), now())
}

fn membership_rows(n: u128, user: u128, role: MemberRole) -> (ChannelMember, Membership) {
    samples::chat::membership_rows(id(n), &samples::chat::author(id(user)), role, now())
}

/// Creates a channel with this number of members. The first member is its owner.
async fn create_channel_of(store: &Store, people: u128) -> Channel {
    let made = channel(CHANNEL, "herons");
    let owner = membership_rows(CHANNEL, 1, MemberRole::Owner);
    assert_eq!(channels::create(store, &made, &[owner]).await.unwrap(), ChannelCreateOutcome::Created);
    for user in 2..=people {
        let (member, membership) = membership_rows(CHANNEL, user, MemberRole::Member);
        assert_eq!(memberships::join(store, &member, &membership).await.unwrap(), JoinOutcome::Joined);
    }
    stored_channel(store).await.unwrap()
}

async fn stored_channel(store: &Store) -> Option<Channel> {
    channels::get(store, id(CHANNEL), ReadConsistency::Strong, now()).await.unwrap()
}

async fn listed_names(store: &Store) -> Vec<String> {
    let page = channels::page_public(store, &PageRequest::internal(100), now()).await.unwrap();
    page.items.iter().map(|channel| channel.name.as_ref().unwrap().to_string()).collect()
}

async fn role(store: &Store, user: u128) -> Option<(MemberRole, MemberRole)> {
    let member =
        memberships::get(store, id(CHANNEL), id(user), ReadConsistency::Strong, now()).await.unwrap()?;
    let membership = memberships::get_membership(store, id(user), id(CHANNEL), now()).await.unwrap()?;
    Some((member.role, membership.role))
}

#[tokio::test]
async fn a_channel_rename_survives_concurrent_joins() {
    let World { store, _cloud } = store_world().await;
    let before = create_channel_of(&store, 1).await;
    let mut other = channel(8, "Storks");
    other.created_by = None;
    assert_eq!(channels::create(&store, &other, &[]).await.unwrap(), ChannelCreateOutcome::Created);
    assert_eq!(
        channels::create(&store, &channel(9, "STORKS"), &[]).await.unwrap(),
        ChannelCreateOutcome::NameTaken
    );
    assert_eq!(channels::create(&store, &other, &[]).await.unwrap(), ChannelCreateOutcome::AlreadyExists);

    let later = now() + SignedDuration::from_secs(1);
    let called = |name: &str| Channel { name: Some(ChannelName::parse(name).unwrap()), ..before.clone() };
    let (member, membership) = membership_rows(CHANNEL, 2, MemberRole::Member);
    memberships::join(&store, &member, &membership).await.unwrap();
    assert_eq!(
        channels::change(&store, &before, called("sTORKS")).await.unwrap(),
        ChannelChangeOutcome::NameTaken
    );
    let moved = channels::change(&store, &before, called("Egrets")).await.unwrap();
    assert!(matches!(moved, ChannelChangeOutcome::Applied(_)), "{moved:?}");
    let after = stored_channel(&store).await.unwrap();
    assert_eq!((after.member_count, after.name.clone()), (2, called("Egrets").name));
    assert_eq!(
        channels::change(&store, &before, called("cranes")).await.unwrap(),
        ChannelChangeOutcome::VersionConflict
    );
    let by_name = async |name: &str| {
        channels::by_name(&store, &ChannelName::parse(name).unwrap(), now()).await.unwrap()
    };
    assert_eq!((by_name("herons").await, by_name("EGRETS").await), (None, Some(after.id)));
    assert_eq!(
        (by_name("cranes").await, listed_names(&store).await),
        (None, vec!["Egrets".into(), "Storks".into()])
    );

    // An archived channel is not listed and cannot be joined, but it is found by its id.
    let archived =
        Channel { archived_at: Some(later), description: Some("of herons".into()), ..after.clone() };
    let ChannelChangeOutcome::Applied(archived) = channels::change(&store, &after, archived).await.unwrap()
    else {
        panic!()
    };
    assert_eq!(listed_names(&store).await, ["Storks"]);
    let (member, membership) = membership_rows(CHANNEL, 3, MemberRole::Member);
    assert_eq!(memberships::join(&store, &member, &membership).await.unwrap(), JoinOutcome::Rejected);
    let back = Channel { archived_at: None, ..archived.clone() };
    let ChannelChangeOutcome::Applied(back) = channels::change(&store, &archived, back).await.unwrap() else {
        panic!()
    };
    assert_eq!((stored_channel(&store).await, listed_names(&store).await.len()), (Some(back), 2));
}

#[tokio::test]
async fn concurrent_leaves_keep_an_owner() {
    let World { store, _cloud } = store_world().await;
    let channel = create_channel_of(&store, 3).await.id;
    let one: UserId = id(1);
    let two: UserId = id(2);
    assert_eq!(memberships::find_other_owner(&store, channel, one, now()).await.unwrap(), None);
    let up = (MemberRole::Member, MemberRole::Owner);
    let given =
        memberships::assign_role(&store, channel, two, up, RemainingOwner::NotRequired).await.unwrap();
    assert_eq!((given, role(&store, 2).await), (WriteOutcome::Applied(()), Some((up.1, up.1))));
    assert_eq!(memberships::find_other_owner(&store, channel, one, now()).await.unwrap(), Some(two));

    let go = |user, stays| {
        memberships::leave(&store, channel, user, MemberRole::Owner, RemainingOwner::OtherOwner(stays))
    };
    let (first, second) = futures::join!(go(one, two), go(two, one));
    let gone =
        [first.unwrap(), second.unwrap()].iter().filter(|gone| **gone == WriteOutcome::Applied(())).count();
    assert_eq!(gone, 1, "one owner must remain");
    assert_eq!(stored_channel(&store).await.unwrap().member_count, 2);
    let left = if role(&store, 1).await.is_some() { 1 } else { 2 };
    let alone = memberships::leave(&store, channel, id(left), MemberRole::Owner, RemainingOwner::LastMember)
        .await
        .unwrap();
    assert_eq!(alone, WriteOutcome::ConditionFailed, "there is a third member");
    let down = (MemberRole::Owner, MemberRole::Member);
    let demoted =
        memberships::assign_role(&store, channel, id(left), down, RemainingOwner::OtherOwner(id(3)))
            .await
            .unwrap();
    assert_eq!((demoted, role(&store, left).await), (WriteOutcome::ConditionFailed, Some((down.0, down.0))));
    let as_member =
        memberships::leave(&store, channel, id(left), MemberRole::Member, RemainingOwner::NotRequired)
            .await
            .unwrap();
    assert_eq!(as_member, WriteOutcome::ConditionFailed, "the role has changed since it was read");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stale_membership_write_restores_neither_role_nor_member() {
    let World { store, _cloud } = store_world().await;
    let channel = create_channel_of(&store, 2).await.id;
    let read = memberships::get_membership(&store, id(2), channel, now()).await.unwrap().unwrap();
    let up = (MemberRole::Member, MemberRole::Moderator);
    memberships::assign_role(&store, channel, id(2), up, RemainingOwner::NotRequired).await.unwrap();
    let marked = Membership { read_seq: 5, ..read.clone() };
    assert_eq!(
        memberships::replace_membership(&store, &read, marked.clone()).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    let read = memberships::get_membership(&store, id(2), channel, now()).await.unwrap().unwrap();
    assert_eq!((read.role, read.rev), (MemberRole::Moderator, 2));
    let leave =
        || memberships::leave(&store, channel, id(2), MemberRole::Moderator, RemainingOwner::NotRequired);
    assert_eq!(leave().await.unwrap(), WriteOutcome::Applied(()));
    assert_eq!(leave().await.unwrap(), WriteOutcome::ConditionFailed);
    assert_eq!(
        memberships::replace_membership(&store, &read, marked).await.unwrap(),
        WriteOutcome::ConditionFailed
    );
    assert_eq!((role(&store, 2).await, stored_channel(&store).await.unwrap().member_count), (None, 1));
    let rename = async |before: ChannelMember, name: &str| {
        memberships::update_names(&store, &before, "ana", name).await.unwrap()
    };
    let before =
        memberships::get(&store, channel, id(1), ReadConsistency::Strong, now()).await.unwrap().unwrap();
    let gone = ChannelMember { user: id(2), ..before.clone() };
    assert_eq!(rename(gone, "Bo").await, WriteOutcome::ConditionFailed, "a rename does not restore a member");
    assert_eq!(rename(before.clone(), "Ana Lima").await, WriteOutcome::Applied(()));
    assert_eq!(rename(before, "Ana Older").await, WriteOutcome::ConditionFailed, "the stored name is newer");
    let rows = memberships::list_by_user(&store, id(1), &[channel, id(9)], now()).await.unwrap();
    assert_eq!((rows.len(), rows[0].username.as_str(), rows[0].name.as_str()), (1, "ana", "Ana Lima"));
}

/// A row of which only the key matters.
#[derive(Serialize, Deserialize)]
struct RawRow {
    #[serde(skip)]
    at: (String, String),
}

impl Item for RawRow {
    const KIND: &'static str = "lies";

    fn key(&self) -> Key {
        Key { pk: self.at.0.clone(), sk: self.at.1.clone() }
    }
}

async fn put_raw(store: &Store, pk: &PartitionKey<'_>, sk: &SortKey<'_>) {
    store.put(&RawRow { at: (pk.to_string(), sk.to_string()) }).await.unwrap();
}

async fn row_count(store: &Store, parts: &[PartitionKey<'_>]) -> u64 {
    let counts = join_all(parts.iter().map(|part| store.count(Query::partition(part).strong()))).await;
    counts.into_iter().map(Result::unwrap).sum()
}

fn message(channel: ChannelId, seq: u64) -> Message {
    let author = MessageAuthor { id: id(1), username: "ana".into(), name: "Ana".into() };
    let reply_to = (seq > 1).then_some(1);
    Message { seq, reply_to, ..Message::new(channel, author, "two".into(), now()) }
}

#[tokio::test]
async fn a_deleted_channel_disappears_and_is_cleared_in_steps() {
    let World { store, _cloud } = store_world().await;
    let channel = create_channel_of(&store, 3).await;
    let first = messages::append(&store, message(channel.id, 1), 0, now()).await.unwrap();
    let messages::AppendOutcome::Inserted(first) = first else { panic!() };
    for seq in 2..=1_010 {
        store.put(&message(channel.id, seq)).await.unwrap();
    }
    messages::change(&store, &first, first.clone(), now()).await.unwrap();
    put_raw(&store, &PartitionKey::Replies(first.id()), &SortKey::Number(2)).await;
    for seq in [1, 300, 1_010] {
        search_terms::add_occurrences(&store, "two", channel.id, &TermBlock::containing(seq, now()), &[seq])
            .await
            .unwrap();
    }
    let mentioned = MentionedMember { user: id(3), username: "cy".into() };
    store.put(&Message { mentions: vec![mentioned], ..message(channel.id, 7) }).await.unwrap();
    let to = MessageId { channel: channel.id, seq: 7 };
    let mention =
        UserMention { user: id(3), message: to, sent_at: now(), is_notified: true, is_emailed: false };
    mentions::put(&store, &mention).await.unwrap();
    put_raw(&store, &PartitionKey::Channel(channel.id), &SortKey::Pin(1)).await;
    put_raw(&store, &PartitionKey::Channel(channel.id), &SortKey::ProjectionCheckpoint).await;
    put_raw(&store, &PartitionKey::Chat(id(2)), &SortKey::Draft(channel.id)).await;
    put_raw(&store, &PartitionKey::Chat(id(2)), &SortKey::Draft(id(8))).await;
    put_raw(&store, &PartitionKey::Chat(id(2)), &SortKey::Preferences).await;

    let delete = |by, now| channels::delete(&store, &channel, by, now);
    assert_eq!(
        delete(RemainingMembers::OnlyCaller, now()).await.unwrap(),
        WriteOutcome::ConditionFailed,
        "the channel has other members"
    );
    assert_eq!(delete(RemainingMembers::Any, now()).await.unwrap(), WriteOutcome::Applied(()));
    assert_eq!(delete(RemainingMembers::Any, now()).await.unwrap(), WriteOutcome::ConditionFailed);
    assert_eq!((stored_channel(&store).await, listed_names(&store).await.len()), (None, 0));
    let again = channels::create(&store, &Channel { id: id(8), ..channel.clone() }, &[]).await.unwrap();
    assert_eq!(again, ChannelCreateOutcome::Created, "its name is free");

    let clear = |now: Timestamp| channels::delete_rows(&store, channel.id, now);
    assert!(clear(now()).await.unwrap());
    assert_eq!(
        memberships::get_membership(&store, id(2), channel.id, now()).await.unwrap(),
        None,
        "members are deleted first"
    );
    let log = [PartitionKey::Messages(channel.id)];
    assert_eq!(row_count(&store, &log).await, 1_010, "messages stay for a minute");
    let parts = [
        PartitionKey::Channel(channel.id),
        PartitionKey::Messages(channel.id),
        PartitionKey::Changes(channel.id),
        PartitionKey::Replies(first.id()),
        PartitionKey::Chat(id(1)),
        PartitionKey::SearchTerm(channel.id, "two"),
        PartitionKey::Mentions(id(3)),
    ];
    assert_eq!(
        row_count(&store, &[PartitionKey::Chat(id(2))]).await,
        2,
        "rows of another channel and of none stay"
    );
    // A concurrent writer, and a row that cannot be parsed.
    put_raw(&store, &PartitionKey::Messages(channel.id), &SortKey::Number(1_011)).await;
    let later = now() + SignedDuration::from_mins(1);
    let (items, _) = due::list_due(&store, 10, None, later).await.unwrap();
    let what: Vec<due::DueWork> = items.iter().map(|item| item.work().unwrap()).collect();
    assert_eq!(what, [due::DueWork::Chat(ChatDueWork::DeletedChannel(channel.id))]);
    assert!(!clear(later).await.unwrap(), "more than one run is needed");
    assert_eq!(row_count(&store, &[PartitionKey::Messages(channel.id)]).await, 911);
    while !clear(later).await.unwrap() {}
    assert!(clear(later).await.unwrap(), "deletion is idempotent");
    assert_eq!(
        (row_count(&store, &parts).await, due::list_due(&store, 10, None, later).await.unwrap().0.len()),
        (0, 0)
    );
    let deleted = DeletedChannel { id: channel.id, deleted_at: now() };
    assert_eq!(deleted.due(), Some(later));
}

#[tokio::test]
async fn deleting_private_chat_data_keeps_memberships() {
    let World { store, _cloud } = store_world().await;
    create_channel_of(&store, 2).await;
    for sk in [SortKey::Draft(id(7)), SortKey::Preferences, SortKey::MentionDigest] {
        put_raw(&store, &PartitionKey::Chat(id(2)), &sk).await;
    }
    put_raw(&store, &PartitionKey::Mentions(id(2)), &SortKey::Mention("2026")).await;
    memberships::delete_chat_rows(&store, id(2)).await.unwrap();
    assert_eq!(row_count(&store, &[PartitionKey::Chat(id(2)), PartitionKey::Mentions(id(2))]).await, 1);
    assert_eq!(memberships::list_memberships(&store, id(2), now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn projection_checkpoints_advance_only_forwards() {
    let World { store, _cloud } = store_world().await;
    for (log, number) in [
        (ChannelLog::Messages, 4),
        (ChannelLog::Changes, 7),
        (ChannelLog::Messages, 3),
        (ChannelLog::Changes, 6),
    ] {
        let done = projection_checkpoint::advance(&store, id(1), log, number).await.unwrap();
        assert_eq!(done == WriteOutcome::ConditionFailed, number % 3 == 0, "only forwards");
    }
    let found = projection_checkpoint::get_many(&store, &[id(1), id(2)], now()).await.unwrap();
    assert_eq!(found, [ProjectionCheckpoint { channel: id(1), seq: 4, change: 7 }]);
    let none = projection_checkpoint::get(&store, id(2), now()).await.unwrap();
    assert_eq!(none, ProjectionCheckpoint { channel: id(2), seq: 0, change: 0 });
}
