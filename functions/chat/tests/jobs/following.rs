//! What follows from messages.

use model::{ChannelId, MessageId, UserId, notification::NotificationPreferences};
use protocol::{
    Job,
    job::{DeleteChannelRows, ProcessMessages},
};
use serde::{Deserialize, Serialize};
use store::{
    Item, Key, ReadConsistency, WriteOutcome,
    channels::{self, RemainingMembers},
    digests, followed,
    members::NotificationLevel,
    mentions, preferences, replies,
    table::{PartitionKey, SortKey},
    terms::{SearchStep, TermSearch},
};

use crate::world::{ChatWorld, follow};
use cloud::bench::dies_after;

const TOLD: &str = "mention_notification";

impl ChatWorld {
    /// Where all of these words stand, newest first.
    async fn found(&self, words: &[&str]) -> Vec<MessageId> {
        let mut search = TermSearch::new(words.iter().map(|word| (*word).to_owned()), None);
        let mut all = Vec::new();
        loop {
            match search.step(&self.app.store, self.clock.now()).await.unwrap() {
                SearchStep::Hit(hit) => {
                    all.extend(hit.seqs.iter().map(|seq| MessageId { channel: hit.channel, seq: *seq }));
                }
                SearchStep::End => return all,
                SearchStep::Enough(position) => panic!("{position:?}"),
            }
        }
    }

    async fn mentioned(&self, user: UserId) -> Vec<MessageId> {
        let found = mentions::newest(&self.app.store, user, 50, self.clock.now()).await.unwrap();
        assert!(found.iter().all(|mention| mention.told), "{found:?}");
        found.into_iter().map(|mention| mention.message).collect()
    }

    async fn answers(&self, to: MessageId) -> Vec<u64> {
        let page = replies::page(&self.app.store, to, 50, None, self.clock.now()).await.unwrap();
        page.items.into_iter().map(|reply| reply.seq).collect()
    }

    async fn followed(&self, channel: ChannelId) -> u64 {
        followed::get(&self.app.store, channel, self.clock.now()).await.unwrap().seq
    }
}

#[tokio::test]
async fn one_job_makes_up_for_all_that_were_lost() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let channel = world.channel(&[&ana, &bo]).await;
    let mut heard = world.socket("bo=", bo.id).await;
    let first = world.say(channel, &ana, "Herons at the pond", &[], None).await;
    let second = world.say(channel, &ana, "@bo the pond again", &[&bo], Some(1)).await;
    // enough for a second step
    for number in 0..120 {
        world.say(channel, &ana, &format!("number{number} of a list"), &[], None).await;
    }
    assert!(world.deliver(&worker, &follow(first)).await);
    assert_eq!(world.followed(channel).await, 122);
    assert_eq!(world.found(&["pond"]).await, [second, first]);
    assert_eq!(world.found(&["pond", "herons"]).await, [first]);
    assert_eq!(world.found(&["list"]).await.len(), 120);
    assert_eq!(world.found(&["number119", "list"]).await, [MessageId { channel, seq: 122 }]);
    assert_eq!(world.answers(first).await, [2]);
    assert_eq!(world.mentioned(bo.id).await, [second]);
    let told = heard.all(TOLD);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        (told[0]["content"].as_str(), told[0]["is_edit"].as_bool(), told[0]["is_silent"].as_bool()),
        (Some("@bo the pond again"), Some(false), Some(false))
    );
    // twice, late, and of one that is not: nothing more
    for job in [
        follow(first),
        follow(second),
        ProcessMessages { channel, seq: 900, version: 1, change: 0, tries: 0 },
    ] {
        assert!(world.deliver(&worker, &job).await);
    }
    assert_eq!(world.followed(channel).await, 122);
    assert!(heard.all(TOLD).is_empty());
}

/// Something else lies where a message should.
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
    async fn spoil(&self, message: MessageId) {
        let (pk, sk) = (PartitionKey::Messages(message.channel), SortKey::Number(message.seq));
        self.app.store.put(&UnreadableItem { at: (pk.to_string(), sk.to_string()) }).await.unwrap();
    }
}

#[tokio::test]
async fn one_that_cannot_be_followed_holds_up_no_other() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let channel = world.channel(&[&ana, &bo]).await;
    let first = world.say(channel, &ana, "a heron", &[], None).await;
    let second = world.say(channel, &ana, "a heron that nobody can read", &[], None).await;
    let third = world.say(channel, &ana, "@bo another heron", &[&bo], None).await;
    world.spoil(second).await;
    assert!(world.deliver(&worker, &follow(second)).await);
    assert_eq!(world.followed(channel).await, 3);
    assert_eq!(world.found(&["heron"]).await, [third, first]);
    assert_eq!(world.mentioned(bo.id).await, [third]);
    // also where there is no other
    let channel = world.channel(&[&ana]).await;
    let only = world.say(channel, &ana, "the only heron", &[], None).await;
    world.spoil(only).await;
    assert!(world.deliver(&worker, &follow(only)).await);
    assert_eq!(world.followed(channel).await, 1);
}

#[test]
fn jobs_of_a_channel_stand_in_order_and_each_once() {
    let message = MessageId { channel: uuid::Uuid::from_u128(1).into(), seq: 7 };
    let place = |job: ProcessMessages| job.place().unwrap();
    let (new, again) = (follow(message), follow(message));
    let edited = ProcessMessages { version: 2, ..new };
    let put_off = ProcessMessages { tries: 1, ..new };
    assert_eq!(place(new), place(again));
    for other in [edited, put_off, ProcessMessages { tries: 2, ..new }] {
        assert_eq!(place(other).group, place(new).group);
        assert_ne!(place(other).deduplication, place(new).deduplication);
    }
}

#[tokio::test]
async fn nothing_comes_back_of_a_channel_that_is_deleted() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let channel = world.channel(&[&ana, &bo]).await;
    let message = world.say(channel, &ana, "@bo a heron", &[&bo], None).await;
    assert!(world.deliver(&worker, &follow(message)).await);
    let late = world.say(channel, &ana, "@bo a stork", &[&bo], None).await;
    let (store, now) = (&world.app.store, world.clock.now());
    let row = channels::get(store, channel, ReadConsistency::Strong, now).await.unwrap().unwrap();
    assert_eq!(
        channels::delete(store, &row, RemainingMembers::ByAnyone, now).await.unwrap(),
        WriteOutcome::Done(())
    );
    let edited = ProcessMessages { version: 2, change: 1, ..follow(message) };
    for job in [follow(late), edited] {
        assert!(world.deliver(&worker, &job).await);
    }
    assert!(world.found(&["stork"]).await.is_empty());
    // once at once, once where whoever was at it has done
    for _ in 0..2 {
        assert!(world.deliver(&worker, &DeleteChannelRows { channel }).await);
        world.clock.advance(std::time::Duration::from_mins(1));
    }
    assert!(world.jobs::<DeleteChannelRows>().is_empty(), "it was all");
    for job in [follow(late), edited] {
        assert!(world.deliver(&worker, &job).await);
    }
    assert!(world.found(&["heron"]).await.is_empty() && world.mentioned(bo.id).await.is_empty());
    assert_eq!(world.followed(channel).await, 0);
}

#[tokio::test]
async fn an_edit_tells_only_who_is_new_in_it() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo, cy) = (world.user("ana").await, world.user("bo").await, world.user("cy").await);
    let channel = world.channel(&[&ana, &bo, &cy]).await;
    let (mut bos, mut cys) = (world.socket("bo=", bo.id).await, world.socket("cy=", cy.id).await);
    let message = world.say(channel, &ana, "@bo a heron", &[&bo], None).await;
    assert!(world.deliver(&worker, &follow(message)).await);
    assert_eq!((bos.all(TOLD).len(), cys.all(TOLD).len()), (1, 0));
    let edited = world.edit(message, "@bo @cy a stork", &[&bo, &cy]).await;
    for _ in 0..2 {
        assert!(world.deliver(&worker, &edited).await);
    }
    let told = cys.all(TOLD);
    assert_eq!((bos.all(TOLD).len(), told.len()), (0, 1));
    assert_eq!(told[0]["is_edit"], true);
    assert_eq!(world.mentioned(cy.id).await, [message]);
    assert_eq!(world.found(&["stork"]).await, [message]);
    // one that nobody had followed yet is new, however often it was edited
    let next = world.say(channel, &ana, "first", &[], None).await;
    let edited = world.edit(next, "@cy second", &[&cy]).await;
    assert!(world.deliver(&worker, &edited).await);
    let told = cys.all(TOLD);
    assert_eq!((told.len(), told[0]["is_edit"].as_bool()), (1, Some(false)));
    assert!(world.found(&["first"]).await.is_empty());
}

#[tokio::test]
async fn a_lost_job_of_an_edit_is_made_up_for_by_the_next() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo, cy) = (world.user("ana").await, world.user("bo").await, world.user("cy").await);
    let channel = world.channel(&[&ana, &bo, &cy]).await;
    let (mut bos, mut cys) = (world.socket("bo=", bo.id).await, world.socket("cy=", cy.id).await);
    let mut messages = Vec::new();
    for text in ["@bo a heron", "nobody can read this", "another one"] {
        messages.push(world.say(channel, &ana, text, &[&bo], None).await);
    }
    assert!(world.deliver(&worker, &follow(messages[2])).await);
    assert_eq!(bos.all(TOLD).len(), 3);
    let lost = [
        world.edit(messages[0], "@bo @cy a stork", &[&bo, &cy]).await,
        world.edit(messages[1], "nor this", &[]).await,
        world.edit(messages[2], "another stork", &[]).await,
    ];
    let next = world.say(channel, &ana, "next", &[], None).await;
    world.spoil(messages[1]).await;
    assert!(world.deliver(&worker, &follow(next)).await);
    let told = cys.all(TOLD);
    assert_eq!((bos.all(TOLD).len(), told.len()), (0, 1));
    assert_eq!(told[0]["is_edit"], true);
    assert_eq!(world.found(&["stork"]).await, [messages[2], messages[0]]);
    let done = followed::get(&world.app.store, channel, world.clock.now()).await.unwrap();
    assert_eq!((done.seq, done.change), (4, 3));
    // those that come late have nothing to do
    for job in lost {
        assert!(world.deliver(&worker, &job).await);
    }
    assert!(bos.all(TOLD).is_empty() && cys.all(TOLD).is_empty());
}

#[tokio::test]
async fn nobody_is_told_who_is_not_there_or_does_not_want_to_be() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo, cy) = (world.user("ana").await, world.user("bo").await, world.user("cy").await);
    let outsider = world.user("dan").await;
    let channel = world.channel(&[&ana, &bo, &cy]).await;
    world.place(cy.id, channel, |place| place.notify = NotificationLevel::Nothing).await;
    let all = [&bo, &cy, &outsider];
    let mut sockets = Vec::new();
    for one in all {
        sockets.push(world.socket(&format!("{}=", one.username), one.id).await);
    }
    world.leave(channel, bo.id).await;
    let message = world.say(channel, &ana, "@bo @cy @dan", &all, None).await;
    let deleted = world.say(channel, &ana, "@cy gone", &[&cy], None).await;
    world.delete(deleted).await;
    assert!(world.deliver(&worker, &follow(message)).await);
    for mut heard in sockets {
        assert!(heard.all(TOLD).is_empty());
    }
    assert!(world.mentioned(bo.id).await.is_empty() && world.mentioned(outsider.id).await.is_empty());
    assert_eq!(world.mentioned(cy.id).await, [message], "on the list, without a word");
    assert_eq!(digests::get(&world.app.store, cy.id, world.clock.now()).await.unwrap().rev, 0);
    assert!(world.found(&["gone"]).await.is_empty());
}

#[tokio::test]
async fn in_quiet_hours_nothing_makes_a_sound() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let channel = world.channel(&[&ana, &bo]).await;
    let mut heard = world.socket("bo=", bo.id).await;
    // from the minute before this one, nearly round the clock
    let minute = world.clock.now().as_second() / 60 % 1440;
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = serde_json::json!({
        "from": time((minute + 1439) % 1440), "to": time((minute + 1430) % 1440), "time_zone": "UTC",
    });
    let quiet_hours = serde_json::from_value(hours).unwrap();
    let wanted =
        NotificationPreferences { quiet_hours: Some(quiet_hours), ..NotificationPreferences::default() };
    preferences::put(&world.app.store, bo.id, wanted).await.unwrap();
    let message = world.say(channel, &ana, "@bo hush", &[&bo], None).await;
    assert!(world.deliver(&worker, &follow(message)).await);
    let told = heard.all(TOLD);
    assert_eq!((told.len(), told[0]["is_silent"].as_bool()), (1, Some(true)));
}

/// Wherever the function dies, between any two of its writes, the next delivery ends with the same rows, and everyone told.
#[tokio::test]
async fn a_crash_anywhere_leaves_the_same() {
    let world = ChatWorld::start().await;
    let worker = world.worker().await;
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let mut deaths = 0;
    for steps in 1.. {
        let channel = world.channel(&[&ana, &bo]).await;
        let mut heard = world.socket(&format!("bo-{steps}="), bo.id).await;
        let first = world.say(channel, &ana, &format!("heron{steps}"), &[], None).await;
        let second = world.say(channel, &ana, &format!("@bo heron{steps} too"), &[&bo], Some(1)).await;
        let died = dies_after(steps, world.deliver(&worker, &follow(second))).await.is_none();
        assert!(world.deliver(&worker, &follow(second)).await, "after {steps} steps");
        assert_eq!(world.found(&[&format!("heron{steps}")]).await, [second, first], "after {steps} steps");
        assert_eq!(world.answers(first).await, [2], "after {steps} steps");
        assert!(world.mentioned(bo.id).await.contains(&second), "after {steps} steps");
        assert_eq!(world.followed(channel).await, 2, "after {steps} steps");
        let told = heard.all(TOLD);
        assert!((1..=2).contains(&told.len()), "after {steps} steps: {told:?}");
        let digest = digests::get(&world.app.store, bo.id, world.clock.now()).await.unwrap();
        assert!(digest.send_at.is_some(), "after {steps} steps");
        if !died {
            break;
        }
        deaths += 1;
        heard_no_more(&world, &format!("bo-{steps}="), bo.id).await;
    }
    assert!(deaths > 10, "it has more steps than {deaths}");
}

async fn heard_no_more(world: &ChatWorld, connection: &str, user: UserId) {
    let room = model::Room::User(user);
    let rows = store::connections::in_room(&world.app.store, room, world.clock.now()).await.unwrap();
    for row in rows.iter().filter(|row| row.id == connection) {
        world.app.rooms.leave(row, world.clock.now()).await.unwrap();
    }
}
