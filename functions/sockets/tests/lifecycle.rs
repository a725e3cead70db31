//! `worker-broadcast` with connections that cannot be reached, against the emulated table and queues.

#![expect(clippy::expect_used, reason = "a failed helper fails the test")]

use emulator::bench::{TestCloud, sqs_event};
use entry::{App, Clock, Environment, LambdaFunction};
use lambda_runtime::Context;
use model::{ConnectionIdentity, LoginId, ParticipantId, Room, SessionId, UserId};
use protocol::{
    Job,
    job::{
        AccountChanged, ConnectionClosed, ConnectionOpened, ConnectionUnreachable, EndSession, JobEnvelope,
        OpenedReason, Queue, SessionEndRequested, SyncProfile,
    },
};
use store::realtime::connections::{self, Connection};

struct SocketsWorld {
    app: App,
    clock: Clock,
    cloud: TestCloud,
    worker: LambdaFunction,
}

impl SocketsWorld {
    async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), None).await.expect("a test cloud");
        let environment = Environment::new(cloud.function_environment(), clock.clone());
        let app = App::start(&environment, &[]).await.expect("an app");
        let worker = sockets::broadcast(environment).await.expect("a worker");
        Self { app, clock, cloud, worker }
    }

    fn account(&self) -> ConnectionIdentity {
        let user = self.clock.new_id::<UserId>();
        ConnectionIdentity::Account { user, login: self.clock.new_id::<LoginId>(), presents: None }
    }

    fn participant(&self) -> ConnectionIdentity {
        let participant = self.clock.new_id::<ParticipantId>();
        ConnectionIdentity::Participant { participant, session: self.clock.new_id::<SessionId>(), by: None }
    }

    /// The rows of a connection whose socket does not exist.
    async fn store_connection(&self, id: &str, identity: ConnectionIdentity) {
        let now = self.clock.now();
        let connection = Connection {
            id: id.into(),
            identity,
            display_name: None,
            connected_at: now,
            presents_since: None,
        };
        connections::put(&self.app.store, &connection).await.expect("rows");
    }

    async fn has_row(&self, id: &str) -> bool {
        connections::get(&self.app.store, id, self.clock.now()).await.expect("a read").is_some()
    }

    async fn room_size(&self, room: Room) -> usize {
        connections::list_in_room(&self.app.store, room, self.clock.now()).await.expect("a read").len()
    }

    async fn deliver<J: Job>(&self, job: &J) -> bool {
        let payload = serde_json::to_value(job).expect("JSON");
        let request_id = Some("request-7".to_owned());
        let envelope = JobEnvelope { job: J::NAME.into(), payload, at: self.clock.now(), request_id };
        let batch = sqs_event([serde_json::to_string(&envelope).expect("JSON")]);
        let answer = self.worker.call(batch, Context::default()).await.expect("a response");
        answer["batchItemFailures"].as_array().is_some_and(Vec::is_empty)
    }

    async fn report(&self, id: &str, is_opening: bool) -> bool {
        self.deliver(&ConnectionUnreachable { connection: id.into(), is_opening }).await
    }

    /// The jobs of a kind in one queue. Each carries the id of the request that led to it.
    fn queued<J: Job>(&self, queue: Queue) -> Vec<J> {
        let bodies = self.cloud.queued_bodies(queue.env_var()).expect("a queue");
        let envelopes = bodies.iter().map(|body| serde_json::from_str::<JobEnvelope>(body).expect("a job"));
        envelopes
            .filter(|envelope| envelope.job == J::NAME)
            .map(|envelope| {
                assert_eq!(envelope.request_id.as_deref(), Some("request-7"), "{}", envelope.job);
                serde_json::from_value(envelope.payload).expect("a payload")
            })
            .collect()
    }
}

#[tokio::test]
async fn an_opening_connection_is_sent_its_state_again() {
    let world = SocketsWorld::start().await;
    let (account, participant) = (world.account(), world.participant());
    world.store_connection("tab=", account).await;
    world.store_connection("phone=", participant).await;
    for id in ["tab=", "phone=", "refused="] {
        assert!(world.report(id, true).await);
    }
    for (queue, connection, identity) in
        [(Queue::Chat, "tab=", account), (Queue::Sessions, "phone=", participant)]
    {
        let reason = OpenedReason::RetryAfterOpening;
        let opened = ConnectionOpened { connection: connection.into(), identity, reason };
        assert_eq!(world.queued::<ConnectionOpened>(queue), [opened], "{queue:?}");
        assert!(world.has_row(connection).await, "{connection} may still open");
    }
}

#[tokio::test]
async fn a_dead_connection_is_closed_once() {
    let world = SocketsWorld::start().await;
    let (account, participant) = (world.account(), world.participant());
    world.store_connection("tab=", account).await;
    world.store_connection("phone=", participant).await;
    for id in ["tab=", "phone=", "tab=", "phone=", "unknown="] {
        assert!(world.report(id, false).await);
    }
    for (queue, connection, identity) in
        [(Queue::Chat, "tab=", account), (Queue::Sessions, "phone=", participant)]
    {
        let closed = ConnectionClosed { connection: connection.into(), identity, others: Vec::new() };
        assert_eq!(world.queued::<ConnectionClosed>(queue), [closed], "{queue:?}");
        assert!(!world.has_row(connection).await, "{connection}");
        for room in identity.rooms() {
            assert_eq!(world.room_size(room).await, 0, "{room}");
        }
    }
}

/// If the worker dies between two of its steps, the next delivery finds the row and completes them.
#[tokio::test]
async fn a_crash_while_closing_loses_no_closing() {
    let world = SocketsWorld::start().await;
    let mut deaths = 0;
    for steps in 1.. {
        let (id, identity) = (format!("phone{steps}="), world.participant());
        world.store_connection(&id, identity).await;
        let died = world.cloud.run_until_crash(steps, world.report(&id, false)).await.is_none();
        assert!(world.report(&id, false).await, "after {steps} steps");
        assert!(!world.has_row(&id).await, "after {steps} steps");
        for room in identity.rooms() {
            assert_eq!(world.room_size(room).await, 0, "after {steps} steps");
        }
        let closed = world.queued::<ConnectionClosed>(Queue::Sessions);
        assert!(closed.iter().any(|closed| closed.connection == id), "after {steps} steps");
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 1, "it has more steps than {deaths}");
}

/// An event storm must not meet a dead connection again before its job has run.
#[tokio::test]
async fn a_dead_connection_leaves_the_room_with_the_first_event() {
    let world = SocketsWorld::start().await;
    let identity = world.participant();
    let ConnectionIdentity::Participant { session, .. } = identity else { panic!("{identity:?}") };
    world.store_connection("phone=", identity).await;
    world.clock.advance(std::time::Duration::from_secs(6));
    let room = Room::Session(session);
    let event = || {
        protocol::Event::Pong(protocol::event::PongEvent { timestamp: world.clock.now(), reference: None })
    };
    for _ in 0..2 {
        world.app.realtime.publish(room, event(), world.clock.now()).await.expect("published");
    }
    let bodies = world.cloud.queued_bodies(Queue::Broadcast.env_var()).expect("a queue");
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(bodies[0].contains(ConnectionUnreachable::NAME), "{bodies:?}");
    assert!(world.has_row("phone=").await, "the worker closes it");
    assert_eq!(world.room_size(room).await, 0);
}

#[tokio::test]
async fn reports_of_identity_reach_the_areas_that_follow_them() {
    let world = SocketsWorld::start().await;
    let user: UserId = world.clock.new_id();
    let session: SessionId = world.clock.new_id();
    assert!(world.deliver(&AccountChanged { user }).await);
    assert!(world.deliver(&SessionEndRequested { session }).await);
    assert_eq!(world.queued::<SyncProfile>(Queue::Chat), [SyncProfile { user }]);
    assert_eq!(world.queued::<EndSession>(Queue::Sessions), [EndSession { session }]);
}
