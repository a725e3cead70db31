//! Connections of a session open and close. Their jobs may run twice, late, or in the other order.

use model::{ConnectionIdentity, ErrorCode, Room, SessionId, UserId, session::SessionStatus};
use protocol::job::{ConnectionClosed, ConnectionOpened, CountPresence, OpenedReason};
use store::realtime::connections;

use crate::world::{SentFrames, SessionsWorld};

impl SessionsWorld {
    async fn open_presenter(
        &self,
        id: &str,
        session: SessionId,
        user: UserId,
    ) -> (ConnectionIdentity, SentFrames) {
        let login = self.create_login(user).await;
        let identity = ConnectionIdentity::Account { user, login, presents: Some(session) };
        let frames = self.open_socket(id, identity).await;
        (identity, frames)
    }

    async fn delete_connection(&self, id: &str) {
        let found = connections::get(&self.app.store, id, self.clock.now()).await.unwrap().unwrap();
        connections::delete(&self.app.store, &found).await.unwrap();
    }
}

fn opened(connection: &str, identity: ConnectionIdentity, reason: OpenedReason) -> ConnectionOpened {
    ConnectionOpened { connection: connection.into(), identity, reason }
}

fn types_of(frames: &mut SentFrames) -> Vec<String> {
    frames.frames().0.iter().map(|frame| frame["type"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_new_participant_is_counted_and_announced() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
    let (_, mut presenter) = world.open_presenter("presenter=", session, owner).await;
    let participant = world.add_participant(session).await;
    let identity = ConnectionIdentity::Participant { participant, session, by: None };
    let mut phone = world.open_socket("phone=", identity).await;

    assert!(world.deliver(&worker, &opened("phone=", identity, OpenedReason::New)).await);
    assert_eq!(types_of(&mut phone), ["session_state"]);
    assert_eq!(types_of(&mut presenter), ["participant_joined"]);
    assert_eq!(world.queued_jobs::<CountPresence>().len(), 1);
    for reason in [OpenedReason::Requested, OpenedReason::RetryAfterOpening] {
        assert!(world.deliver(&worker, &opened("phone=", identity, reason)).await, "{reason:?}");
        assert_eq!(types_of(&mut phone), ["session_state"], "{reason:?}");
        assert!(types_of(&mut presenter).is_empty(), "{reason:?}");
    }
    assert_eq!(world.queued_jobs::<CountPresence>().len(), 1, "presence has not changed");
}

#[tokio::test]
async fn a_participant_leaves_with_the_last_connection() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
    let (presents, mut presenter) = world.open_presenter("presenter=", session, owner).await;
    let participant = world.add_participant(session).await;
    let identity = ConnectionIdentity::Participant { participant, session, by: None };
    for id in ["phone=", "tablet="] {
        world.open_socket(id, identity).await;
    }
    let closed = |id: &str| ConnectionClosed { connection: id.into(), identity, others: Vec::new() };
    world.delete_connection("phone=").await;
    assert!(world.deliver(&worker, &closed("phone=")).await);
    assert!(types_of(&mut presenter).is_empty(), "the tablet is still there");
    world.delete_connection("tablet=").await;
    assert!(world.deliver(&worker, &closed("tablet=")).await);
    assert_eq!(types_of(&mut presenter), ["participant_left"]);
    // The job of the old connection comes again after the participant has come back.
    world.open_socket("laptop=", identity).await;
    assert!(world.deliver(&worker, &closed("tablet=")).await);
    assert!(types_of(&mut presenter).is_empty());
    // A late opening of a closed connection does nothing.
    assert!(world.deliver(&worker, &opened("tablet=", identity, OpenedReason::New)).await);
    assert!(types_of(&mut presenter).is_empty());
    // The closing of a presenter's connection changes no count.
    let counts = world.queued_jobs::<CountPresence>().len();
    let presenter_closed =
        ConnectionClosed { connection: "presenter=".into(), identity: presents, others: Vec::new() };
    assert!(world.deliver(&worker, &presenter_closed).await);
    assert_eq!(world.queued_jobs::<CountPresence>().len(), counts);
}

/// If the worker dies between two steps, the next delivery still has presence counted and sends both events.
#[tokio::test]
async fn a_crash_while_opening_or_closing_loses_no_event() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let mut deaths = 0;
    for steps in 1.. {
        let owner: UserId = world.clock.new_id();
        let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
        let (_, mut presenter) = world.open_presenter(&format!("presenter{steps}="), session, owner).await;
        let participant = world.add_participant(session).await;
        let identity = ConnectionIdentity::Participant { participant, session, by: None };
        let id = format!("phone{steps}=");
        let mut phone = world.open_socket(&id, identity).await;
        let job = opened(&id, identity, OpenedReason::New);
        let died = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        assert!(types_of(&mut phone).contains(&"session_state".to_owned()), "after {steps} steps");
        assert!(types_of(&mut presenter).contains(&"participant_joined".to_owned()), "after {steps} steps");

        world.delete_connection(&id).await;
        let job = ConnectionClosed { connection: id, identity, others: Vec::new() };
        let died_closing = world.cloud.run_until_crash(steps, world.deliver(&worker, &job)).await.is_none();
        assert!(world.deliver(&worker, &job).await, "after {steps} steps");
        assert!(types_of(&mut presenter).contains(&"participant_left".to_owned()), "after {steps} steps");
        let counted = world.queued_jobs::<CountPresence>();
        assert!(counted.iter().any(|job| job.session == session), "after {steps} steps");
        if !died && !died_closing {
            break;
        }
        deaths += 1;
    }
    assert!(deaths > 1, "it has more steps than {deaths}");
}

#[tokio::test]
async fn the_newest_presenter_closes_the_older_one() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let owner: UserId = world.clock.new_id();
    let session = world.start_talk(owner, SessionStatus::Active).await.session.id;
    let (older, mut laptop) = world.open_presenter("laptop=", session, owner).await;
    world.clock.advance(std::time::Duration::from_secs(1));
    let (newer, mut tablet) = world.open_presenter("tablet=", session, owner).await;
    // in any order, and twice
    for (id, identity) in [("tablet=", newer), ("laptop=", older), ("tablet=", newer)] {
        assert!(world.deliver(&worker, &opened(id, identity, OpenedReason::New)).await, "{id}");
    }
    let (frames, is_closed) = laptop.frames();
    assert!(is_closed, "{frames:?}");
    assert!(
        frames.iter().any(|frame| frame["payload"]["code"] == ErrorCode::Superseded.socket()),
        "{frames:?}"
    );
    assert!(!tablet.frames().1, "the newest stays");
    assert_eq!(world.room_size(Room::Presenter(session)).await, 1);
}
