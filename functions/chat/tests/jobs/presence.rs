//! The presence of the team is published by tick. Its jobs may run twice, late, concurrently, or die.

use std::collections::BTreeSet;

use entry::{Environment, LambdaFunction};
use model::{PresenceForm, Room, UserId, tick::Tick};
use protocol::job::{DeliverPresence, PublishPresence, Queue};
use store::{
    WriteOutcome,
    chat::presence,
    realtime::connections::{self, Connection, ConnectionIdentity},
};
use testkit::{PresenceScreen, SentFrames, SweepFault, samples, sweep_calls};

use crate::world::ChatWorld;

/// A tick that is over, so that the job does not wait.
const OVER: PublishPresence = PublishPresence { tick: Tick(4) };

/// A connection of the team, and what its client shows.
struct Member {
    frames: SentFrames,
    screen: PresenceScreen,
    /// The events that the client received, by their type.
    received: Vec<String>,
}

impl Member {
    fn read(&mut self) {
        for frame in self.frames.frames().0 {
            let kind = frame["type"].as_str().unwrap().to_owned();
            self.screen.show(&kind, &frame["payload"]);
            self.received.push(kind);
        }
    }
}

impl ChatWorld {
    async fn member(&self, id: &str, form: PresenceForm) -> Member {
        let user: UserId = self.clock.new_id();
        let frames = self.connect_to_team(id, user).await;
        let identity = ConnectionIdentity::Account { user, login: self.clock.new_id(), presents: None };
        let connection =
            Connection { presence: form, ..samples::realtime::connection(id, identity, self.now()) };
        connections::subscribe(&self.app.store, Room::Team, &connection).await.unwrap();
        Member { frames, screen: PresenceScreen::default(), received: Vec::new() }
    }

    /// Stores that a user came online or went offline. It is not published yet.
    async fn set_status(&self, user: UserId, is_online: bool) {
        let before = presence::get(&self.app.store, user, self.now()).await.unwrap();
        let set = presence::set_status(&self.app.store, user, before.as_ref(), is_online, self.now()).await;
        assert!(matches!(set.unwrap(), WriteOutcome::Applied(_)));
    }

    async fn online(&self) -> BTreeSet<String> {
        let online = presence::list_online(&self.app.store, self.now()).await.unwrap();
        online.iter().map(|row| row.id.to_string()).collect()
    }

    async fn unpublished(&self) -> usize {
        presence::list_unpublished(&self.app.store, self.now()).await.unwrap().len()
    }

    async fn start_worker_without_retries(&self) -> LambdaFunction {
        let mut variables = self.cloud.function_environment();
        variables.insert("AWS_MAX_ATTEMPTS".into(), "1".into());
        chat::worker(Environment::new(variables, self.clock.clone())).await.unwrap()
    }
}

#[tokio::test]
async fn all_changes_of_a_tick_are_one_state_or_one_event_each() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut new = world.member("new=", PresenceForm::State).await;
    let mut old = world.member("old=", PresenceForm::Events).await;
    let users: Vec<UserId> = (0..30).map(|_| world.clock.new_id()).collect();
    for user in &users {
        world.set_status(*user, true).await;
    }
    assert!(world.deliver(&worker, &OVER).await);
    for member in [&mut new, &mut old] {
        member.read();
    }
    assert_eq!(new.received, ["team_presence"]);
    assert_eq!(old.received, vec!["user_status"; 30]);
    // a client without a whole presence shows no changes
    assert!(new.screen.needs_whole());
    assert_eq!(old.screen.online(), world.online().await);
    assert_eq!(world.unpublished().await, 0);
    assert!(world.queued_jobs::<DeliverPresence>().is_empty(), "the worker posts to a small team itself");
}

/// A job that arrives again or late finds nothing to publish, and a delivery that arrives again carries an older version.
#[tokio::test]
async fn a_late_older_job_changes_nothing() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut new = world.member("new=", PresenceForm::State).await;
    let mut old = world.member("old=", PresenceForm::Events).await;
    let whole = serde_json::json!({ "version": 0, "since_version": null, "users": [] });
    new.screen.show("team_presence", &whole);
    let user = world.clock.new_id();
    let mut deliveries = Vec::new();
    for is_online in [true, false] {
        world.set_status(user, is_online).await;
        assert!(world.deliver(&worker, &OVER).await);
        let (frames, _) = new.frames.frames();
        assert_eq!(frames.len(), 1);
        new.screen.show("team_presence", &frames[0]["payload"]);
        let presence = serde_json::from_value(frames[0]["payload"].clone()).unwrap();
        for form in [PresenceForm::State, PresenceForm::Events] {
            deliveries.push(DeliverPresence {
                presence: Clone::clone(&presence),
                form,
                shard: None,
                part: 0,
            });
        }
    }
    assert!(world.deliver(&worker, &PublishPresence { tick: Tick(0) }).await);
    new.read();
    assert!(new.received.is_empty(), "nothing is left to publish");
    // the first status arrives last
    deliveries.reverse();
    for delivery in &deliveries {
        assert!(world.deliver(&worker, delivery).await);
    }
    for member in [&mut new, &mut old] {
        member.read();
        assert_eq!(member.received.len(), if member.received[0] == "user_status" { 4 } else { 2 });
        assert!(member.screen.online().is_empty(), "{:?}", member.screen);
    }
    assert_eq!((new.screen.version(), new.screen.needs_whole()), (Some(2), false));
}

/// Plays a publication that is disturbed at a call, and the same job again.
async fn publish_disturbed(world: &ChatWorld, worker: &LambdaFunction, faults: &[SweepFault]) {
    let mut new = world.member("new=", PresenceForm::State).await;
    let mut old = world.member("old=", PresenceForm::Events).await;
    let whole = serde_json::json!({ "version": 0, "since_version": null, "users": [] });
    new.screen.show("team_presence", &whole);
    let users: [UserId; 2] = [world.clock.new_id(), world.clock.new_id()];
    let (new, old) = (std::cell::RefCell::new(&mut new), std::cell::RefCell::new(&mut old));
    let runs = std::cell::Cell::new(0);
    let report = sweep_calls(faults, async |probe| {
        let run = runs.replace(runs.get() + 1);
        for (user, is_online) in users.iter().zip([run % 2 == 0, run % 2 == 1]) {
            world.set_status(*user, is_online).await;
        }
        probe.run(&world.cloud, world.deliver(worker, &OVER)).await;
        // the queue delivers it again, after a crash as well as by chance
        assert!(world.deliver(worker, &OVER).await);
        for delivery in world.queued_jobs::<DeliverPresence>() {
            assert!(world.deliver(worker, &delivery).await);
        }
        assert_eq!(world.unpublished().await, 0);
        let online = world.online().await;
        for member in [&mut **new.borrow_mut(), &mut **old.borrow_mut()] {
            let before = member.screen.version();
            member.read();
            assert_eq!(member.screen.online(), online);
            assert!(!member.screen.needs_whole(), "no event is missing after a crash");
            assert!(member.screen.version() > before || before.is_none());
        }
    })
    .await;
    assert!(report.calls > 6, "{report:?}");
}

#[tokio::test]
async fn presence_is_right_after_a_crash_at_any_call() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    publish_disturbed(&world, &worker, &SweepFault::KILLS).await;
}

#[tokio::test]
async fn presence_is_right_after_a_failure_at_any_call() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker_without_retries().await;
    let faults = [SweepFault::Throttle, SweepFault::InternalError, SweepFault::LoseResponse];
    publish_disturbed(&world, &worker, &faults).await;
}

/// Two ticks publish concurrently. Each claims its own version, and the later one has all changes.
#[tokio::test]
async fn concurrent_ticks_agree_on_the_order() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut new = world.member("new=", PresenceForm::State).await;
    let whole = serde_json::json!({ "version": 0, "since_version": null, "users": [] });
    new.screen.show("team_presence", &whole);
    let users: [UserId; 2] = [world.clock.new_id(), world.clock.new_id()];
    let mut steps = 0;
    for step in 1.. {
        world.set_status(users[0], step % 2 == 0).await;
        let other = async {
            world.set_status(users[1], step % 2 == 1).await;
            assert!(world.deliver(&worker, &PublishPresence { tick: Tick(8) }).await);
        };
        let work = world.deliver(&worker, &OVER);
        let (delivered, was_held) = world.cloud.run_interleaved(step, work, other).await;
        assert!(delivered, "step {step}");
        new.read();
        if !was_held {
            break;
        }
        assert_eq!(new.screen.online(), world.online().await, "step {step}");
        assert!(!new.screen.needs_whole(), "step {step}");
        assert_eq!(world.unpublished().await, 0, "step {step}");
        steps += 1;
    }
    assert!(steps > 6, "{steps}");
}

/// A team of more than a thousand connections is published to by jobs on the queue of presence. The broadcast queue, which carries
/// messages, carries none of it.
#[tokio::test]
async fn presence_of_a_large_team_never_enters_the_broadcast_queue() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let mut new = world.member("new=", PresenceForm::State).await;
    let mut old = world.member("old=", PresenceForm::Events).await;
    for number in 0..1_000 {
        let identity = ConnectionIdentity::Account {
            user: world.clock.new_id(),
            login: world.clock.new_id(),
            presents: None,
        };
        // not open yet, however long the test takes
        let at = world.now() + jiff::SignedDuration::from_mins(1);
        let connection = samples::realtime::connection(&format!("c{number}="), identity, at);
        connections::subscribe(&world.app.store, Room::Team, &connection).await.unwrap();
    }
    for _ in 0..30 {
        world.set_status(world.clock.new_id(), true).await;
    }
    assert!(world.deliver(&worker, &OVER).await);
    let deliveries = world.queued_jobs::<DeliverPresence>();
    assert_eq!(deliveries.len(), 16 + 2 * 16, "one state and two parts of single statuses for each shard");
    for delivery in &deliveries {
        assert!(world.deliver(&worker, delivery).await);
    }
    for member in [&mut new, &mut old] {
        member.read();
    }
    assert_eq!(new.received, ["team_presence"]);
    assert_eq!(old.screen.online(), world.online().await);
    // connections that are not open yet are not reported, because they receive the whole presence when they are
    assert!(world.queued_envelopes(Queue::Broadcast).is_empty());
}
