//! `worker-mail`, called with the events of SQS, against the emulated table and mail service.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed helper fails the test")]

use jiff::SignedDuration;
use std::time::Duration;

use emulator::bench::{self, TestCloud};
use entry::{App, Clock, Environment, LambdaFunction};
use futures::future::join_all;
use lambda_runtime::Context;
use model::{
    UserId,
    plan::Plan,
    user::{AccountState, EmailAddress, UserRole},
};
use protocol::{
    Job,
    job::{EmailTemplate, JobEnvelope, SendMail},
};
use serde_json::{Value, json};
use store::{identity::users::User, platform::once_claims};
use uuid::Uuid;

struct MailWorld {
    app: App,
    clock: Clock,
    cloud: TestCloud,
    function: LambdaFunction,
}

impl MailWorld {
    async fn start() -> Self {
        let clock = Clock::system();
        let time = clock.clone();
        let cloud = TestCloud::start(move || time.millis(), None).await.expect("a test cloud");
        let environment = Environment::new(cloud.function_environment(), clock.clone());
        let app = App::start(&environment, &[]).await.expect("an app");
        let function = mail::worker(environment).await.expect("a function");
        Self { app, clock, cloud, function }
    }

    async fn create_user(&self, status: AccountState) -> UserId {
        let now = self.clock.now();
        let user = User {
            id: self.clock.new_id(),
            email: Some(EmailAddress::parse("ana@example.com").unwrap()),
            username: None,
            name: "Ana".into(),
            avatar: None,
            organization: None,
            role: UserRole::Member,
            plan: Plan::Free,
            status,
            restriction: None,
            password: None,
            credentials_changed_at: now,
            created_at: now,
            updated_at: now,
            version: 1,
        };
        self.app.store.put(&user).await.unwrap();
        user.id
    }

    /// Delivers a batch and returns the messages that failed.
    async fn deliver(&self, jobs: &[&SendMail]) -> Vec<Value> {
        let bodies = jobs.iter().map(|job| {
            let payload = serde_json::to_value(job).unwrap();
            let envelope =
                JobEnvelope { job: SendMail::NAME.into(), payload, at: self.clock.now(), request_id: None };
            serde_json::to_string(&envelope).unwrap()
        });
        let response = self.function.call(bench::sqs_event(bodies), Context::default()).await.unwrap();
        response["batchItemFailures"].as_array().unwrap().clone()
    }

    fn sent(&self) -> Vec<emulator::SentEmail> {
        self.cloud.emulator.ses().emails()
    }
}

fn reset_mail(user: UserId) -> SendMail {
    SendMail { id: "one".into(), user, template: EmailTemplate::PasswordReset { token: "T0ken".into() } }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redelivered_job_sends_one_email() {
    let world = MailWorld::start().await;
    let job = reset_mail(world.create_user(AccountState::Active).await);
    let twice = [&job, &job];
    let batches = join_all((0..3).map(|_| world.deliver(&twice))).await;
    assert!(batches.iter().all(Vec::is_empty), "{batches:?}");
    assert!(world.deliver(&[&job]).await.is_empty());
    let [mail] = &world.sent()[..] else { panic!("one e-mail: {:?}", world.sent()) };
    assert_eq!(
        (&mail.to[..], mail.subject.as_str()),
        (&["ana@example.com".to_owned()][..], "Choose a new password")
    );
    assert!(
        mail.text.as_ref().is_some_and(|text| text.contains("https://colloquy.example/reset?token=T0ken"))
    );
    let other = SendMail { id: "two".into(), template: EmailTemplate::PasswordChanged, ..job };
    assert!(world.deliver(&[&other]).await.is_empty());
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn an_email_without_a_recipient_is_no_failure() {
    let world = MailWorld::start().await;
    let disabled = reset_mail(world.create_user(AccountState::Disabled).await);
    let unknown = SendMail { id: "two".into(), ..reset_mail(Uuid::nil().into()) };
    assert!(world.deliver(&[&disabled, &unknown]).await.is_empty());
    assert!(world.sent().is_empty());
}

#[tokio::test]
async fn a_later_delivery_completes_the_job_of_a_dead_worker() {
    let world = MailWorld::start().await;
    let job = reset_mail(world.create_user(AccountState::Active).await);
    // The worker claimed the job and died.
    once_claims::claim(&world.app.store, "mail#one", SignedDuration::from_secs(35), world.clock.now())
        .await
        .unwrap();
    assert_eq!(world.deliver(&[&job]).await, [json!({ "itemIdentifier": "message-0" })]);
    assert!(world.sent().is_empty());
    world.clock.advance(Duration::from_secs(36));
    assert!(world.deliver(&[&job]).await.is_empty());
    assert_eq!(world.sent().len(), 1);
}
