//! The job that writes a report.

use model::{Room, SessionId, UserId, session::SessionStatus};
use protocol::job::{CheckSession, MailRecipient, Queue, SendMail, WriteReport};
use store::{
    realtime::connections::ConnectionIdentity,
    sessions::{Session, reports},
};

use crate::world::SessionsWorld;

/// Creates a session that has ended, with two answers.
async fn end_session_with_answers(world: &SessionsWorld, owner: UserId) -> SessionId {
    let talk = world.start_talk(owner, SessionStatus::Active).await;
    let id = talk.session.id;
    world.store_vote(id, talk.slides[1]).await;
    world.store_vote(id, talk.slides[1]).await;
    let now = world.clock.now();
    let ended = Session { status: SessionStatus::Ended, ended_at: Some(now), version: 2, ..talk.session };
    store::sessions::change(&world.app.store, &ended).await.unwrap();
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redelivered_jobs_write_and_mail_one_report() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = end_session_with_answers(&world, owner).await;
    let login = world.create_login(owner).await;
    let mut tablet = world
        .open_socket("tablet=", ConnectionIdentity::Account { user: owner, login, presents: None })
        .await;
    let job = WriteReport { session, counting: true };
    assert!(world.deliver(&worker, &job).await);
    let first = reports::get(&world.app.store, session, world.clock.now()).await.unwrap().unwrap();
    assert_eq!((first.audience.responses, first.slides.len()), (2, 1), "{first:?}");
    // two concurrent deliveries, and a late one
    let (first_done, second_done) = tokio::join!(world.deliver(&worker, &job), world.deliver(&worker, &job));
    assert!(first_done && second_done && world.deliver(&worker, &job).await);
    let last = reports::get(&world.app.store, session, world.clock.now()).await.unwrap().unwrap();
    assert_eq!(first, last);
    let [mail] = &world.queued_jobs::<SendMail>()[..] else {
        panic!("{:?}", world.queued_jobs::<SendMail>())
    };
    assert_eq!((&mail.id, &mail.to), (&format!("report#{session}"), &MailRecipient::User(owner)));
    assert_eq!(tablet.frames().0.iter().filter(|frame| frame["type"] == "report_ready").count(), 1);
    assert_eq!(world.room_size(Room::User(owner)).await, 1);
}

/// The function died after it stored the report and before it sent the mail.
#[tokio::test]
async fn a_stored_report_is_mailed_without_rewriting() {
    let world = SessionsWorld::start().await;
    let broken = sessions::worker(world.environment_without(&[Queue::Mail.env_var()])).await.unwrap();
    let worker = sessions::worker(world.environment()).await.unwrap();
    let session = end_session_with_answers(&world, world.clock.new_id()).await;
    let job = WriteReport { session, counting: false };
    assert!(!world.deliver(&broken, &job).await);
    let first = reports::get(&world.app.store, session, world.clock.now()).await.unwrap().unwrap();
    assert!(world.queued_jobs::<SendMail>().is_empty());
    world.clock.advance(std::time::Duration::from_secs(21));
    for _ in 0..2 {
        assert!(world.deliver(&worker, &job).await);
    }
    let last = reports::get(&world.app.store, session, world.clock.now()).await.unwrap().unwrap();
    assert_eq!((first, world.queued_jobs::<SendMail>().len()), (last, 1));
}

#[tokio::test]
async fn checking_an_ended_session_requests_its_missing_report() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let session = end_session_with_answers(&world, world.clock.new_id()).await;
    assert!(world.deliver(&worker, &CheckSession { session }).await);
    let [job] = &world.queued_jobs::<WriteReport>()[..] else {
        panic!("{:?}", world.queued_jobs::<WriteReport>())
    };
    assert!(world.deliver(&worker, job).await);
    assert!(world.deliver(&worker, &CheckSession { session }).await);
    assert_eq!(world.queued_jobs::<WriteReport>().len(), 1, "a report is stored");
}

#[tokio::test]
async fn a_session_that_never_started_has_no_report() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Pending).await;
    let id = talk.session.id;
    let now = world.clock.now();
    let cancelled = Session {
        status: SessionStatus::Ended,
        started_at: None,
        ended_at: Some(now),
        version: 2,
        ..talk.session
    };
    store::sessions::change(&world.app.store, &cancelled).await.unwrap();
    assert!(world.deliver(&worker, &WriteReport { session: id, counting: false }).await);
    assert_eq!(reports::get(&world.app.store, id, now).await.unwrap(), None);
    assert!(world.queued_jobs::<SendMail>().is_empty());
}

/// The function dies between any two of its writes. The next delivery ends with one report. Its mail has one id, and
/// `worker-mail` sends an id once.
#[tokio::test]
async fn a_crash_at_any_step_leads_to_one_report_and_one_mail() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let mut crashes = 0;
    for steps in 1.. {
        let session = end_session_with_answers(&world, world.clock.new_id()).await;
        let job = WriteReport { session, counting: false };
        let has_crashed = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        world.clock.advance(std::time::Duration::from_mins(2));
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        let report = reports::get(&world.app.store, session, world.clock.now()).await.unwrap().unwrap();
        assert_eq!(report.audience.responses, 2, "after {steps} steps");
        let id = format!("report#{session}");
        let mails = world.queued_jobs::<SendMail>().into_iter().filter(|mail| mail.id == id).count();
        assert!((1..=2).contains(&mails), "{mails} after {steps} steps");
        if !has_crashed {
            break;
        }
        crashes += 1;
    }
    assert!(crashes > 5, "the job has more steps than {crashes}");
}
