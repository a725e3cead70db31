//! Processing of messages: mentions, replies and the search index.

use model::{ChannelId, MessageId, UserId, notification::NotificationPreferences};
use protocol::{
    Job,
    job::{DeleteChannelRows, ProcessMessages},
};
use serde::{Deserialize, Serialize};
use store::{
    Item, Key, PageRequest, ReadConsistency, WriteOutcome,
    chat::{
        channels::{self, RemainingMembers},
        memberships::NotificationLevel,
        mention_digests, mentions, message_replies, notification_preferences, projection_checkpoint,
        search_terms::{SearchStep, TermSearch},
    },
    dynamodb::key::{PartitionKey, SortKey},
};

use crate::world::{ChatWorld, processing_job};

const MENTION_EVENT: &str = "mention_notification";

impl ChatWorld {
    /// Returns the messages of a channel that contain all of these words, the newest first.
    async fn search_hits(&self, channel: ChannelId, words: &[&str]) -> Vec<MessageId> {
        let mut search = TermSearch::new([channel], words.iter().map(|word| (*word).to_owned()), None);
        let mut all = Vec::new();
        loop {
            match search.step(&self.app.store, self.clock.now()).await.unwrap() {
                SearchStep::Hit(hit) => {
                    all.extend(hit.seqs.iter().map(|seq| MessageId { channel: hit.channel, seq: *seq }));
                }
                SearchStep::End => return all,
                SearchStep::LimitReached(position) => panic!("{position:?}"),
            }
        }
    }

    async fn mention_list(&self, user: UserId) -> Vec<MessageId> {
        let found = mentions::list_newest(&self.app.store, user, 50, self.clock.now()).await.unwrap();
        assert!(found.iter().all(|mention| mention.is_notified), "{found:?}");
        found.into_iter().map(|mention| mention.message).collect()
    }

    async fn replies_to(&self, to: MessageId) -> Vec<u64> {
        let page = message_replies::page(&self.app.store, to, &PageRequest::internal(50), self.clock.now())
            .await
            .unwrap();
        page.items.into_iter().map(|reply| reply.seq).collect()
    }

    async fn processed_seq(&self, channel: ChannelId) -> u64 {
        projection_checkpoint::get(&self.app.store, channel, self.clock.now()).await.unwrap().seq
    }
}

#[tokio::test]
async fn one_job_processes_all_messages_whose_jobs_were_lost() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let mut socket = world.connect_to_team("bo=", bo.id).await;
    let first = world.append_message(channel, &ana, "Herons at the pond", &[], None).await;
    let second = world.append_message(channel, &ana, "@bo the pond again", &[&bo], Some(1)).await;
    // enough messages for a second batch
    for number in 0..120 {
        world.append_message(channel, &ana, &format!("number{number} of a list"), &[], None).await;
    }
    assert!(world.deliver(&worker, &processing_job(first)).await);
    assert_eq!(world.processed_seq(channel).await, 122);
    assert_eq!(world.search_hits(channel, &["pond"]).await, [second, first]);
    assert_eq!(world.search_hits(channel, &["pond", "herons"]).await, [first]);
    assert_eq!(world.search_hits(channel, &["list"]).await.len(), 120);
    assert_eq!(world.search_hits(channel, &["number119", "list"]).await, [MessageId { channel, seq: 122 }]);
    assert_eq!(world.replies_to(first).await, [2]);
    assert_eq!(world.mention_list(bo.id).await, [second]);
    let notifications = socket.payloads_of(MENTION_EVENT);
    assert_eq!(notifications.len(), 1, "{notifications:?}");
    assert_eq!(
        (
            notifications[0]["content"].as_str(),
            notifications[0]["is_edit"].as_bool(),
            notifications[0]["is_silent"].as_bool()
        ),
        (Some("@bo the pond again"), Some(false), Some(false))
    );
    // a repeated job, a late job and the job of a message that does not exist change nothing
    for (name, job) in [
        ("a late job", processing_job(first)),
        ("a repeated job", processing_job(second)),
        ("an unknown message", ProcessMessages { channel, seq: 900, version: 1, change: 0, tries: 0 }),
    ] {
        assert!(world.deliver(&worker, &job).await, "{name}");
    }
    assert_eq!(world.processed_seq(channel).await, 122);
    assert!(socket.payloads_of(MENTION_EVENT).is_empty());
}

/// An item under the key of a message that cannot be read as a message.
#[derive(Serialize, Deserialize)]
struct UnreadableItem {
    at: (String, String),
}

impl Item for UnreadableItem {
    const KIND: &'static str = "garbage";

    fn key(&self) -> Key {
        Key { pk: self.at.0.clone(), sk: self.at.1.clone() }
    }
}

impl ChatWorld {
    async fn make_unreadable(&self, message: MessageId) {
        let pk = PartitionKey::Messages(message.channel);
        let sk = SortKey::Number(message.seq);
        self.app.store.put(&UnreadableItem { at: (pk.to_string(), sk.to_string()) }).await.unwrap();
    }
}

#[tokio::test]
async fn an_unreadable_message_blocks_no_other() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let first = world.append_message(channel, &ana, "a heron", &[], None).await;
    let second = world.append_message(channel, &ana, "an unreadable heron", &[], None).await;
    let third = world.append_message(channel, &ana, "@bo another heron", &[&bo], None).await;
    world.make_unreadable(second).await;
    assert!(world.deliver(&worker, &processing_job(second)).await);
    assert_eq!(world.processed_seq(channel).await, 3);
    assert_eq!(world.search_hits(channel, &["heron"]).await, [third, first]);
    assert_eq!(world.mention_list(bo.id).await, [third]);
    // also if the channel has no other message
    let channel = world.create_channel(&[&ana]).await;
    let only = world.append_message(channel, &ana, "the only heron", &[], None).await;
    world.make_unreadable(only).await;
    assert!(world.deliver(&worker, &processing_job(only)).await);
    assert_eq!(world.processed_seq(channel).await, 1);
}

#[test]
fn jobs_of_a_channel_are_ordered_and_deduplicated() {
    let message = MessageId { channel: uuid::Uuid::from_u128(1).into(), seq: 7 };
    let fifo_key = |job: ProcessMessages| job.fifo_key().unwrap();
    let new = processing_job(message);
    let again = processing_job(message);
    let edited = ProcessMessages { version: 2, ..new };
    let retried = ProcessMessages { tries: 1, ..new };
    assert_eq!(fifo_key(new), fifo_key(again));
    for (name, other) in
        [("edited", edited), ("retried", retried), ("retried twice", ProcessMessages { tries: 2, ..new })]
    {
        let (key, first) = (fifo_key(other), fifo_key(new));
        assert_eq!(key.message_group_id, first.message_group_id, "{name}");
        assert_ne!(key.message_deduplication_id, first.message_deduplication_id, "{name}");
    }
}

#[tokio::test]
async fn a_deleted_channel_is_not_indexed_again() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let message = world.append_message(channel, &ana, "@bo a heron", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    let late = world.append_message(channel, &ana, "@bo a stork", &[&bo], None).await;
    let store = &world.app.store;
    let now = world.clock.now();
    let row = channels::get(store, channel, ReadConsistency::Strong, now).await.unwrap().unwrap();
    assert_eq!(
        channels::delete(store, &row, RemainingMembers::Any, now).await.unwrap(),
        WriteOutcome::Applied(())
    );
    let edited = ProcessMessages { version: 2, change: 1, ..processing_job(message) };
    for (name, job) in [("a late message", processing_job(late)), ("an edit", edited)] {
        assert!(world.deliver(&worker, &job).await, "{name} before the rows are deleted");
    }
    assert!(world.search_hits(channel, &["stork"]).await.is_empty());
    // the second delivery comes after a concurrent run would have ended
    for _ in 0..2 {
        assert!(world.deliver(&worker, &DeleteChannelRows { channel }).await);
        world.clock.advance(std::time::Duration::from_mins(1));
    }
    assert!(world.queued_jobs::<DeleteChannelRows>().is_empty(), "all rows are deleted");
    for (name, job) in [("a late message", processing_job(late)), ("an edit", edited)] {
        assert!(world.deliver(&worker, &job).await, "{name} after the rows are deleted");
    }
    assert!(
        world.search_hits(channel, &["heron"]).await.is_empty() && world.mention_list(bo.id).await.is_empty()
    );
    assert_eq!(world.processed_seq(channel).await, 0);
}

#[tokio::test]
async fn an_edit_notifies_newly_mentioned_members_only() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let cy = world.create_user("cy").await;
    let channel = world.create_channel(&[&ana, &bo, &cy]).await;
    let mut bo_socket = world.connect_to_team("bo=", bo.id).await;
    let mut cy_socket = world.connect_to_team("cy=", cy.id).await;
    let message = world.append_message(channel, &ana, "@bo a heron", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    assert_eq!(
        (bo_socket.payloads_of(MENTION_EVENT).len(), cy_socket.payloads_of(MENTION_EVENT).len()),
        (1, 0)
    );
    let edited = world.edit_message(message, "@bo @cy a stork", &[&bo, &cy]).await;
    for _ in 0..2 {
        assert!(world.deliver(&worker, &edited).await);
    }
    let notifications = cy_socket.payloads_of(MENTION_EVENT);
    assert_eq!((bo_socket.payloads_of(MENTION_EVENT).len(), notifications.len()), (0, 1));
    assert_eq!(notifications[0]["is_edit"], true);
    assert_eq!(world.mention_list(cy.id).await, [message]);
    assert_eq!(world.search_hits(channel, &["stork"]).await, [message]);
    // a message that was edited before it was processed counts as new
    let next = world.append_message(channel, &ana, "first", &[], None).await;
    let edited = world.edit_message(next, "@cy second", &[&cy]).await;
    assert!(world.deliver(&worker, &edited).await);
    let notifications = cy_socket.payloads_of(MENTION_EVENT);
    assert_eq!((notifications.len(), notifications[0]["is_edit"].as_bool()), (1, Some(false)));
    assert!(world.search_hits(channel, &["first"]).await.is_empty());
}

#[tokio::test]
async fn the_next_job_processes_an_edit_whose_job_was_lost() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let cy = world.create_user("cy").await;
    let channel = world.create_channel(&[&ana, &bo, &cy]).await;
    let mut bo_socket = world.connect_to_team("bo=", bo.id).await;
    let mut cy_socket = world.connect_to_team("cy=", cy.id).await;
    let mut messages = Vec::new();
    for text in ["@bo a heron", "an unreadable one", "another one"] {
        messages.push(world.append_message(channel, &ana, text, &[&bo], None).await);
    }
    assert!(world.deliver(&worker, &processing_job(messages[2])).await);
    assert_eq!(bo_socket.payloads_of(MENTION_EVENT).len(), 3);
    let lost = [
        world.edit_message(messages[0], "@bo @cy a stork", &[&bo, &cy]).await,
        world.edit_message(messages[1], "an unreadable edit", &[]).await,
        world.edit_message(messages[2], "another stork", &[]).await,
    ];
    let next = world.append_message(channel, &ana, "next", &[], None).await;
    world.make_unreadable(messages[1]).await;
    assert!(world.deliver(&worker, &processing_job(next)).await);
    let notifications = cy_socket.payloads_of(MENTION_EVENT);
    assert_eq!((bo_socket.payloads_of(MENTION_EVENT).len(), notifications.len()), (0, 1));
    assert_eq!(notifications[0]["is_edit"], true);
    assert_eq!(world.search_hits(channel, &["stork"]).await, [messages[2], messages[0]]);
    let checkpoint = projection_checkpoint::get(&world.app.store, channel, world.clock.now()).await.unwrap();
    assert_eq!((checkpoint.seq, checkpoint.change), (4, 3));
    // the late jobs find nothing to do
    for job in lost {
        assert!(world.deliver(&worker, &job).await);
    }
    assert!(
        bo_socket.payloads_of(MENTION_EVENT).is_empty() && cy_socket.payloads_of(MENTION_EVENT).is_empty()
    );
}

#[tokio::test]
async fn muted_and_departed_members_are_not_notified() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let cy = world.create_user("cy").await;
    let outsider = world.create_user("dan").await;
    let channel = world.create_channel(&[&ana, &bo, &cy]).await;
    world
        .update_membership(cy.id, channel, |membership| {
            membership.notification_level = NotificationLevel::Nothing;
        })
        .await;
    let all = [&bo, &cy, &outsider];
    let mut sockets = Vec::new();
    for user in all {
        sockets.push(world.connect_to_team(&format!("{}=", user.username), user.id).await);
    }
    world.leave_channel(channel, bo.id).await;
    let message = world.append_message(channel, &ana, "@bo @cy @dan", &all, None).await;
    let deleted = world.append_message(channel, &ana, "@cy gone", &[&cy], None).await;
    world.delete_message(deleted).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    for mut socket in sockets {
        assert!(socket.payloads_of(MENTION_EVENT).is_empty());
    }
    assert!(world.mention_list(bo.id).await.is_empty() && world.mention_list(outsider.id).await.is_empty());
    assert_eq!(world.mention_list(cy.id).await, [message], "a muted mention is listed");
    assert_eq!(mention_digests::get(&world.app.store, cy.id, world.clock.now()).await.unwrap().rev, 0);
    assert!(world.search_hits(channel, &["gone"]).await.is_empty());
}

#[tokio::test]
async fn notifications_are_silent_in_quiet_hours() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let mut socket = world.connect_to_team("bo=", bo.id).await;
    // nearly all day, from the previous minute on
    let minute = world.clock.now().as_second() / 60 % 1440;
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = serde_json::json!({
        "from": time((minute + 1439) % 1440), "to": time((minute + 1430) % 1440), "time_zone": "UTC",
    });
    let quiet_hours = serde_json::from_value(hours).unwrap();
    let wanted =
        NotificationPreferences { quiet_hours: Some(quiet_hours), ..NotificationPreferences::default() };
    notification_preferences::put(&world.app.store, bo.id, wanted).await.unwrap();
    let message = world.append_message(channel, &ana, "@bo hush", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    let notifications = socket.payloads_of(MENTION_EVENT);
    assert_eq!((notifications.len(), notifications[0]["is_silent"].as_bool()), (1, Some(true)));
}

/// The function dies between any two of its writes. The next delivery ends with the same rows, and the members are
/// notified.
#[tokio::test]
async fn a_crash_at_any_step_leads_to_the_same_rows() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let mut deaths = 0;
    for steps in 1.. {
        let channel = world.create_channel(&[&ana, &bo]).await;
        let mut socket = world.connect_to_team(&format!("bo-{steps}="), bo.id).await;
        let first = world.append_message(channel, &ana, &format!("heron{steps}"), &[], None).await;
        let second =
            world.append_message(channel, &ana, &format!("@bo heron{steps} too"), &[&bo], Some(1)).await;
        let died = world
            .cloud
            .run_until_crash(steps, world.deliver(&worker, &processing_job(second)))
            .await
            .is_none();
        assert!(world.deliver(&worker, &processing_job(second)).await, "after {steps} steps");
        assert_eq!(
            world.search_hits(channel, &[&format!("heron{steps}")]).await,
            [second, first],
            "after {steps} steps"
        );
        assert_eq!(world.replies_to(first).await, [2], "after {steps} steps");
        assert!(world.mention_list(bo.id).await.contains(&second), "after {steps} steps");
        assert_eq!(world.processed_seq(channel).await, 2, "after {steps} steps");
        let notifications = socket.payloads_of(MENTION_EVENT);
        assert!((1..=2).contains(&notifications.len()), "after {steps} steps: {notifications:?}");
        let digest = mention_digests::get(&world.app.store, bo.id, world.clock.now()).await.unwrap();
        assert!(digest.send_at.is_some(), "after {steps} steps");
        if !died {
            break;
        }
        deaths += 1;
        disconnect(&world, &format!("bo-{steps}="), bo.id).await;
    }
    assert!(deaths > 10, "the job has more than {deaths} steps");
}

async fn disconnect(world: &ChatWorld, connection: &str, user: UserId) {
    let room = model::Room::User(user);
    let rows =
        store::realtime::connections::list_in_room(&world.app.store, room, world.clock.now()).await.unwrap();
    for row in rows.iter().filter(|row| row.id == connection) {
        store::realtime::connections::delete(&world.app.store, row).await.unwrap();
    }
}
