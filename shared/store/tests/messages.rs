//! The message log of a channel under concurrent writes, retries and crashes.

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up fails")]

mod world;

use std::collections::BTreeSet;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use model::{ChannelId, MessageId, UserId, channel::MemberRole, message::ChannelPosition};
use store::{
    ReadConsistency, Store, WriteOutcome,
    chat::{
        memberships::{self, Membership, NotificationLevel, SendAttempt, SendRecord, SendRefusal},
        messages::{self, AppendOutcome, DuplicateLookup, MAX_PINS, Message, StoredReaction},
    },
    dynamodb::cost,
};

use testkit::samples;
use world::{World, id, now, store_world};

const CHANNEL: u128 = 7;

fn channel() -> ChannelId {
    id(CHANNEL)
}

fn message(author: u128, client_msg_id: &str) -> Message {
    let author = samples::chat::author(id(author));
    let content = format!("I say {client_msg_id}");
    Message { client_msg_id: Some(client_msg_id.into()), ..Message::new(channel(), author, content, now()) }
}

async fn join_channel(store: &Store, user: u128) -> Membership {
    let author = samples::chat::author(id(user));
    let (member, membership) = samples::chat::membership_rows(channel(), &author, MemberRole::Member, now());
    store.put(&membership).await.unwrap();
    store.put(&member).await.unwrap();
    membership
}

/// Stores a message as `POST /v1/messages` does, at a moment.
async fn send_message(
    store: &Store,
    user: u128,
    client_msg_id: &str,
    at: Timestamp,
) -> Result<AppendOutcome, SendRefusal> {
    let membership = memberships::get_membership(store, id(user), channel(), at).await.unwrap();
    let membership = membership.ok_or(SendRefusal::NotMember)?;
    let last_seq = messages::last_seq(store, channel(), ReadConsistency::Eventual, at).await.unwrap();
    let record = SendRecord::new(client_msg_id, "I say it", last_seq);
    let after = match memberships::reserve_send(store, membership, record, at).await.unwrap() {
        SendAttempt::New(_) => last_seq,
        SendAttempt::Retry(_, earlier) => earlier.last_seq,
        SendAttempt::Refused(refusal) => return Err(refusal),
    };
    Ok(messages::append(store, message(user, client_msg_id), after, at).await.unwrap())
}

async fn all_messages(store: &Store) -> Vec<Message> {
    messages::list_range(store, channel(), 1, 1_000, now()).await.unwrap()
}

async fn change_message(store: &Store, seq: u64, content: &str, at: Timestamp) -> Message {
    let before = messages::get(store, MessageId { channel: channel(), seq }, at).await.unwrap().unwrap();
    let after = Message { content: content.into(), ..before.clone() };
    messages::change(store, &before, after, at).await.unwrap().applied().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_messages_have_consecutive_numbers() {
    let World { store, _cloud } = store_world().await;
    let appends = (1..=100_u128).map(|user| {
        let store = &store;
        async move { messages::append(store, message(user, "once"), 0, now()).await.unwrap() }
    });
    let mut given: Vec<u64> = join_all(appends)
        .await
        .into_iter()
        .map(|appended| match appended {
            AppendOutcome::Inserted(message) => message.seq,
            AppendOutcome::Duplicate(message) => panic!("{message:?} was never sent before"),
        })
        .collect();
    given.sort_unstable();
    assert_eq!(given, (1..=100).collect::<Vec<u64>>());
    let authors: BTreeSet<UserId> =
        all_messages(&store).await.into_iter().map(|message| message.author.id).collect();
    assert_eq!(authors.len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_retries_store_one_message() {
    let World { store, _cloud } = store_world().await;
    for user in 1..=8 {
        join_channel(&store, user).await;
    }
    let store = &store;
    let again = (0..10).map(|_| send_message(store, 1, "mine", now()));
    // Other members write between the retries.
    let others = (2..=8).map(|user| send_message(store, user, "mine", now()));
    let (again, others) = futures::join!(join_all(again), join_all(others));
    let is_new =
        |appended: &Result<AppendOutcome, SendRefusal>| matches!(appended, Ok(AppendOutcome::Inserted(_)));
    assert!(again.iter().chain(&others).all(Result::is_ok), "{again:?} {others:?}");
    assert_eq!(again.iter().filter(|appended| is_new(appended)).count(), 1);
    assert!(others.iter().all(is_new), "the same id of another member is another message");
    let numbers: BTreeSet<u64> = again
        .into_iter()
        .map(|appended| match appended.unwrap() {
            AppendOutcome::Inserted(message) | AppendOutcome::Duplicate(message) => message.seq,
        })
        .collect();
    assert_eq!(numbers.len(), 1);
    assert_eq!(all_messages(store).await.len(), 8);
}

#[tokio::test]
async fn a_retry_completes_an_interrupted_send() {
    let World { store, _cloud } = store_world().await;
    join_channel(&store, 1).await;
    join_channel(&store, 2).await;
    // The membership was written and the message was not. Then other members wrote.
    let before = memberships::get_membership(&store, id(1), channel(), now()).await.unwrap().unwrap();
    let attempt = memberships::reserve_send(&store, before, SendRecord::new("mine", "I say it", 0), now())
        .await
        .unwrap();
    assert!(matches!(attempt, SendAttempt::New(_)), "{attempt:?}");
    for number in 0..7 {
        send_message(&store, 2, &format!("other {number}"), now()).await.unwrap();
    }
    let AppendOutcome::Inserted(stored) = send_message(&store, 1, "mine", now()).await.unwrap() else {
        panic!("the message was lost")
    };
    assert_eq!(stored.seq, 8);
    send_message(&store, 2, "the last", now()).await.unwrap();
    // The response was lost.
    assert_eq!(send_message(&store, 1, "mine", now()).await.unwrap(), AppendOutcome::Duplicate(stored));
    assert_eq!(all_messages(&store).await.len(), 9);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_duplicate_is_searched_page_by_page() {
    let World { store, _cloud } = store_world().await;
    let store = &store;
    join_all((1..=350).map(|seq| async move {
        store.put(&Message { seq, ..message(1, &seq.to_string()) }).await.unwrap();
    }))
    .await;
    let look = async |client_msg_id: &str, after: u64| {
        cost::measure(messages::find_duplicate(store, channel(), (id(1), client_msg_id), after, now())).await
    };
    let (found, early) = look("57", 10).await;
    let Ok(DuplicateLookup::Found(found)) = found else { panic!("{found:?}") };
    assert_eq!((found.seq, early.requests), (57, 1));
    let (none, whole) = look("never", 10).await;
    assert_eq!((none.unwrap(), whole.requests), (DuplicateLookup::NotFound(350), 4));
    let (appended, cost) = cost::measure(messages::append(store, message(1, "8"), 3, now())).await;
    assert!(matches!(appended, Ok(AppendOutcome::Duplicate(Message { seq: 8, .. }))), "{appended:?}");
    assert!(early.read_units < whole.read_units / 2.0 && cost.read_units < whole.read_units / 2.0);
}

#[tokio::test]
async fn only_members_within_the_rate_limit_send() {
    let World { store, _cloud } = store_world().await;
    let out = join_channel(&store, 1).await;
    join_channel(&store, 2).await;
    for number in 0..20 {
        send_message(&store, 1, &number.to_string(), now()).await.unwrap();
    }
    let refused = send_message(&store, 1, "one more", now()).await;
    assert!(matches!(refused, Err(SendRefusal::RateLimited { .. })), "{refused:?}");
    let refused = send_message(&store, 1, "19", now()).await;
    assert!(matches!(refused, Err(SendRefusal::RateLimited { .. })), "a retry is one more: {refused:?}");
    send_message(&store, 2, "somebody else", now()).await.unwrap();
    let later = now() + SignedDuration::from_secs(20);
    assert!(matches!(send_message(&store, 1, "19", later).await, Ok(AppendOutcome::Duplicate(_))));
    send_message(&store, 1, "one more", now() + SignedDuration::from_secs(10)).await.unwrap();
    let membership = memberships::get_membership(&store, id(1), channel(), now()).await.unwrap().unwrap();
    assert!(membership.read_seq >= 20, "a writer is up to date: {membership:?}");
    store.delete(&store::Item::key(&membership)).await.unwrap();
    // A membership that was read before the member was removed does not help.
    let refused =
        memberships::reserve_send(&store, out, SendRecord::new("late", "I say it", 21), now()).await;
    assert_eq!(refused.unwrap(), SendAttempt::Refused(SendRefusal::NotMember));
}

#[tokio::test]
async fn a_message_of_one_kilobyte_costs_two_write_units() {
    let World { store, _cloud } = store_world().await;
    let membership = join_channel(&store, 1).await;
    let mut long = message(1, "0190b5a4-6f7e-7c3a-9b21-1f0e5d4c3b2a");
    long.content = "x".repeat(600);
    let (_, cost) = cost::measure(async {
        memberships::reserve_send(
            &store,
            membership,
            SendRecord::new("0190b5a4-6f7e-7c3a-9b21-1f0e5d4c3b2a", &long.content, 0),
            now(),
        )
        .await
        .unwrap();
        messages::append(&store, long, 0, now()).await.unwrap()
    })
    .await;
    assert!(cost.requests == 2 && cost.write_units <= 2.0, "{cost:?}");
}

#[tokio::test]
async fn sending_advances_the_read_position_only_when_up_to_date() {
    let World { store, _cloud } = store_world().await;
    for (user, read_seq) in [(1, 5), (2, 3), (3, 6), (4, 9)] {
        let membership = Membership { read_seq, ..join_channel(&store, user).await };
        store.put(&membership).await.unwrap();
        let attempt =
            memberships::reserve_send(&store, membership, SendRecord::new("mine", "I say it", 5), now())
                .await
                .unwrap();
        let SendAttempt::New(after) = attempt else { panic!("{attempt:?}") };
        assert_eq!(after.read_seq, if read_seq == 5 { 6 } else { read_seq });
    }
}

#[tokio::test]
async fn a_reused_client_msg_id_needs_the_same_text() {
    let World { store, _cloud } = store_world().await;
    let membership = join_channel(&store, 1).await;
    let attempt =
        memberships::reserve_send(&store, membership.clone(), SendRecord::new("mine", "hello", 0), now())
            .await
            .unwrap();
    assert!(matches!(attempt, SendAttempt::New(_)), "{attempt:?}");
    let other =
        memberships::reserve_send(&store, membership, SendRecord::new("mine", "good-bye", 0), now()).await;
    assert_eq!(other.unwrap(), SendAttempt::Refused(SendRefusal::IdReused));
}

#[tokio::test]
async fn two_bursts_of_send_records_fit_in_one_kilobyte() {
    let World { store, _cloud } = store_world().await;
    let mut membership = Membership {
        role: MemberRole::Moderator,
        notification_level: NotificationLevel::Mentions,
        other_user: Some(id(u128::MAX)),
        hidden_through: Some(999_999_999_999),
        is_received: true,
        read_seq: 999_999_999_000,
        rev: 999_999_999_999,
        ..join_channel(&store, u128::MAX).await
    };
    store.put(&membership).await.unwrap();
    let named = |number: u64| SendRecord::new(&format!("phone:{number}"), "hello", 999_999_999_000 + number);
    for number in 0..41 {
        let at = now() + SignedDuration::from_secs(i64::try_from(number).unwrap());
        let (attempt, cost) =
            cost::measure(memberships::reserve_send(&store, membership, named(number), at)).await;
        let SendAttempt::New(next) = attempt.unwrap() else { panic!("{number} is new") };
        assert!((cost.requests, cost.write_units) == (1, 1.0), "{number}: {cost:?}");
        membership = next;
    }
    assert_eq!(membership.send_records, (1..41).map(named).collect::<Vec<SendRecord>>());
    let read = memberships::get_membership(&store, membership.user, channel(), now()).await.unwrap();
    assert_eq!(read, Some(membership));
}

#[tokio::test]
async fn the_last_numbers_of_many_channels_are_read_in_batches() {
    let World { store, _cloud } = store_world().await;
    for (n, length) in [(1_u128, 0_u64), (2, 1), (3, 9), (4, 40)] {
        for seq in 1..=length {
            let written = Message { channel: id(n), seq, ..message(1, "x") };
            store.put(&written).await.unwrap();
        }
    }
    let known = [(id(1), 0), (id(2), 1), (id(3), 4), (id(4), 0), (id(5), 0)];
    let heads = messages::last_seqs(&store, &known, ReadConsistency::Strong, now()).await.unwrap();
    assert_eq!(heads, [0, 1, 9, 40, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_changes_have_distinct_numbers() {
    let World { store, _cloud } = store_world().await;
    for _ in 0..40 {
        let after = messages::last_seq(&store, channel(), ReadConsistency::Strong, now()).await.unwrap();
        messages::append(&store, message(1, &after.to_string()), after, now()).await.unwrap();
    }
    let changes = (1..=40).map(|seq| change_message(&store, seq, "other words", now()));
    let mut numbers: Vec<u64> = join_all(changes).await.into_iter().map(|after| after.change).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    assert_eq!(messages::last_numbers(&store, channel(), now()).await.unwrap(), (40, 40));

    // Of two concurrent changes of one message, the second one fails.
    let before = all_messages(&store).await.remove(0);
    change_message(&store, 1, "first", now()).await;
    let late = Message { content: "second".into(), ..before.clone() };
    assert_eq!(messages::change(&store, &before, late, now()).await.unwrap(), WriteOutcome::ConditionFailed);
    assert_eq!(messages::last_numbers(&store, channel(), now()).await.unwrap(), (40, 41));
}

#[tokio::test]
async fn missed_changes_are_replayed_or_require_a_resync() {
    let World { store, _cloud } = store_world().await;
    for seq in 0..6 {
        messages::append(&store, message(1, &seq.to_string()), seq, now()).await.unwrap();
    }
    for seq in [2, 3, 2] {
        change_message(&store, seq, "other words", now()).await;
    }
    let missed = |seq, change| {
        let since = Some(ChannelPosition { seq, change });
        let store = &store;
        async move { messages::read_missed(store, channel(), since, 4, now()).await.unwrap() }
    };
    let numbers = |missed: messages::MissedActivity| -> Option<Vec<u64>> {
        assert_eq!((missed.seq, missed.change), (6, 3));
        Some(missed.messages?.into_iter().map(|message| message.seq).collect())
    };
    assert_eq!(numbers(missed(6, Some(3)).await), Some(vec![]));
    assert_eq!(numbers(missed(4, Some(3)).await), Some(vec![5, 6]));
    assert_eq!(numbers(missed(6, Some(1)).await), Some(vec![2, 3]));
    // Messages are returned as they are now, each once.
    let both = missed(4, Some(0)).await;
    let changed = both.messages.as_ref().unwrap().iter().find(|message| message.seq == 2).unwrap();
    assert_eq!((changed.version, changed.change), (3, 3));
    assert_eq!(numbers(both), Some(vec![2, 3, 5, 6]));
    // A client without a change number gets no changes.
    assert_eq!(numbers(missed(5, None).await), Some(vec![6]));
    for too_much in [missed(1, Some(3)).await, missed(7, Some(3)).await, missed(6, Some(4)).await] {
        assert_eq!(numbers(too_much), None);
    }
    let none = messages::read_missed(&store, channel(), None, 4, now()).await.unwrap();
    assert_eq!(numbers(none), Some(vec![]));
    // Changes expire after a month. A client that asks for them must resync.
    let later = now() + SignedDuration::from_hours(31 * 24);
    let since = Some(ChannelPosition { seq: 6, change: Some(1) });
    let forgotten = messages::read_missed(&store, channel(), since, 4, later).await.unwrap();
    assert_eq!(forgotten.messages, None);
    // Numbers continue, whether the table has deleted the expired changes or not.
    for (number, next) in [(3, 65), (65, 129)] {
        assert_eq!(messages::last_numbers(&store, channel(), later).await.unwrap(), (6, number));
        let moment = later + SignedDuration::from_hours(i64::try_from(number).unwrap() * 24);
        assert_eq!(change_message(&store, 4, "after a month", moment).await.change, next);
        let since = Some(ChannelPosition { seq: 6, change: Some(2) });
        let forgotten = messages::read_missed(&store, channel(), since, 200, moment).await.unwrap();
        assert_eq!((forgotten.messages, forgotten.change), (None, next));
    }
}

#[tokio::test]
async fn pins_follow_their_messages() {
    let World { store, _cloud } = store_world().await;
    for seq in 0..3 {
        messages::append(&store, message(1, &seq.to_string()), seq, now()).await.unwrap();
    }
    let pin = async |seq: u64, at: Option<Timestamp>| {
        let before =
            messages::get(&store, MessageId { channel: channel(), seq }, now()).await.unwrap().unwrap();
        let after = Message { pinned_at: at, ..before.clone() };
        messages::change(&store, &before, after, now()).await.unwrap().applied().unwrap();
    };
    let pinned = async || -> Vec<u64> {
        let pinned = messages::list_pinned_messages(&store, channel(), now()).await.unwrap();
        pinned.into_iter().map(|message| message.seq).collect()
    };
    pin(3, Some(now())).await;
    pin(1, Some(now() + SignedDuration::from_secs(1))).await;
    assert_eq!(pinned().await, [1, 3], "the newest pin first");
    pin(1, None).await;
    assert_eq!(pinned().await, [3]);
    assert!(messages::list_pins(&store, channel(), now()).await.unwrap().len() < MAX_PINS);
}

#[tokio::test]
async fn a_message_round_trips_through_its_item() {
    let World { store, _cloud } = store_world().await;
    let mut whole = message(1, "whole");
    whole.seq = 1;
    whole.reactions = vec![StoredReaction { emoji: "👍".into(), users: vec![id(1), id(2)] }];
    whole.pinned_at = Some(now());
    for written in [whole, Message { seq: 2, ..message(1, "bare") }] {
        store.put(&written).await.unwrap();
        assert_eq!(messages::get(&store, written.id(), now()).await.unwrap(), Some(written));
    }
}

/// A phone that was offline sends all its messages at the same time.
#[tokio::test]
async fn a_concurrent_burst_of_one_member_is_stored() {
    let World { store, _cloud } = store_world().await;
    join_channel(&store, 1).await;
    let ids: Vec<String> = (0..20).map(|number| number.to_string()).collect();
    let sent = join_all(ids.iter().map(|client_msg_id| send_message(&store, 1, client_msg_id, now()))).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    assert_eq!(all_messages(&store).await.len(), 20);
}
