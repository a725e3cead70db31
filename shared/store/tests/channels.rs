//! Channels and their members, under those who come, go and change them at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use model::{
    ChannelId, MessageId, UserId,
    channel::{ChannelName, Kind, MemberRole},
    message::{Author, ReplyPreview},
};
use serde::{Deserialize, Serialize};
use store::{
    Freshness, Item, Key, Query, Store, Written,
    channels::{self, Changed, Channel, Created, Deleted, Occupied},
    due,
    followed::{self, Followed, Log},
    members::{self, Joined, Member, Place, Stays},
    mentions::{self, Mention},
    messages::{self, Mentioned, Message, Reply},
    table::{Pk, Sk},
    terms::{self, Page},
};

use world::{World, id, now, world};

const CHANNEL: u128 = 7;

fn channel(n: u128, name: &str) -> Channel {
    Channel {
        id: id(n),
        channel_kind: Kind::Public,
        name: Some(ChannelName::typed(name).unwrap()),
        description: None,
        is_default: false,
        created_by: Some(id(1)),
        member_count: 1,
        archived_at: None,
        created_at: now(),
        updated_at: now(),
    }
}

fn rows(n: u128, user: u128, role: MemberRole) -> (Member, Place) {
    let (channel, user) = (id(n), id(user));
    let username = format!("user_{user}");
    let member = Member { channel, user, role, username, name: "Ana".into(), joined_at: now() };
    let place = Place::new(channel, user, role, 0, now());
    (member, place)
}

/// A channel of so many: the first of them owns it.
async fn occupied(store: &Store, people: u128) -> Channel {
    let made = channel(CHANNEL, "herons");
    let owner = rows(CHANNEL, 1, MemberRole::Owner);
    assert_eq!(channels::create(store, &made, &[owner]).await.unwrap(), Created::Done);
    for user in 2..=people {
        let (member, place) = rows(CHANNEL, user, MemberRole::Member);
        assert_eq!(members::join(store, &member, &place).await.unwrap(), Joined::Done);
    }
    found(store).await.unwrap()
}

async fn found(store: &Store) -> Option<Channel> {
    channels::get(store, id(CHANNEL), Freshness::Strong, now()).await.unwrap()
}

async fn listed(store: &Store) -> Vec<String> {
    let page = channels::page(store, 100, None, now()).await.unwrap();
    page.items.iter().map(|channel| channel.name.as_ref().unwrap().to_string()).collect()
}

async fn role(store: &Store, user: u128) -> Option<(MemberRole, MemberRole)> {
    let member = members::get(store, id(CHANNEL), id(user), Freshness::Strong, now()).await.unwrap()?;
    let place = members::place(store, id(user), id(CHANNEL), now()).await.unwrap()?;
    Some((member.role, place.role))
}

#[tokio::test]
async fn y1_y2_y3_a_name_moves_with_its_channel_and_who_joins_meanwhile_counts() {
    let World { store, _bench } = world().await;
    let before = occupied(&store, 1).await;
    let mut other = channel(8, "Storks");
    other.created_by = None;
    assert_eq!(channels::create(&store, &other, &[]).await.unwrap(), Created::Done);
    assert_eq!(channels::create(&store, &channel(9, "STORKS"), &[]).await.unwrap(), Created::NameTaken);
    assert_eq!(channels::create(&store, &other, &[]).await.unwrap(), Created::There);

    let later = now() + SignedDuration::from_secs(1);
    let called = |name: &str| Channel {
        name: Some(ChannelName::typed(name).unwrap()),
        updated_at: later,
        ..before.clone()
    };
    let (member, place) = rows(CHANNEL, 2, MemberRole::Member);
    members::join(&store, &member, &place).await.unwrap();
    assert_eq!(channels::change(&store, &before, called("sTORKS")).await.unwrap(), Changed::NameTaken);
    let moved = channels::change(&store, &before, called("Egrets")).await.unwrap();
    assert!(matches!(moved, Changed::Done(_)), "{moved:?}");
    let after = found(&store).await.unwrap();
    assert_eq!((after.member_count, after.name.clone()), (2, called("Egrets").name));
    assert_eq!(channels::change(&store, &before, called("cranes")).await.unwrap(), Changed::Stale);
    let by_name = async |name: &str| {
        channels::by_name(&store, &ChannelName::typed(name).unwrap(), now()).await.unwrap()
    };
    assert_eq!((by_name("herons").await, by_name("EGRETS").await), (None, Some(after.id)));
    assert_eq!(
        (by_name("cranes").await, listed(&store).await),
        (None, vec!["Egrets".into(), "Storks".into()])
    );

    // archived: not listed, still found, nobody joins
    let archived = Channel {
        archived_at: Some(later),
        description: Some("of herons".into()),
        updated_at: later + SignedDuration::from_secs(1),
        ..after.clone()
    };
    let Changed::Done(archived) = channels::change(&store, &after, archived).await.unwrap() else { panic!() };
    assert_eq!(listed(&store).await, ["Storks"]);
    let (member, place) = rows(CHANNEL, 3, MemberRole::Member);
    assert_eq!(members::join(&store, &member, &place).await.unwrap(), Joined::Refused);
    let back = Channel {
        archived_at: None,
        updated_at: archived.updated_at + SignedDuration::from_secs(1),
        ..archived.clone()
    };
    channels::change(&store, &archived, back.clone()).await.unwrap();
    assert_eq!((found(&store).await, listed(&store).await.len()), (Some(back), 2));
}

#[tokio::test]
async fn z1_z3_a_channel_keeps_an_owner_whoever_goes_at_once() {
    let World { store, _bench } = world().await;
    let channel = occupied(&store, 3).await.id;
    let (one, two): (UserId, UserId) = (id(1), id(2));
    assert_eq!(members::another_owner(&store, channel, one, now()).await.unwrap(), None);
    let up = (MemberRole::Member, MemberRole::Owner);
    let given = members::give_role(&store, channel, two, up, Stays::Anyone).await.unwrap();
    assert_eq!((given, role(&store, 2).await), (Written::Done(()), Some((up.1, up.1))));
    assert_eq!(members::another_owner(&store, channel, one, now()).await.unwrap(), Some(two));

    let go = |user, stays| members::leave(&store, channel, user, MemberRole::Owner, Stays::Owner(stays));
    let (first, second) = futures::join!(go(one, two), go(two, one));
    let gone = [first.unwrap(), second.unwrap()].iter().filter(|gone| **gone == Written::Done(())).count();
    assert_eq!(gone, 1, "each counted on the other");
    assert_eq!(found(&store).await.unwrap().member_count, 2);
    let left = if role(&store, 1).await.is_some() { 1 } else { 2 };
    let alone = members::leave(&store, channel, id(left), MemberRole::Owner, Stays::Nobody).await.unwrap();
    assert_eq!(alone, Written::Refused, "there is a third");
    let down = (MemberRole::Owner, MemberRole::Member);
    let demoted = members::give_role(&store, channel, id(left), down, Stays::Owner(id(3))).await.unwrap();
    assert_eq!((demoted, role(&store, left).await), (Written::Refused, Some((down.0, down.0))));
    let as_member =
        members::leave(&store, channel, id(left), MemberRole::Member, Stays::Anyone).await.unwrap();
    assert_eq!(as_member, Written::Refused, "they were read as something else");
}

#[tokio::test]
async fn z3_a_place_that_was_read_before_does_not_bring_back_a_role_or_whoever_left() {
    let World { store, _bench } = world().await;
    let channel = occupied(&store, 2).await.id;
    let read = members::place(&store, id(2), channel, now()).await.unwrap().unwrap();
    let up = (MemberRole::Member, MemberRole::Moderator);
    members::give_role(&store, channel, id(2), up, Stays::Anyone).await.unwrap();
    let marked = Place { read_seq: 5, ..read.clone() };
    assert_eq!(members::rewrite(&store, &read, marked.clone()).await.unwrap(), Written::Refused);
    let read = members::place(&store, id(2), channel, now()).await.unwrap().unwrap();
    assert_eq!((read.role, read.rev), (MemberRole::Moderator, 2));
    let leave = || members::leave(&store, channel, id(2), MemberRole::Moderator, Stays::Anyone);
    assert_eq!(leave().await.unwrap(), Written::Done(()));
    assert_eq!(leave().await.unwrap(), Written::Refused);
    assert_eq!(members::rewrite(&store, &read, marked).await.unwrap(), Written::Refused);
    assert_eq!((role(&store, 2).await, found(&store).await.unwrap().member_count), (None, 1));
    let rename =
        async |before: Member, name: &str| members::rename(&store, &before, "ana", name).await.unwrap();
    let before = members::get(&store, channel, id(1), Freshness::Strong, now()).await.unwrap().unwrap();
    let gone = Member { user: id(2), ..before.clone() };
    assert_eq!(rename(gone, "Bo").await, Written::Refused, "whoever left is not brought back by a name");
    assert_eq!(rename(before.clone(), "Ana Lima").await, Written::Done(()));
    assert_eq!(rename(before, "Ana Older").await, Written::Refused, "a name that was not read is newer");
    let rows = members::of_one(&store, id(1), &[channel, id(9)], now()).await.unwrap();
    assert_eq!((rows.len(), rows[0].username.as_str(), rows[0].name.as_str()), (1, "ana", "Ana Lima"));
}

/// A row of which only its place matters.
#[derive(Serialize, Deserialize)]
struct Lies {
    #[serde(skip)]
    at: (String, String),
}

impl Item for Lies {
    const KIND: &'static str = "lies";

    fn key(&self) -> Key {
        Key { pk: self.at.0.clone(), sk: self.at.1.clone() }
    }
}

async fn lay(store: &Store, pk: &Pk<'_>, sk: &Sk<'_>) {
    store.put(&Lies { at: (pk.to_string(), sk.to_string()) }).await.unwrap();
}

async fn left(store: &Store, parts: &[Pk<'_>]) -> u64 {
    let counts = join_all(parts.iter().map(|part| store.count(Query::partition(part).strong()))).await;
    counts.into_iter().map(Result::unwrap).sum()
}

fn message(channel: ChannelId, seq: u64) -> Message {
    let author = Author { id: id(1), username: "ana".into(), name: "Ana".into() };
    let preview = ReplyPreview { user_id: id(1), username: "ana".into(), content: "one".into() };
    let reply_to = (seq > 1).then_some(Reply { seq: 1, preview });
    Message { seq, reply_to, ..Message::new(channel, author, "two".into(), now()) }
}

#[tokio::test]
async fn y5_a_deleted_channel_is_gone_at_once_and_cleared_away_by_and_by() {
    let World { store, _bench } = world().await;
    let channel = occupied(&store, 3).await;
    let first = messages::append(&store, message(channel.id, 1), 0, now()).await.unwrap();
    let messages::Appended::Now(first) = first else { panic!() };
    for seq in 2..=1_010 {
        store.put(&message(channel.id, seq)).await.unwrap();
    }
    messages::change(&store, &first, first.clone(), now()).await.unwrap();
    lay(&store, &Pk::Replies(first.id()), &Sk::Number(2)).await;
    for seq in [1, 300, 1_010] {
        terms::write(&store, "two", channel.id, &Page::of(seq, now()), &[seq]).await.unwrap();
    }
    let mentioned = Mentioned { user: id(3), username: "cy".into() };
    store.put(&Message { mentions: vec![mentioned], ..message(channel.id, 7) }).await.unwrap();
    let to = MessageId { channel: channel.id, seq: 7 };
    let mention = Mention { user: id(3), message: to, sent_at: now(), told: true, mailed: false };
    mentions::put(&store, &mention).await.unwrap();
    lay(&store, &Pk::Channel(channel.id), &Sk::Pin(1)).await;
    lay(&store, &Pk::Channel(channel.id), &Sk::Followed).await;
    lay(&store, &Pk::Chat(id(2)), &Sk::Draft(channel.id)).await;
    lay(&store, &Pk::Chat(id(2)), &Sk::Draft(id(8))).await;
    lay(&store, &Pk::Chat(id(2)), &Sk::Preferences).await;

    let delete = |by, now| channels::delete(&store, &channel, by, now);
    assert_eq!(delete(Occupied::ByOne, now()).await.unwrap(), Written::Refused, "others are in it");
    assert_eq!(delete(Occupied::ByAnyone, now()).await.unwrap(), Written::Done(()));
    assert_eq!(delete(Occupied::ByAnyone, now()).await.unwrap(), Written::Refused);
    assert_eq!((found(&store).await, listed(&store).await.len()), (None, 0));
    let again = channels::create(&store, &Channel { id: id(8), ..channel.clone() }, &[]).await.unwrap();
    assert_eq!(again, Created::Done, "its name is free");

    let clear = |now: Timestamp| channels::clear(&store, channel.id, now);
    assert!(clear(now()).await.unwrap());
    assert_eq!(members::place(&store, id(2), channel.id, now()).await.unwrap(), None, "members go first");
    let log = [Pk::Messages(channel.id)];
    assert_eq!(left(&store, &log).await, 1_010, "whoever is at them has a minute");
    let parts = [
        Pk::Channel(channel.id),
        Pk::Messages(channel.id),
        Pk::Changes(channel.id),
        Pk::Replies(first.id()),
        Pk::Chat(id(1)),
        Pk::Term("two"),
        Pk::Mentions(id(3)),
    ];
    assert_eq!(left(&store, &[Pk::Chat(id(2))]).await, 2, "of another channel, and of none");
    // whoever was writing as it went, and what nobody can read
    lay(&store, &Pk::Messages(channel.id), &Sk::Number(1_011)).await;
    let later = now() + SignedDuration::from_mins(1);
    let (items, _) = due::due(&store, 10, None, later).await.unwrap();
    let what: Vec<due::What> = items.iter().map(|item| item.what().unwrap()).collect();
    assert_eq!(what, [due::What::DeletedChannel(channel.id)]);
    assert!(!clear(later).await.unwrap(), "more than one go");
    assert_eq!(left(&store, &[Pk::Messages(channel.id)]).await, 911);
    while !clear(later).await.unwrap() {}
    assert!(clear(later).await.unwrap(), "however often");
    assert_eq!(
        (left(&store, &parts).await, due::due(&store, 10, None, later).await.unwrap().0.len()),
        (0, 0)
    );
    let deleted = Deleted { id: channel.id, deleted_at: now() };
    assert_eq!(deleted.due(), Some(later));
}

#[tokio::test]
async fn z4_what_is_somebodys_alone_is_forgotten_and_not_their_places() {
    let World { store, _bench } = world().await;
    occupied(&store, 2).await;
    for sk in [Sk::Draft(id(7)), Sk::Preferences, Sk::Digest] {
        lay(&store, &Pk::Chat(id(2)), &sk).await;
    }
    lay(&store, &Pk::Mentions(id(2)), &Sk::Mention("2026")).await;
    members::forget(&store, id(2)).await.unwrap();
    assert_eq!(left(&store, &[Pk::Chat(id(2)), Pk::Mentions(id(2))]).await, 1);
    assert_eq!(members::places(&store, id(2), now()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn y4_how_far_channels_were_followed_is_read_at_once() {
    let World { store, _bench } = world().await;
    for (log, number) in [(Log::Messages, 4), (Log::Changes, 7), (Log::Messages, 3), (Log::Changes, 6)] {
        let done = followed::advance(&store, id(1), log, number).await.unwrap();
        assert_eq!(done == Written::Refused, number % 3 == 0, "only forwards");
    }
    let found = followed::get_many(&store, &[id(1), id(2)], now()).await.unwrap();
    assert_eq!(found, [Followed { channel: id(1), seq: 4, change: 7 }]);
    let none = followed::get(&store, id(2), now()).await.unwrap();
    assert_eq!(none, Followed { channel: id(2), seq: 0, change: 0 });
}
