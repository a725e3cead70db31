//! The jobs that count votes and connections.

use model::{
    Error, UserId,
    session::{SessionStatus, SlidePacing},
    tick::Tick,
};
use protocol::job::{BroadcastFrame, CheckSession, CountPresence, CountRecipients, CountVotes, RankQuiz};
use store::{
    realtime::connections::ConnectionIdentity,
    sessions::{Session, SlideResultSettings},
};

use crate::world::{LiveTalk, SentFrames, SessionsWorld};

/// Creates a session with a vote on the current slide, its presenter's socket, and the job that counts the vote.
async fn talk_with_vote(world: &SessionsWorld) -> (LiveTalk, SentFrames, CountVotes) {
    let owner: UserId = world.clock.new_id();
    let talk = world.start_talk(owner, SessionStatus::Active).await;
    let session = talk.session.id;
    let slide = talk.slides[1];
    let presenter =
        ConnectionIdentity::Account { user: owner, login: world.clock.new_id(), presents: Some(session) };
    let socket = world.open_socket("presenter=", presenter).await;
    world.store_vote(session, slide).await;
    let tick = Tick(Tick::containing(world.clock.millis()).0 - 8);
    let job =
        CountVotes { session, slide, tick, recipients: CountRecipients::Presenter, tries: 0, since: None };
    (talk, socket, job)
}

#[tokio::test]
async fn responses_that_cannot_be_posted_are_queued() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment_without_sockets()).await.unwrap();
    let (_, _socket, job) = talk_with_vote(&world).await;
    assert!(world.deliver(&worker, &job).await);
    let broadcasts = world.queued_jobs::<BroadcastFrame>();
    for event in [r#""type":"vote_update""#, r#""type":"response_submitted""#] {
        let count = broadcasts.iter().filter(|job| job.frame.contains(event)).count();
        assert_eq!(count, 1, "{event}: {broadcasts:?}");
    }
    let retries: Vec<_> = world
        .queued_jobs::<CountVotes>()
        .into_iter()
        .filter(|job| job.recipients == CountRecipients::Presenter)
        .collect();
    assert!(retries.is_empty(), "the count is stored and queued: {retries:?}");
}

#[tokio::test]
async fn an_unpublished_count_is_published_by_the_retry() {
    let world = SessionsWorld::start().await;
    let broken = sessions::worker(world.environment_without_sockets_and_broadcast()).await.unwrap();
    let (_, mut socket, job) = talk_with_vote(&world).await;
    assert!(world.deliver(&broken, &job).await, "deferred");
    let [retry] = &world.queued_jobs::<CountVotes>()[..] else {
        panic!("{:?}", world.queued_jobs::<CountVotes>())
    };
    assert_eq!((retry.tries, retry.since), (1, Some(0)));
    assert!(retry.tick > job.tick);
    assert!(socket.all().is_empty());

    let worker = sessions::worker(world.environment()).await.unwrap();
    assert!(world.deliver(&worker, retry).await);
    let (frames, _) = socket.frames();
    let types: Vec<_> = frames.iter().map(|frame| frame["type"].as_str().unwrap()).collect();
    assert_eq!(types, ["vote_update", "response_submitted"]);
}

/// A deployment that lacks a permission must not retry for ever. The dead letter raises an alarm.
#[tokio::test]
async fn a_job_deferred_too_often_becomes_a_dead_letter() {
    let world = SessionsWorld::start().await;
    let broken = sessions::worker(world.environment_without_sockets_and_broadcast()).await.unwrap();
    let (talk, _socket, job) = talk_with_vote(&world).await;
    assert!(!world.deliver(&broken, &CountVotes { tries: 10, ..job.clone() }).await);
    let presence = CountPresence {
        session: talk.session.id,
        tick: job.tick,
        recipients: CountRecipients::Presenter,
        tries: 10,
    };
    assert!(!world.deliver(&broken, &presence).await);
    assert!(
        world.queued_jobs::<CountVotes>().iter().all(|job| job.tries == 0),
        "{:?}",
        world.queued_jobs::<CountVotes>()
    );
    assert!(world.queued_jobs::<CountPresence>().iter().all(|job| job.tries == 0));
}

#[tokio::test]
async fn a_refused_post_is_not_retried() {
    let world = SessionsWorld::start().await;
    let app = entry::App::start(&world.environment_without_sockets(), &[]).await.unwrap();
    let refused = app.realtime.post("x=", "{}").await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    let gone = world.app.realtime.post("x=", "{}").await;
    assert!(matches!(gone, Ok(realtime::connection_post::PostOutcome::Gone)), "{gone:?}");
}

#[tokio::test]
async fn an_ended_session_is_counted_one_last_time() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    let session = talk.session.id;
    // the first slide has uncounted votes, and the third one was never answered
    world.store_vote(session, talk.slides[0]).await;
    let revealed =
        SlideResultSettings { revealed_at: Some(world.clock.millis()), ..SlideResultSettings::default() };
    let ended = Session {
        status: SessionStatus::Ended,
        ended_at: Some(world.clock.now()),
        version: 2,
        results: [(talk.slides[0], revealed)].into(),
        ..talk.session
    };
    store::sessions::change(&world.app.store, &ended).await.unwrap();
    assert!(world.deliver(&worker, &CheckSession { session }).await);
    let counted: Vec<_> = world
        .queued_jobs::<CountVotes>()
        .into_iter()
        .filter(|job| job.recipients == CountRecipients::Presenter)
        .map(|job| job.slide)
        .collect();
    assert_eq!(counted, [talk.slides[1], talk.slides[0]]);
    assert_eq!(world.queued_jobs::<RankQuiz>().len(), 1, "the leaderboard is computed too");
}

#[tokio::test]
async fn a_self_paced_session_is_counted_on_every_answered_slide() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    let id = talk.session.id;
    world.store_vote(id, talk.slides[0]).await;
    let turned = Session { pace: SlidePacing::Participant, version: 2, ..talk.session };
    store::sessions::change(&world.app.store, &turned).await.unwrap();
    assert!(world.deliver(&worker, &CheckSession { session: id }).await);
    let counted: Vec<_> = world.queued_jobs::<CountVotes>().into_iter().map(|job| job.slide).collect();
    assert_eq!(counted, [talk.slides[1], talk.slides[0]]);
}
