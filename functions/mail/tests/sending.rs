//! `worker-mail`, called with the events of SQS, against the emulated table and mail service.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed helper fails the test")]

use std::{ops::Deref, time::Duration};

use entry::LambdaFunction;
use futures::future::join_all;
use jiff::SignedDuration;
use model::{UserId, user::AccountState};
use protocol::job::{EmailTemplate, SendMail};
use store::{identity::users::User, platform::once_claims};
use testkit::{SentEmail, TestApp, job_body, samples};
use uuid::Uuid;

struct MailWorld {
    kit: TestApp,
    function: LambdaFunction,
}

impl Deref for MailWorld {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.kit
    }
}

impl MailWorld {
    async fn start() -> Self {
        let kit = TestApp::start().await;
        let function = mail::worker(kit.environment()).await.expect("a function");
        Self { kit, function }
    }

    async fn create_user(&self, status: AccountState) -> UserId {
        let user = User { status, ..samples::identity::user(self.clock.new_id(), "Ana", self.now()) };
        self.app.store.put(&user).await.unwrap();
        user.id
    }

    /// Delivers a batch and returns the messages that failed.
    async fn deliver_mails(&self, jobs: &[&SendMail]) -> Vec<String> {
        let bodies = jobs.iter().map(|job| job_body(*job, self.now(), None));
        self.deliver_batch(&self.function, bodies).await
    }

    fn sent(&self) -> Vec<SentEmail> {
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
    let batches = join_all((0..3).map(|_| world.deliver_mails(&twice))).await;
    assert!(batches.iter().all(Vec::is_empty), "{batches:?}");
    assert!(world.deliver_mails(&[&job]).await.is_empty());
    let [mail] = &world.sent()[..] else { panic!("one e-mail: {:?}", world.sent()) };
    assert_eq!(
        (&mail.to[..], mail.subject.as_str()),
        (&["ana@example.com".to_owned()][..], "Choose a new password")
    );
    assert!(
        mail.text.as_ref().is_some_and(|text| text.contains("https://colloquy.example/reset?token=T0ken"))
    );
    let other = SendMail { id: "two".into(), template: EmailTemplate::PasswordChanged, ..job };
    assert!(world.deliver_mails(&[&other]).await.is_empty());
    assert_eq!(world.sent().len(), 2);
}

#[tokio::test]
async fn an_email_without_a_recipient_is_no_failure() {
    let world = MailWorld::start().await;
    let disabled = reset_mail(world.create_user(AccountState::Disabled).await);
    let unknown = SendMail { id: "two".into(), ..reset_mail(Uuid::nil().into()) };
    assert!(world.deliver_mails(&[&disabled, &unknown]).await.is_empty());
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
    assert_eq!(world.deliver_mails(&[&job]).await, ["message-0"]);
    assert!(world.sent().is_empty());
    world.clock.advance(Duration::from_secs(36));
    assert!(world.deliver_mails(&[&job]).await.is_empty());
    assert_eq!(world.sent().len(), 1);
}
