//! `worker-mail` through its door, against the emulated table and mail service.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "what a test's helper cannot do, fails the test"
)]

use jiff::SignedDuration;
use std::time::Duration;

use cloud::bench::{self, Bench};
use entry::{App, Clock, Door, Environment};
use futures::future::join_all;
use lambda_runtime::Context;
use model::{
    UserId,
    plan::Plan,
    user::{Email, Role, Status},
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
    bench: Bench,
    door: Door,
}

impl World {
    async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let bench = Bench::start(move || time.millis(), None).await.expect("a bench");
        let environment = Environment::of(bench.variables(), clock.clone());
        let app = App::start(&environment, &[]).await.expect("an app");
        let door = mail::worker(environment).await.expect("a door");
        Self { app, clock, bench, door }
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
            role: Role::Member,
            plan: Plan::Free,
            status,
            restriction: None,
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
        let posted = jobs.iter().map(|job| {
            let payload = serde_json::to_value(job).unwrap();
            let posted = Posted { job: SendMail::NAME.into(), payload, at: self.clock.now() };
            serde_json::to_string(&posted).unwrap()
        });
        let answer = self.door.call(bench::batch(posted), Context::default()).await.unwrap();
        answer["batchItemFailures"].as_array().unwrap().clone()
    }

    fn sent(&self) -> Vec<cloud::Mail> {
        self.bench.cloud.outbox().all()
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
    once::claim(&world.app.store, "mail#one", SignedDuration::from_secs(35), world.clock.now())
        .await
        .unwrap();
    assert_eq!(world.deliver(&[&job]).await, [json!({ "itemIdentifier": "message-0" })]);
    assert!(world.sent().is_empty());
    world.clock.advance(Duration::from_secs(36));
    assert!(world.deliver(&[&job]).await.is_empty());
    assert_eq!(world.sent().len(), 1);
}
