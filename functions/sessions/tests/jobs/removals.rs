//! Sockets of participants who were removed.

use model::{Room, UserId, session::SessionStatus};
use protocol::job::{ConnectionOpened, OpenedReason};
use store::{realtime::connections::ConnectionIdentity, sessions::participants};

use crate::world::SessionsWorld;

/// A function that removes a participant cannot close a socket that is still opening, and it may die before it closes
/// the others. The job that sends the session state closes them.
#[tokio::test]
async fn sending_session_state_closes_sockets_of_removed_participants() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
    let bo = world.add_participant(session).await;
    let cy = world.add_participant(session).await;
    let identity = |participant| ConnectionIdentity::Participant { participant, session, by: None };
    let mut removed = world.open_socket("removed=", identity(bo)).await;
    let mut stays = world.open_socket("stays=", identity(cy)).await;
    participants::remove(&world.app.store, session, bo, world.clock.now()).await.unwrap();
    for (connection, participant) in [("removed=", bo), ("stays=", cy)] {
        let identity = identity(participant);
        let opened = ConnectionOpened { connection: connection.into(), identity, reason: OpenedReason::New };
        assert!(world.deliver(&worker, &opened).await, "{connection}");
    }
    let (frames, is_closed) = removed.frames();
    assert_eq!((frames.len(), is_closed), (1, true), "{frames:?}");
    assert_eq!(frames[0]["payload"]["code"], "removed");
    let (frames, is_closed) = stays.frames();
    assert_eq!((frames[0]["type"].as_str(), is_closed), (Some("session_state"), false));
    assert_eq!(world.room_size(Room::Session(session)).await, 1);
}
