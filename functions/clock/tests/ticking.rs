//! `cron-clock`, called with the scheduler's event, against the emulated table and queues.

#![expect(clippy::expect_used, reason = "a failed helper fails the test")]

use std::{ops::Deref, time::Duration};

use entry::Environment;
use futures::future::join_all;
use jiff::Timestamp;
use lambda_runtime::Context;
use model::{ImageId, UserId, image::ImageFormat};
use protocol::job::Queue;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    Item, Key,
    chat::channels::DeletedChannel,
    dynamodb::key::{PartitionKey, SortKey},
    identity::login_revocations::LoginRevocation,
    presentations::images::{self, NewImage},
    sessions::participants::{self, Participant},
};
use testkit::TestApp;
use uuid::Uuid;

/// A row with the attributes that the clock reads.
#[derive(Serialize, Deserialize)]
struct DueRow {
    #[serde(skip)]
    number: u128,
    id: Value,
    #[serde(skip)]
    due: Timestamp,
}

macro_rules! rows {
    ($($name:ident = $kind:literal;)*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        struct $name(DueRow);

        impl Item for $name {
            const KIND: &'static str = $kind;

            fn key(&self) -> Key {
                Key::new(&PartitionKey::Session(Uuid::from_u128(self.0.number).into()), &SortKey::Self_)
            }

            fn due(&self) -> Option<Timestamp> {
                Some(self.0.due)
            }
        }
    )*};
}

rows! {
    Session = "session";
    Dance = "dance";
}

struct ClockWorld {
    kit: TestApp,
}

impl Deref for ClockWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

impl ClockWorld {
    async fn start() -> Self {
        Self { kit: TestApp::start().await }
    }

    fn row(&self, number: u128, id: Value) -> DueRow {
        DueRow { number, id, due: self.clock.now() - jiff::SignedDuration::from_secs(1) }
    }

    /// Runs one tick, and returns whether it succeeded.
    async fn tick(&self) -> bool {
        self.tick_with(self.environment()).await
    }

    async fn tick_with(&self, environment: Environment) -> bool {
        let function = clock::cron(environment).await.expect("a function");
        function.call(json!({}), Context::default()).await.is_ok()
    }

    fn sent(&self) -> usize {
        self.sent_to(Queue::Sessions)
    }

    fn sent_to(&self, queue: Queue) -> usize {
        self.cloud.queued_bodies(queue.env_var()).expect("a queue").len()
    }
}

#[tokio::test]
async fn an_unreadable_row_blocks_nothing_and_is_reported() {
    let world = ClockWorld::start().await;
    // The oldest rows come first.
    let unreadable = [json!(null), json!("no id"), json!(7)];
    for (number, id) in (0..).zip(unreadable) {
        world.app.store.put(&Session(world.row(number, id))).await.unwrap();
    }
    let id = json!(Uuid::from_u128(10));
    world.app.store.put(&Dance(world.row(10, id))).await.unwrap();
    for number in 20..25 {
        let id = json!(Uuid::from_u128(number));
        world.app.store.put(&Session(world.row(number, id))).await.unwrap();
    }
    assert!(!world.tick().await, "the alarm sees it");
    assert_eq!(world.sent(), 5);
    assert!(world.tick().await, "it does not block the next tick");
}

#[tokio::test]
async fn a_job_is_sent_again_after_five_minutes() {
    let world = ClockWorld::start().await;
    let id = json!(Uuid::from_u128(1));
    world.app.store.put(&Session(world.row(1, id))).await.unwrap();
    for _ in 0..4 {
        assert!(world.tick().await);
        world.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(world.sent(), 1);
    world.clock.advance(Duration::from_mins(1));
    assert!(world.tick().await);
    assert_eq!(world.sent(), 2);
}

#[tokio::test]
async fn the_clock_clears_deleted_channels() {
    let world = ClockWorld::start().await;
    let deleted = DeletedChannel { id: world.clock.new_id(), deleted_at: world.clock.now() };
    world.app.store.put(&deleted).await.unwrap();
    assert!(world.tick().await);
    assert_eq!(world.sent_to(Queue::Chat), 0, "a concurrent writer has a minute");
    world.clock.advance(Duration::from_mins(1));
    assert!(world.tick().await);
    assert_eq!(world.sent_to(Queue::Chat), 1);
}

#[tokio::test]
async fn the_clock_finishes_removals_and_ends_of_log_ins() {
    let world = ClockWorld::start().await;
    let (now, store) = (world.clock.now(), &world.app.store);
    let participant = Participant {
        session: world.clock.new_id(),
        id: world.clock.new_id(),
        display_name: None,
        user: None,
        joined_at: now,
        removed_at: None,
    };
    participants::add(store, &participant, None, now).await.unwrap();
    participants::remove(store, participant.session, participant.id, now).await.unwrap();
    let revocation = LoginRevocation {
        user: world.clock.new_id(),
        id: world.clock.new_id(),
        account_version: 2,
        keep: None,
        requested_at: now,
    };
    store.put(&revocation).await.unwrap();
    assert!(world.tick().await);
    assert_eq!(world.sent(), 0, "the requests have a minute");
    world.clock.advance(Duration::from_mins(1));
    assert!(world.tick().await);
    let bodies = world.cloud.queued_bodies(Queue::Sessions.env_var()).expect("a queue");
    for (job, id) in
        [("finish_removal.v1", participant.id.to_string()), ("end_logins.v1", revocation.id.to_string())]
    {
        let sent = bodies.iter().filter(|body| body.contains(job) && body.contains(&id)).count();
        assert_eq!(sent, 1, "{job}: {bodies:?}");
    }
}

#[tokio::test]
async fn a_failed_send_is_repeated_by_the_next_tick() {
    let world = ClockWorld::start().await;
    let id = json!(Uuid::from_u128(1));
    world.app.store.put(&Session(world.row(1, id))).await.unwrap();
    let unreachable = world.environment_without(&[Queue::Sessions.env_var()]);
    assert!(!world.tick_with(unreachable).await);
    assert!(world.tick().await);
    assert_eq!(world.sent(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_reads_every_page() {
    let world = ClockWorld::start().await;
    let rows: Vec<Session> = (0..510).map(|n| Session(world.row(n, json!(Uuid::from_u128(n))))).collect();
    for chunk in rows.chunks(50) {
        join_all(chunk.iter().map(|row| world.app.store.put(row))).await.into_iter().for_each(Result::unwrap);
    }
    assert!(world.tick().await);
    assert_eq!(world.sent(), 510);
}

/// The clock handles a few images in each tick, and no other item waits for the rest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_waiting_images_block_nothing() {
    let world = ClockWorld::start().await;
    let owner = UserId::from(Uuid::from_u128(1));
    let ids: Vec<ImageId> = (0..30).map(|n| ImageId::derive(owner, &[n; 32])).collect();
    for id in ids.iter().copied() {
        let upload = world.clock.new_id();
        let new = NewImage { owner, id, format: ImageFormat::Png, width: 1, height: 1, upload };
        images::put(&world.app.store, new, b"pixels", world.clock.now()).await.unwrap();
    }
    world.clock.advance(Duration::from_hours(25));
    world.app.store.put(&Session(world.row(1, json!(Uuid::from_u128(1))))).await.unwrap();
    let left = || async {
        let now = world.clock.now();
        let found = join_all(ids.iter().map(|id| images::get(&world.app.store, *id, now))).await;
        found.into_iter().filter(|image| image.as_ref().unwrap().is_some()).count()
    };
    assert!(world.tick().await);
    assert_eq!((left().await, world.sent()), (5, 1));
    world.clock.advance(Duration::from_mins(5));
    assert!(world.tick().await);
    assert_eq!(left().await, 0);
}
