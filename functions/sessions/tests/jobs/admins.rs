//! What admins have done by a job.

use model::session::{EndReason, SessionStatus};
use protocol::job::EndSession;
use store::ReadConsistency;

use crate::world::SessionsWorld;

#[tokio::test]
async fn repeated_admin_requests_end_a_session_once() {
    let world = SessionsWorld::start().await;
    let talk = world.start_talk(world.clock.new_id(), SessionStatus::Active).await;
    let door = sessions::worker(world.environment()).await.unwrap();
    let ended = || async {
        let found = store::sessions::get(
            &world.app.store,
            talk.session.id,
            ReadConsistency::Strong,
            world.clock.now(),
        );
        found.await.unwrap().unwrap()
    };
    let job = EndSession { session: talk.session.id };
    assert!(world.deliver(&door, &job).await);
    let first = ended().await;
    assert_eq!((first.status, first.end_reason), (SessionStatus::Ended, Some(EndReason::Admin)));
    assert!(world.deliver(&door, &job).await);
    assert_eq!(ended().await, first);
    assert!(world.deliver(&door, &EndSession { session: world.clock.new_id() }).await, "one that never was");
}
