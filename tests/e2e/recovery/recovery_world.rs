//! The functions of all products on one emulator. The test delivers the jobs.

use std::{collections::BTreeMap, time::Duration};

use emulator::{ConnectionInfo, OutboundFrame};
use entry::{App, Clock, Environment, LambdaFunction, tokens::AccessToken};
use lambda_runtime::Context;
use model::{
    LoginId, UserId,
    plan::Plan,
    user::{AccountState, EmailAddress, UserRole, Username},
};
use protocol::job::Queue;
use serde_json::json;
use store::{
    identity::{
        due::IdentityDueWork,
        known_networks::KnownNetwork,
        log_ins::{self, Login},
        users::{self, PasswordHash, User},
    },
    platform::due::{self, DueWork},
    realtime::connections::{self, Connection, ConnectionIdentity},
};
use testkit::{FunctionClient, TestCloud, sqs_event};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The password of every account.
pub(super) const PASSWORD: &str = "a heron over grey water";

pub(super) struct RecoveryWorld {
    pub(super) app: App,
    pub(super) clock: Clock,
    pub(super) cloud: TestCloud,
    pub(super) identity: FunctionClient,
    pub(super) admin: FunctionClient,
    pub(super) chat: FunctionClient,
    workers: Vec<(Queue, LambdaFunction)>,
    cron: LambdaFunction,
    password: PasswordHash,
}

/// A log-in with an open socket.
pub(super) struct Device {
    pub(super) login: LoginId,
    pub(super) token: String,
    frames: UnboundedReceiver<OutboundFrame>,
}

impl Device {
    /// Returns whether the socket was closed, by a reason that a client can tell.
    pub(super) fn is_closed(&mut self) -> bool {
        let sent: Vec<_> = std::iter::from_fn(|| self.frames.try_recv().ok()).collect();
        let is_closed = sent.iter().any(|frame| matches!(frame, OutboundFrame::Close { .. }));
        let has_reason = sent
            .iter()
            .any(|frame| matches!(frame, OutboundFrame::Text(text) if text.contains("\"fatal\":true")));
        assert!(has_reason || !is_closed, "closed without a reason: {sent:?}");
        is_closed
    }
}

impl RecoveryWorld {
    pub(super) async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), None).await.unwrap();
        let environment = || Environment::new(cloud.function_environment(), clock.clone());
        let app = App::start(&environment(), &[]).await.unwrap();
        let sessions_worker = sessions::worker(environment()).await.unwrap();
        let chat_worker = chat::worker(environment()).await.unwrap();
        let identity = FunctionClient::new(identity::api(environment()).await.unwrap());
        let body = json!({ "email": "first@example.com", "password": PASSWORD });
        let first = identity.request("POST", "/v1/auth/register").json(&body).send().await.ok(201);
        let first: UserId = first["user"]["id"].as_str().unwrap().parse().unwrap();
        let first = users::get(&app.store, first, clock.now()).await.unwrap().unwrap();
        Self {
            identity,
            admin: FunctionClient::new(identity::admin_api(environment()).await.unwrap()),
            chat: FunctionClient::new(chat::api(environment()).await.unwrap()),
            workers: vec![
                (Queue::Sessions, sessions_worker.clone()),
                (Queue::Ticks, sessions_worker),
                (Queue::Broadcast, sockets::broadcast(environment()).await.unwrap()),
                (Queue::Chat, chat_worker.clone()),
                (Queue::MessageProcessing, chat_worker),
            ],
            cron: ::clock::cron(environment()).await.unwrap(),
            password: first.password.unwrap(),
            app,
            clock,
            cloud,
        }
    }

    pub(super) async fn create_account(&self, role: UserRole) -> User {
        let now = self.clock.now();
        let id: UserId = self.clock.new_id();
        let name = format!("u{}", &id.uuid().simple().to_string()[20..]);
        let user = User {
            id,
            email: Some(EmailAddress::parse(&format!("{name}@example.com")).unwrap()),
            username: Some(Username::parse(&name).unwrap()),
            name,
            avatar: None,
            organization: None,
            role,
            plan: Plan::Free,
            status: AccountState::Active,
            restriction: None,
            password: Some(self.password.clone()),
            credentials_changed_at: now,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        let login = self.new_login(id);
        let network = KnownNetwork::new(id, "203.0.113.7".into(), now);
        let created = users::create(&self.app.store, &user, &login, &network).await.unwrap();
        assert_eq!(created, users::UserSaveOutcome::Applied);
        // The account has the log-ins that its test adds.
        self.app.store.delete(&log_ins::key(id, login.id)).await.unwrap();
        user
    }

    fn new_login(&self, user: UserId) -> Login {
        let now = self.clock.now();
        Login {
            user,
            id: self.clock.new_id(),
            generation: 0,
            rotated_at: now,
            created_at: now,
            expires_at: now + jiff::SignedDuration::from_hours(10),
            user_agent: None,
            ip: None,
            account_version: 1,
            ended_at: None,
        }
    }

    /// Logs an account in and opens its socket.
    pub(super) async fn add_device(&self, user: UserId) -> Device {
        let login = self.new_login(user);
        log_ins::create(&self.app.store, &login).await.unwrap();
        let login = login.id;
        let (tx, frames) = unbounded_channel();
        let millis = self.clock.millis();
        let info = ConnectionInfo {
            connected_at_ms: millis,
            last_active_ms: millis,
            source_ip: "203.0.113.7".into(),
            user_agent: "tests".into(),
        };
        let id = format!("{login}=");
        self.cloud.emulator.connections().register(&id, info, tx);
        self.cloud.emulator.connections().open(&id);
        let connection = Connection {
            id,
            identity: ConnectionIdentity::Account { user, login, presents: None },
            display_name: None,
            connected_at: self.clock.now(),
            presents_since: None,
            network: None,
        };
        connections::put(&self.app.store, &connection).await.unwrap();
        let token = self.app.tokens.sign(&AccessToken { user, login }, self.clock.now()).unwrap();
        Device { login, token, frames }
    }

    pub(super) async fn account(&self, id: UserId) -> User {
        users::get_strong(&self.app.store, id, self.clock.now()).await.unwrap().unwrap()
    }

    /// Returns the log-ins that are valid.
    pub(super) async fn valid_logins(&self, user: UserId) -> Vec<LoginId> {
        let all = log_ins::list(&self.app.store, user, self.clock.now()).await.unwrap();
        all.into_iter().map(|login| login.id).collect()
    }

    pub(super) async fn connections_of(&self, user: UserId) -> Vec<LoginId> {
        let room = model::Room::User(user);
        let all = connections::list_in_room(&self.app.store, room, self.clock.now()).await.unwrap();
        all.iter().filter_map(|connection| Some(connection.identity.account_login()?.login)).collect()
    }

    /// Returns what is due of an account in an hour.
    async fn due_of(&self, user: UserId) -> Vec<IdentityDueWork> {
        let later = self.clock.now() + jiff::SignedDuration::from_hours(1);
        let (items, _) = due::list_due(&self.app.store, 200, None, later).await.unwrap();
        let work = items.iter().filter_map(|item| match item.work().unwrap() {
            DueWork::Identity(work) => Some(work),
            _ => None,
        });
        work.filter(|work| match work {
            IdentityDueWork::EndedLogin(owner, _) | IdentityDueWork::LoginRevocation(owner, _) => {
                *owner == user
            }
        })
        .collect()
    }

    /// Lets the clock run until nothing of the account is due, and delivers all jobs.
    pub(super) async fn run_clock(&self, user: UserId) {
        self.deliver_jobs().await;
        self.clock.advance(Duration::from_secs(61));
        self.cron.call(json!({}), Context::default()).await.unwrap();
        self.deliver_jobs().await;
        assert_eq!(self.due_of(user).await, [], "the clock has finished what was due");
    }

    /// Delivers the jobs in the queues, and those that follow from them.
    async fn deliver_jobs(&self) {
        let variables: BTreeMap<String, String> = self.cloud.function_environment();
        let sqs = self.cloud.emulator.sqs();
        let mut is_idle = false;
        while !is_idle {
            is_idle = true;
            for (queue, worker) in &self.workers {
                let name = variables[queue.env_var()].rsplit('/').next().unwrap();
                for message in sqs.receive(name, 10, Duration::ZERO).await {
                    is_idle = false;
                    let event = sqs_event([message.body.clone()]);
                    let answer = worker.call(event, Context::default()).await.unwrap();
                    assert_eq!(answer["batchItemFailures"], json!([]), "{}", message.body);
                    sqs.delete(name, &message.receipt_handle);
                }
            }
        }
    }
}
