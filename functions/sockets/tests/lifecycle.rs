//! `worker-broadcast` with connections that cannot be reached, against the emulated table and queues.

#![expect(clippy::expect_used, reason = "a failed helper fails the test")]

use std::ops::Deref;

use entry::LambdaFunction;
use lambda_runtime::Context;
use model::{ConnectionIdentity, LoginId, ParticipantId, Room, SessionId, UserId};
use protocol::{
    Job,
    job::{
        AccountChanged, ConnectionClosed, ConnectionOpened, ConnectionUnreachable, EndSession, OpenedReason,
        Queue, SessionEndRequested, SyncProfile,
    },
};
use serde_json::json;
use store::realtime::connections;
use testkit::{TestApp, TestAppOptions, job_body};

struct SocketsWorld {
    kit: TestApp,
    worker: LambdaFunction,
}

impl Deref for SocketsWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

impl SocketsWorld {
    async fn start() -> Self {
        Self::start_with(TestAppOptions::default()).await
    }

    async fn start_with(options: TestAppOptions) -> Self {
        let kit = TestApp::start_with(options).await;
        let worker = sockets::broadcast(kit.environment()).await.expect("a worker");
        Self { kit, worker }
    }

    fn account(&self) -> ConnectionIdentity {
        let user = self.clock.new_id::<UserId>();
        ConnectionIdentity::Account { user, login: self.clock.new_id::<LoginId>(), presents: None }
    }

    fn participant(&self) -> ConnectionIdentity {
        let participant = self.clock.new_id::<ParticipantId>();
        ConnectionIdentity::Participant { participant, session: self.clock.new_id::<SessionId>(), by: None }
    }

    async fn has_row(&self, id: &str) -> bool {
        connections::get(&self.app.store, id, self.clock.now()).await.expect("a read").is_some()
    }

    async fn deliver<J: Job>(&self, job: &J) -> bool {
        let body = job_body(job, self.now(), Some("request-7"));
        self.deliver_batch(&self.worker, [body]).await.is_empty()
    }

    async fn report(&self, id: &str, is_opening: bool) -> bool {
        self.deliver(&ConnectionUnreachable { connection: id.into(), is_opening }).await
    }

    /// The jobs of a kind in one queue. Each carries the id of the request that led to it.
    fn queued<J: Job>(&self, queue: Queue) -> Vec<J> {
        self.queued_envelopes(queue)
            .into_iter()
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
        assert!(world.report(id, true).await, "{id}");
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
        assert!(world.report(id, false).await, "{id}");
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

/// The queue of the area does not respond. The socket opens, and `subscribe` has the state sent later.
#[tokio::test]
async fn a_handshake_does_not_fail_because_of_a_queue() {
    // one attempt, because the SDK retries for ten seconds
    let options = TestAppOptions { variables: &[("AWS_MAX_ATTEMPTS", "1")], ..TestAppOptions::default() };
    let world = SocketsWorld::start_with(options).await;
    let user = world.clock.new_id();
    let login = world.create_login(user).await;
    let token = world.access_token(user, login).await;
    let event = |kind: &str, route: &str, body: serde_json::Value| {
        json!({
            "requestContext": {
                "eventType": kind,
                "connectionId": "tab=",
                "routeKey": route,
                "requestId": "request-7",
                "connectedAt": world.clock.millis(),
                "requestTimeEpoch": world.clock.millis(),
                "identity": {},
            },
            "headers": { "authorization": format!("Bearer {token}") },
            "body": body.to_string(),
        })
    };
    let connect = event("CONNECT", "$connect", json!(null));
    let without_queue =
        sockets::connections(world.environment_without(&[Queue::Chat.env_var()])).await.expect("a function");
    let response = without_queue.call(connect, Context::default()).await.expect("a response");
    assert_eq!(response["statusCode"], 200, "{response}");
    assert!(world.has_row("tab=").await);
    assert_eq!(world.queued::<ConnectionOpened>(Queue::Chat), []);

    let function = sockets::connections(world.environment()).await.expect("a function");
    let subscribe = event("MESSAGE", "subscribe", json!({ "type": "subscribe", "payload": {} }));
    let response = function.call(subscribe, Context::default()).await.expect("a response");
    assert_eq!(response["statusCode"], 200, "{response}");
    let [opened] = &world.queued::<ConnectionOpened>(Queue::Chat)[..] else { panic!("one job") };
    assert_eq!((opened.connection.as_str(), opened.reason), ("tab=", OpenedReason::Requested));
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
