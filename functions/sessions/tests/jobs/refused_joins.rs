//! The job that adds up the refused joins of a full session. It may run twice, late, or die.

use entry::Environment;
use model::{LoginId, Room, SessionId, refused_joins::CountedRefusals, session::SessionStatus, tick::Tick};
use protocol::job::{CheckSession, CountTurnedAway};
use store::{
    realtime::connections::ConnectionIdentity,
    sessions::{self as stored_sessions, refused_joins},
};
use testkit::{SentFrames, SweepFault, sweep_calls};
use uuid::Uuid;

use crate::world::SessionsWorld;

impl SessionsWorld {
    /// Stores the number of refused joins of an instance.
    async fn refuse(&self, session: SessionId, instance: u128, refused: u64) {
        let counted = CountedRefusals { counter: Uuid::from_u128(instance), refused };
        refused_joins::record_refusals(&self.app.store, session, counted, 25).await.unwrap();
    }

    async fn turned_away(&self, session: SessionId) -> u64 {
        stored_sessions::get_turned_away(&self.app.store, session, self.now()).await.unwrap()
    }

    async fn full_session(&self) -> (SessionId, SentFrames) {
        let owner = self.clock.new_id();
        let session = self.start_talk(owner, SessionStatus::Active).await.session.id;
        let login: LoginId = self.clock.new_id();
        let identity = ConnectionIdentity::Account { user: owner, login, presents: Some(session) };
        let presenter = self.open_socket(&format!("{session}="), identity).await;
        assert_eq!(self.room_size(Room::Presenter(session)).await, 1);
        (session, presenter)
    }
}

/// The tick is over, so the job does not wait.
const fn count_job(session: SessionId) -> CountTurnedAway {
    CountTurnedAway { session, tick: Tick(3) }
}

fn published(presenter: &mut SentFrames) -> Vec<u64> {
    let events = presenter.payloads_of("session_full");
    events.iter().map(|event| event["turned_away"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_numbers_of_all_instances_are_added_up_once() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let (session, mut presenter) = world.full_session().await;
    assert!(world.deliver(&worker, &count_job(session)).await);
    assert!(published(&mut presenter).is_empty(), "no join was refused");
    for (instance, refused) in [(1, 3), (2, 4), (1, 5), (1, 2), (2, 4)] {
        world.refuse(session, instance, refused).await;
    }
    // the highest number of each instance, however often it was stored
    for _ in 0..2 {
        assert!(world.deliver(&worker, &count_job(session)).await);
    }
    assert_eq!(published(&mut presenter), [9, 9]);
    assert_eq!(world.turned_away(session).await, 9);
    // a lost job is made up for by the check of the session
    world.refuse(session, 3, 1).await;
    for _ in 0..2 {
        assert!(world.deliver(&worker, &CheckSession { session }).await);
    }
    assert_eq!(published(&mut presenter), [10]);
}

#[tokio::test]
async fn the_number_is_right_after_a_fault_at_any_call() {
    let world = SessionsWorld::start().await;
    let mut variables = world.cloud.function_environment();
    variables.insert("AWS_MAX_ATTEMPTS".into(), "1".into());
    let worker = sessions::worker(Environment::new(variables, world.clock.clone())).await.unwrap();
    let faults = [
        SweepFault::KillBefore,
        SweepFault::KillAfter,
        SweepFault::Throttle,
        SweepFault::InternalError,
        SweepFault::LoseResponse,
    ];
    let report = sweep_calls(&faults, async |probe| {
        let (session, mut presenter) = world.full_session().await;
        world.refuse(session, 1, 7).await;
        probe.run(&world.cloud, world.deliver(&worker, &count_job(session))).await;
        assert!(world.deliver(&worker, &count_job(session)).await);
        assert_eq!(world.turned_away(session).await, 7);
        let published = published(&mut presenter);
        assert!(!published.is_empty() && published.iter().all(|number| *number == 7), "{published:?}");
    })
    .await;
    assert!(report.calls >= 4, "{report:?}");
}
