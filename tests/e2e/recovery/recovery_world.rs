//! The functions of all products on one emulator. The test delivers the jobs.

use std::{collections::BTreeMap, ops::Deref, time::Duration};

use entry::LambdaFunction;
use lambda_runtime::Context;
use model::{
    LoginId, UserId,
    user::{UserRole, Username},
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
    realtime::connections::{self, ConnectionIdentity},
};
use testkit::{FunctionClient, OutboundFrame, SentFrames, TestApp, samples, sqs_event};

/// The password of every account.
pub(super) const PASSWORD: &str = "a heron over grey water";

pub(super) struct RecoveryWorld {
    kit: TestApp,
    pub(super) identity: FunctionClient,
    pub(super) admin: FunctionClient,
    pub(super) chat: FunctionClient,
    workers: Vec<(Queue, LambdaFunction)>,
    cron: LambdaFunction,
    password: PasswordHash,
}

impl Deref for RecoveryWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

/// A log-in with an open socket.
pub(super) struct Device {
    pub(super) login: LoginId,
    pub(super) token: String,
    frames: SentFrames,
}

impl Device {
    /// Returns whether the socket was closed, by a reason that a client can tell.
    pub(super) fn is_closed(&mut self) -> bool {
        let sent = self.frames.all();
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
        let kit = TestApp::start().await;
        let environment = || kit.environment();
        let sessions_worker = sessions::worker(environment()).await.unwrap();
        let chat_worker = chat::worker(environment()).await.unwrap();
        let identity = FunctionClient::new(identity::api(environment()).await.unwrap());
        let body = json!({ "email": "first@example.com", "password": PASSWORD });
        let first = identity.request("POST", "/v1/auth/register").json(&body).send().await.ok(201);
        let first: UserId = first["user"]["id"].as_str().unwrap().parse().unwrap();
        let first = users::get(&kit.app.store, first, kit.now()).await.unwrap().unwrap();
        Self {
            identity,
            admin: FunctionClient::new(identity::admin_api(environment()).await.unwrap()),
            chat: FunctionClient::new(chat::api(environment()).await.unwrap()),
            workers: vec![
                (Queue::Sessions, sessions_worker.clone()),
                (Queue::Ticks, sessions_worker),
                (Queue::Broadcast, sockets::broadcast(environment()).await.unwrap()),
                (Queue::Chat, chat_worker.clone()),
                (Queue::MessageProcessing, chat_worker.clone()),
                (Queue::Presence, chat_worker),
            ],
            cron: ::clock::cron(environment()).await.unwrap(),
            password: first.password.unwrap(),
            kit,
        }
    }

    pub(super) async fn create_account(&self, role: UserRole) -> User {
        let now = self.clock.now();
        let id: UserId = self.clock.new_id();
        let name = format!("u{}", &id.uuid().simple().to_string()[20..]);
        let user = User {
            username: Some(Username::parse(&name).unwrap()),
            role,
            password: Some(self.password.clone()),
            ..samples::identity::user(id, &name, now)
        };
        let login = self.new_login(id);
        let network = KnownNetwork::new(id, "203.0.113.7".into(), now);
        let created = users::create(&self.app.store, &user, &login, &network, None).await.unwrap();
        assert_eq!(created, users::UserSaveOutcome::Applied);
        // The account has the log-ins that its test adds.
        self.app.store.delete(&log_ins::key(id, login.id)).await.unwrap();
        user
    }

    fn new_login(&self, user: UserId) -> Login {
        let now = self.clock.now();
        let expires_at = now + jiff::SignedDuration::from_hours(10);
        Login { expires_at, ..samples::identity::login(user, self.clock.new_id(), now) }
    }

    /// Logs an account in and opens its socket.
    pub(super) async fn add_device(&self, user: UserId) -> Device {
        let login = self.new_login(user);
        log_ins::create(&self.app.store, &login).await.unwrap();
        let login = login.id;
        let identity = ConnectionIdentity::Account { user, login, presents: None };
        let frames = self.open_socket(&format!("{login}="), identity).await;
        let token = self.access_token(user, login).await;
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
                    if *queue == Queue::Presence {
                        // the job would wait for the end of its second
                        self.clock.advance(Duration::from_millis(1_100));
                    }
                    let event = sqs_event([message.body.clone()]);
                    let answer = worker.call(event, Context::default()).await.unwrap();
                    assert_eq!(answer["batchItemFailures"], json!([]), "{}", message.body);
                    sqs.delete(name, &message.receipt_handle);
                }
            }
        }
    }
}
