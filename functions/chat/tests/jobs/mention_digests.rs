//! Digests: e-mails of missed mentions.

use std::time::Duration;

use jiff::SignedDuration;
use model::{
    UserId,
    notification::{DigestFrequency, NotificationPreferences},
};
use protocol::job::{EmailTemplate, MailRecipient, SendMail, SendMentionDigest};
use store::{
    chat::{due::ChatDueWork, mentions, notification_preferences},
    identity::users,
    platform::due,
};

use crate::world::{ChatWorld, processing_job};

const LATER: Duration = Duration::from_mins(16);

impl ChatWorld {
    async fn due_jobs(&self) -> Vec<due::DueWork> {
        let (items, _) = due::list_due(&self.app.store, 50, None, self.clock.now()).await.unwrap();
        items.iter().map(|item| item.work().unwrap()).collect()
    }

    async fn store_preferences(&self, user: UserId, wanted: NotificationPreferences) {
        notification_preferences::put(&self.app.store, user, wanted).await.unwrap();
    }
}

fn mail_lines(mail: &SendMail) -> (Vec<String>, usize) {
    let EmailTemplate::MentionDigest { mentions, more } = &mail.template else { panic!("{mail:?}") };
    (mentions.iter().map(|line| line.text.clone()).collect(), *more)
}

#[tokio::test]
async fn unread_mentions_are_emailed_once() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    for text in ["@bo read", "@bo deleted", "@bo left out", "@bo missed\n\nthis"] {
        let message = world.append_message(channel, &ana, text, &[&bo], None).await;
        assert!(world.deliver(&worker, &processing_job(message)).await);
        if text.contains("deleted") {
            world.delete_message(message).await;
        }
        if text.contains("left out") {
            let edited = world.edit_message(message, "no mention", &[]).await;
            assert!(world.deliver(&worker, &edited).await);
        }
    }
    world.update_membership(bo.id, channel, |membership| membership.read_seq = 1).await;
    let job = SendMentionDigest { user: bo.id };
    assert!(world.due_jobs().await.is_empty());
    assert!(world.deliver(&worker, &job).await);
    assert!(world.queued_jobs::<SendMail>().is_empty(), "the digest is not due yet");

    world.clock.advance(LATER);
    assert_eq!(world.due_jobs().await, [due::DueWork::Chat(ChatDueWork::MentionDigest(bo.id))]);
    for _ in 0..2 {
        assert!(world.deliver(&worker, &job).await);
    }
    let [mail] = &world.queued_jobs::<SendMail>()[..] else {
        panic!("{:?}", world.queued_jobs::<SendMail>())
    };
    assert_eq!(
        (&mail.to, mail_lines(mail)),
        (&MailRecipient::User(bo.id), (vec!["@bo missed this".into()], 0))
    );
    assert!(world.due_jobs().await.is_empty());
    world.clock.advance(LATER);
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(world.queued_jobs::<SendMail>().len(), 1);
}

#[tokio::test]
async fn the_next_digest_waits_and_contains_new_mentions() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let job = SendMentionDigest { user: bo.id };
    for number in 0..13 {
        let message = world.append_message(channel, &ana, &format!("@bo {number}"), &[&bo], None).await;
        assert!(world.deliver(&worker, &processing_job(message)).await);
        world.clock.advance(Duration::from_millis(5));
    }
    world.clock.advance(LATER);
    assert!(world.deliver(&worker, &job).await);
    let (texts, more) = mail_lines(&world.queued_jobs::<SendMail>()[0]);
    assert_eq!((texts.len(), texts[0].as_str(), more), (10, "@bo 12", 3));

    let message = world.append_message(channel, &ana, "@bo again", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    world.clock.advance(LATER);
    assert!(world.due_jobs().await.is_empty(), "the next digest is due an hour after the last one");
    world.clock.advance(Duration::from_mins(45));
    assert_eq!(world.due_jobs().await, [due::DueWork::Chat(ChatDueWork::MentionDigest(bo.id))]);
    assert!(world.deliver(&worker, &job).await);
    let mails = world.queued_jobs::<SendMail>();
    assert_eq!((mails.len(), mail_lines(&mails[1])), (2, (vec!["@bo again".into()], 0)));
    assert_ne!(mails[0].id, mails[1].id);
}

/// The mentions are not marked as e-mailed, so the first digest after the verification contains them.
#[tokio::test]
async fn mentions_of_an_unverified_address_wait_for_its_verification() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let mut account = users::get_strong(&world.app.store, bo.id, world.now()).await.unwrap().unwrap();
    let verified_at = account.email_verified_at.take();
    world.app.store.put(&account).await.unwrap();
    let channel = world.create_channel(&[&ana, &bo]).await;
    let job = SendMentionDigest { user: bo.id };
    for (text, mails) in [("@bo early", 0), ("@bo late", 1)] {
        let message = world.append_message(channel, &ana, text, &[&bo], None).await;
        assert!(world.deliver(&worker, &processing_job(message)).await);
        world.clock.advance(LATER);
        assert!(world.deliver(&worker, &job).await);
        assert_eq!(world.queued_jobs::<SendMail>().len(), mails, "{text}");
        assert!(world.due_jobs().await.is_empty(), "no digest stays due: {text}");
        account.email_verified_at = verified_at;
        world.app.store.put(&account).await.unwrap();
    }
    let (mut texts, more) = mail_lines(&world.queued_jobs::<SendMail>()[0]);
    texts.sort();
    assert_eq!((texts, more), (vec!["@bo early".to_owned(), "@bo late".to_owned()], 0));
}

#[tokio::test]
async fn members_who_opted_out_or_left_get_no_digest() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let off = world.create_user("off").await;
    let gone = world.create_user("gone").await;
    let channel = world.create_channel(&[&ana, &off, &gone]).await;
    let message = world.append_message(channel, &ana, "@off @gone", &[&off, &gone], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    world
        .store_preferences(
            off.id,
            NotificationPreferences {
                mail_digest: DigestFrequency::Off,
                ..NotificationPreferences::default()
            },
        )
        .await;
    world.leave_channel(channel, gone.id).await;
    world.clock.advance(LATER);
    assert_eq!(world.due_jobs().await.len(), 2);
    for (name, user) in [("opted out", off.id), ("left", gone.id)] {
        assert!(world.deliver(&worker, &SendMentionDigest { user }).await, "{name}");
    }
    assert!(world.queued_jobs::<SendMail>().is_empty());
    assert!(world.due_jobs().await.is_empty());
    // no digest becomes due for a user who opted out
    let message = world.append_message(channel, &ana, "@off again", &[&off], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    world.clock.advance(LATER);
    assert!(world.due_jobs().await.is_empty());
}

#[tokio::test]
async fn a_digest_waits_until_quiet_hours_end() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let bo = world.create_user("bo").await;
    let channel = world.create_channel(&[&ana, &bo]).await;
    let message = world.append_message(channel, &ana, "@bo", &[&bo], None).await;
    assert!(world.deliver(&worker, &processing_job(message)).await);
    world.clock.advance(LATER);
    // the quiet hours are set after the digest became due, and last for another hour
    let minute = world.clock.now().as_second() / 60 % 1440;
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let hours = serde_json::json!({
        "from": time((minute + 1439) % 1440), "to": time((minute + 60) % 1440), "time_zone": "UTC",
    });
    let quiet_hours = Some(serde_json::from_value(hours).unwrap());
    world
        .store_preferences(
            bo.id,
            NotificationPreferences { quiet_hours, ..NotificationPreferences::default() },
        )
        .await;
    let job = SendMentionDigest { user: bo.id };
    assert!(world.deliver(&worker, &job).await);
    assert!(world.queued_jobs::<SendMail>().is_empty() && world.due_jobs().await.is_empty());
    world.clock.advance(Duration::from_mins(61));
    assert_eq!(world.due_jobs().await, [due::DueWork::Chat(ChatDueWork::MentionDigest(bo.id))]);
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(world.queued_jobs::<SendMail>().len(), 1);
}

/// The function dies at any step. Every mention is e-mailed once, because e-mails with the same id are one e-mail.
#[tokio::test]
async fn a_crash_at_any_step_emails_every_mention_once() {
    let world = ChatWorld::start().await;
    let worker = world.start_worker().await;
    let ana = world.create_user("ana").await;
    let mut deaths = 0;
    for steps in 1.. {
        let bo = world.create_user(&format!("bo{steps}")).await;
        let channel = world.create_channel(&[&ana, &bo]).await;
        let job = SendMentionDigest { user: bo.id };
        let first = world.append_message(channel, &ana, "@bo first", &[&bo], None).await;
        assert!(world.deliver(&worker, &processing_job(first)).await);
        world.clock.advance(LATER);
        let died = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        let second = world.append_message(channel, &ana, "@bo second", &[&bo], None).await;
        assert!(world.deliver(&worker, &processing_job(second)).await);
        // the clock sends the job again while the digest is due
        for _ in 0..3 {
            assert!(world.deliver(&worker, &job).await, "after {steps} steps");
            world.clock.advance(Duration::from_mins(61));
        }
        let mut mails: Vec<SendMail> = world
            .queued_jobs::<SendMail>()
            .into_iter()
            .filter(|mail| mail.to == MailRecipient::User(bo.id))
            .collect();
        mails.dedup_by(|mail, previous| mail.id == previous.id);
        let mut texts: Vec<String> = mails.iter().flat_map(|mail| mail_lines(mail).0).collect();
        texts.sort();
        assert_eq!(texts, ["@bo first", "@bo second"], "after {steps} steps: {mails:?}");
        let found = mentions::list_newest(&world.app.store, bo.id, 10, world.clock.now()).await.unwrap();
        assert!(found.iter().all(|mention| mention.is_emailed), "after {steps} steps");
        let (items, _) =
            due::list_due(&world.app.store, 50, None, world.clock.now() + SignedDuration::from_hours(9))
                .await
                .unwrap();
        assert!(items.is_empty(), "after {steps} steps");
        if !died {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 10, "the job has more than {deaths} steps");
}
