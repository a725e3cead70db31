//! `worker-mail`, called with the events of SQS, against the emulated table and mail service.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failed helper fails the test")]

use std::{ops::Deref, time::Duration};

use entry::LambdaFunction;
use futures::future::join_all;
use jiff::SignedDuration;
use model::{
    UserId,
    notification::{DigestFrequency, MailSubscription, NotificationPreferences},
    user::{AccountState, EmailAddress},
};
use protocol::job::{EmailMention, EmailTemplate, MailAudience, MailRecipient, SendMail};
use store::{chat::notification_preferences, identity::users::User, platform::once_claims};
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
        self.store_user(|user| user.status = status).await
    }

    async fn store_user(&self, change: impl FnOnce(&mut User)) -> UserId {
        let mut user = samples::identity::user(self.clock.new_id(), "Ana", self.now());
        change(&mut user);
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
    let template = EmailTemplate::PasswordReset { token: "T0ken".into() };
    SendMail { id: "one".into(), to: MailRecipient::User(user), template }
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

/// One e-mail of each kind.
fn every_template() -> Vec<EmailTemplate> {
    let mention =
        EmailMention { channel: None, from: "Eve".into(), text: "@ana sign in at evil.example".into() };
    let all = vec![
        EmailTemplate::EmailVerification { code: Some("012345".into()), token: "T".into() },
        EmailTemplate::EmailChanged,
        EmailTemplate::Invitation { token: "T".into() },
        EmailTemplate::PasswordReset { token: "T".into() },
        EmailTemplate::PasswordChanged,
        EmailTemplate::ReportReady { session: Uuid::nil().into(), title: "Herons".into(), token: None },
        EmailTemplate::MentionDigest { mentions: vec![mention], more: 0 },
    ];
    // A new kind does not compile here. Add it to the list above too.
    for template in &all {
        match template {
            EmailTemplate::EmailVerification { .. }
            | EmailTemplate::EmailChanged
            | EmailTemplate::Invitation { .. }
            | EmailTemplate::PasswordReset { .. }
            | EmailTemplate::PasswordChanged
            | EmailTemplate::ReportReady { .. }
            | EmailTemplate::MentionDigest { .. } => {}
        }
    }
    all
}

/// Sends each kind of e-mail to each kind of recipient, and returns the subjects that arrived.
async fn subjects_for(world: &MailWorld, to: &MailRecipient) -> Vec<String> {
    let before = world.sent().len();
    for template in every_template() {
        let id = world.clock.new_id::<Uuid>().to_string();
        let job = SendMail { id, to: to.clone(), template };
        // A kind that must not have such a recipient fails, and is a dead letter in the end.
        world.deliver_mails(&[&job]).await;
    }
    world.sent().split_off(before).into_iter().map(|mail| mail.subject).collect()
}

#[tokio::test]
async fn an_unverified_address_gets_only_the_password_reset() {
    let world = MailWorld::start().await;
    let user = world.store_user(|user| user.email_verified_at = None).await;
    assert_eq!(subjects_for(&world, &MailRecipient::User(user)).await, ["Choose a new password"]);
    // the name of an account may be the words of a stranger
    let mail = &world.sent()[0];
    assert!(mail.text.as_ref().is_some_and(|text| text.starts_with("Hello,\n")), "{mail:?}");
    assert!(mail.html.as_ref().is_some_and(|html| !html.contains("Ana")), "{mail:?}");
}

#[tokio::test]
async fn each_kind_of_mail_has_its_audience() {
    let world = MailWorld::start().await;
    let user = world.create_user(AccountState::Active).await;
    let to_account = subjects_for(&world, &MailRecipient::User(user)).await;
    let expected =
        ["Choose a new password", "Your password was changed", "The report of Herons", "Eve mentioned you"];
    assert_eq!(to_account, expected);
    let stranger = MailRecipient::Address(EmailAddress::parse("bo@example.com").unwrap());
    let to_address = subjects_for(&world, &stranger).await;
    assert_eq!(
        to_address,
        ["Confirm your e-mail address", "Your e-mail address was changed", "You are invited to a team"]
    );
    for template in every_template() {
        let is_of_others = template.subscription().is_some();
        assert!(!is_of_others || template.audience() == MailAudience::VerifiedAccount, "{template:?}");
    }
}

#[tokio::test]
async fn mails_that_a_user_turned_off_are_not_sent() {
    let world = MailWorld::start().await;
    let user = world.create_user(AccountState::Active).await;
    let all = NotificationPreferences::default();
    let rows = [
        (all.clone(), ["The report of Herons", "Eve mentioned you"].as_slice()),
        (
            NotificationPreferences { mail_digest: DigestFrequency::Off, ..all.clone() },
            &["The report of Herons"],
        ),
        (NotificationPreferences { report_mail: false, ..all }, &["Eve mentioned you"]),
    ];
    for (preferences, expected) in rows {
        notification_preferences::put(&world.app.store, user, preferences.clone()).await.unwrap();
        let subjects = subjects_for(&world, &MailRecipient::User(user)).await;
        let subscribed: Vec<&str> =
            subjects.iter().map(String::as_str).filter(|it| !it.contains("password")).collect();
        assert_eq!(subscribed, expected, "{preferences:?}");
    }
    let mail = world.sent().into_iter().rev().find(|mail| mail.subject.contains("mentioned")).unwrap();
    let url = mail.header("List-Unsubscribe").unwrap().trim_matches(['<', '>']).to_owned();
    assert!(url.starts_with("https://colloquy.example/v1/notifications/unsubscribe?token="), "{url}");
    assert_eq!(mail.header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
    let token = url.split_once("token=").unwrap().1;
    let link = world.app.tokens.verify_unsubscribe(token, world.now()).await.unwrap().unwrap();
    assert_eq!((link.user, link.list), (user, MailSubscription::MentionDigest));
}
