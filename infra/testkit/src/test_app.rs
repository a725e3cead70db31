//! The services and the `entry::App` of a function under test.

use emulator::{Chaos, ConnectionInfo};
use entry::{App, Clock, Environment, LambdaFunction, tokens::AccessToken};
use jiff::Timestamp;
use lambda_runtime::Context;
use model::{LoginId, Room, UserId};
use protocol::{
    Job,
    job::{JobEnvelope, Queue},
};
use store::{
    identity::log_ins,
    realtime::connections::{self, ConnectionIdentity},
};
use tokio::sync::mpsc::unbounded_channel;

use crate::{SentFrames, TestCloud, job_body, samples, sqs_event};

/// What a test may choose before a [`TestApp`] starts.
#[derive(Default)]
pub struct TestAppOptions {
    /// Move it before the start to choose the time at which the test begins.
    pub clock: Clock,
    pub chaos: Option<Chaos>,
    /// Added to the environment of every function.
    pub variables: &'static [(&'static str, &'static str)],
}

/// A cloud, its clock, and an app that writes and reads rows as a function does. A world adds the functions of its product.
pub struct TestApp {
    pub app: App,
    pub clock: Clock,
    pub cloud: TestCloud,
    variables: &'static [(&'static str, &'static str)],
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(TestAppOptions::default()).await
    }

    pub async fn start_with(options: TestAppOptions) -> Self {
        let TestAppOptions { clock, chaos, variables } = options;
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), chaos).await.expect("a test cloud");
        let environment = environment(&cloud, &clock, variables, &[]);
        let app = App::start(&environment, &[]).await.expect("an app");
        Self { app, clock, cloud, variables }
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns the environment of a function.
    pub fn environment(&self) -> Environment {
        self.environment_without(&[])
    }

    /// Returns an environment in which the services of these variables are unreachable.
    pub fn environment_without(&self, services: &[&str]) -> Environment {
        environment(&self.cloud, &self.clock, self.variables, services)
    }

    /// Returns an environment in which every post to a socket is refused.
    pub fn environment_without_sockets(&self) -> Environment {
        self.environment_without(&["SOCKET_ENDPOINT"])
    }

    /// Delivers a job. Returns whether the function succeeded.
    pub async fn deliver<J: Job>(&self, worker: &LambdaFunction, job: &J) -> bool {
        self.deliver_batch(worker, [job_body(job, self.now(), None)]).await.is_empty()
    }

    /// Delivers messages as one batch. Returns the ids of those that failed: `message-0`, `message-1` and so on.
    pub async fn deliver_batch(
        &self,
        worker: &LambdaFunction,
        bodies: impl IntoIterator<Item = String>,
    ) -> Vec<String> {
        let response = worker.call(sqs_event(bodies), Context::default()).await.expect("a response");
        let failures = response["batchItemFailures"].as_array().expect("a list of failures").iter();
        failures.map(|failure| failure["itemIdentifier"].as_str().expect("an id").to_owned()).collect()
    }

    /// Returns the queued jobs of a type, oldest first.
    pub fn queued_jobs<J: Job>(&self) -> Vec<J> {
        let envelopes = J::QUEUES.iter().flat_map(|queue| self.queued_envelopes(*queue));
        envelopes
            .filter(|envelope| envelope.job == J::NAME)
            .map(|envelope| serde_json::from_value(envelope.payload).expect("a payload"))
            .collect()
    }

    /// Returns the jobs in a queue, oldest first.
    pub fn queued_envelopes(&self, queue: Queue) -> Vec<JobEnvelope> {
        let bodies = self.cloud.queued_bodies(queue.env_var()).expect("a queue");
        bodies.iter().map(|body| serde_json::from_str(body).expect("a job")).collect()
    }

    /// Stores a log-in of a user.
    pub async fn create_login(&self, user: UserId) -> LoginId {
        let login = samples::identity::login(user, self.clock.new_id(), self.now());
        log_ins::create(&self.app.store, &login).await.expect("a log-in");
        login.id
    }

    /// Signs the access token of a log-in.
    pub async fn access_token(&self, user: UserId, login: LoginId) -> String {
        self.app.tokens.sign(&AccessToken { user, login }, self.now()).await.expect("a token")
    }

    /// Opens a socket and stores the rows of its connection.
    pub async fn open_socket(&self, id: &str, identity: ConnectionIdentity) -> SentFrames {
        let (sender, receiver) = unbounded_channel();
        let millis = self.clock.millis();
        let info = ConnectionInfo {
            connected_at_ms: millis,
            last_active_ms: millis,
            source_ip: "203.0.113.7".into(),
            user_agent: "tests".into(),
        };
        self.cloud.emulator.connections().register(id, info, sender);
        self.cloud.emulator.connections().open(id);
        self.store_connection(id, identity).await;
        SentFrames::new(receiver)
    }

    /// Stores the rows of a connection. Its socket does not exist.
    pub async fn store_connection(&self, id: &str, identity: ConnectionIdentity) {
        let connection = samples::realtime::connection(id, identity, self.now());
        connections::put(&self.app.store, &connection).await.expect("rows of a connection");
    }

    /// Returns the number of connections that receive the events of a room.
    pub async fn room_size(&self, room: Room) -> usize {
        connections::list_in_room(&self.app.store, room, self.now()).await.expect("a read").len()
    }
}

fn environment(
    cloud: &TestCloud,
    clock: &Clock,
    variables: &[(&str, &str)],
    unreachable: &[&str],
) -> Environment {
    let mut all = cloud.function_environment();
    all.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    all.extend(unreachable.iter().map(|name| ((*name).to_owned(), cloud.unreachable_url())));
    Environment::new(all, clock.clone())
}
