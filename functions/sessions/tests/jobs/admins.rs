//! The jobs that administrators request.

use model::session::{EndReason, SessionStatus};
use protocol::job::EndSession;
use store::ReadConsistency;

use crate::world::SessionsWorld;

#[tokio::test]
async fn repeated_admin_requests_end_a_session_once() {
    let world = SessionsWorld::start().await;
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let stored_session = || async {
        let found = store::sessions::get(
            &world.app.store,
            talk.session.id,
            ReadConsistency::Strong,
            world.clock.now(),
        );
        found.await.unwrap().unwrap()
    };
    let job = EndSession { session: talk.session.id };
    assert!(world.deliver(&worker, &job).await);
    let first = stored_session().await;
    assert_eq!((first.status, first.end_reason), (SessionStatus::Ended, Some(EndReason::Admin)));
    assert!(world.deliver(&worker, &job).await);
    assert_eq!(stored_session().await, first);
    assert!(
        world.deliver(&worker, &EndSession { session: world.clock.new_id() }).await,
        "a session that does not exist"
    );
}
