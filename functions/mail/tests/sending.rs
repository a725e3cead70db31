//! `worker-mail` through its door, against the emulated table and mail service.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test's helper cannot do, fails the test"
)]

use std::{sync::Arc, time::Duration};

use cloud::{Cloud, Data, Options, TableSpec};
use entry::{App, Clock, Door, Environment};
use futures::future::join_all;
use lambda_runtime::Context;
use model::{
    UserId,
    user::{Email, Plan, Role, Status},
};
use protocol::{
    Job,
    job::{Letter, Posted, SendMail},
};
use serde_json::{Value, json};
use store::{once, users::User};
use uuid::Uuid;

struct World {
    app: App,
    clock: Clock,
    cloud: Cloud,
    door: Door,
}

impl World {
    async fn start() -> Self {
        let clock = Clock::system();
        let template: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(include_str!("../../../template.yaml")).expect("a template");
        let definition =
            serde_json::to_value(&template["Resources"]["Table"]["Properties"]).expect("a table");
        let time = clock.clone();
        let cloud = Cloud::start(Options {
            now: Arc::new(move || time.millis()),
            data: Data::Memory,
            port: 0,
            tables: vec![TableSpec { name: "table".into(), definition }],
            queues: Vec::new(),
            chaos: None,
            access: cloud::Access::default(),
        })
        .await
        .expect("a cloud");
        let mut variables = cloud.variables();
        for (setting, value) in [
            ("TABLE", "table"),
            ("SIGNING_SECRET", "a-secret-of-tests-with-more-than-32-characters"),
            ("PUBLIC_URL", "https://colloquy.example"),
            ("SOCKET_URL", "wss://socket.example"),
            ("SOCKET_ENDPOINT", &cloud.socket_endpoint()),
            ("MAIL_SENDER", "no-reply@example.com"),
            ("SESSIONS_QUEUE_URL", "http://unused.example"),
            ("TICKS_QUEUE_URL", "http://unused.example"),
            ("BROADCAST_QUEUE_URL", "http://unused.example"),
            ("MAIL_QUEUE_URL", "http://unused.example"),
        ] {
            variables.insert(setting.into(), value.into());
        }
        let environment = Environment::of(variables, clock.clone());
        let app = App::start(&environment, &[]).await.expect("an app");
        let door = mail::worker(environment).await.expect("a door");
        Self { app, clock, cloud, door }
    }

    async fn user(&self, status: Status) -> UserId {
        let now = self.clock.now();
        let user = User {
            id: self.clock.id(),
            email: Some(Email::typed("ana@example.com").unwrap()),
            username: None,
            name: "Ana".into(),
            avatar: None,
            organization: None,
            role: Role::User,
            plan: Plan::Free,
            status,
            password: None,
            credentials_changed_at: now,
            created_at: now,
            updated_at: now,
        };
        self.app.store.put(&user).await.unwrap();
        user.id
    }

    /// Delivers a batch and answers the messages that failed.
    async fn deliver(&self, jobs: &[&SendMail]) -> Vec<Value> {
        let records: Vec<Value> = jobs
            .iter()
            .enumerate()
            .map(|(n, job)| {
                let payload = serde_json::to_value(job).unwrap();
                let posted = Posted { job: SendMail::NAME.into(), payload, at: self.clock.now() };
                json!({
                    "messageId": format!("message-{n}"),
                    "receiptHandle": "handle",
                    "body": serde_json::to_string(&posted).unwrap(),
                    "attributes": { "ApproximateReceiveCount": "1" },
                    "messageAttributes": {},
                    "eventSource": "aws:sqs",
                    "awsRegion": "us-east-1",
                })
            })
            .collect();
        let answer = self.door.call(json!({ "Records": records }), Context::default()).await.unwrap();
        answer["batchItemFailures"].as_array().unwrap().clone()
    }

    fn sent(&self) -> Vec<cloud::Mail> {
        self.cloud.outbox().all()
    }
}

fn reset(user: UserId) -> SendMail {
    SendMail { id: "one".into(), user, letter: Letter::PasswordReset { token: "T0ken".into() } }
}

#[tokio::test]
async fn one_mail_goes_out_however_often_its_job_is_delivered() {
    let world = World::start().await;
    let job = reset(world.user(Status::Active).await);
    let twice = [&job, &job];
    let batches = join_all((0..3).map(|_| world.deliver(&twice))).await;
    assert!(batches.iter().all(Vec::is_empty), "{batches:?}");
    assert!(world.deliver(&[&job]).await.is_empty());
    let [mail] = &world.sent()[..] else { panic!("one mail: {:?}", world.sent()) };
    assert_eq!(
        (&mail.to[..], mail.subject.as_str()),
        (&["ana@example.com".to_owned()][..], "Choose a new password")
    );
    assert!(
        mail.text.as_ref().is_some_and(|text| text.contains("https://colloquy.example/reset?token=T0ken"))
    );
    let other = SendMail { id: "two".into(), letter: Letter::PasswordChanged, ..job };
    assert!(world.deliver(&[&other]).await.is_empty());
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn nobody_gets_no_mail_and_that_is_no_failure() {
    let world = World::start().await;
    let disabled = reset(world.user(Status::Disabled).await);
    let nobody = SendMail { id: "two".into(), ..reset(Uuid::nil().into()) };
    assert!(world.deliver(&[&disabled, &nobody]).await.is_empty());
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_job_whose_worker_died_is_done_by_a_later_delivery() {
    let world = World::start().await;
    let job = reset(world.user(Status::Active).await);
    // it claimed the job, and was not heard of again
    once::claim(&world.app.store, "mail#one", world.clock.now()).await.unwrap();
    assert_eq!(world.deliver(&[&job]).await, [json!({ "itemIdentifier": "message-0" })]);
    assert!(world.sent().is_empty());
    world.clock.advance(Duration::from_secs(36));
    assert!(world.deliver(&[&job]).await.is_empty());
    assert_eq!(world.sent().len(), 1);
}
