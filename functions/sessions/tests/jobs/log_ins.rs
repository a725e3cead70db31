//! Sockets of log-ins that have ended.

use std::time::Duration;

use model::{Room, UserId, session::SessionStatus};
use protocol::job::{ConnectionOpened, EndLogin, OpenedReason};
use store::{identity::log_ins, platform::due, realtime::connections::ConnectionIdentity};

use crate::world::SessionsWorld;

/// A function that ends a log-in cannot close a socket that is still opening. The job that sends the session state
/// closes it.
#[tokio::test]
async fn sending_session_state_closes_sockets_of_ended_log_ins() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let user: UserId = world.clock.new_id();
    let session = world.start_talk(user, SessionStatus::Active).await.session.id;
    let presenter = |login| ConnectionIdentity::Account { user, login, presents: Some(session) };
    let ended_identity = presenter(world.clock.new_id());
    let alive_identity = presenter(world.create_login(user).await);
    let mut ended = world.open_socket("ended=", ended_identity).await;
    let mut alive = world.open_socket("alive=", alive_identity).await;
    for (connection, identity) in [("ended=", ended_identity), ("alive=", alive_identity)] {
        let opened = ConnectionOpened {
            connection: connection.into(),
            identity,
            reason: OpenedReason::RetryAfterOpening,
        };
        assert!(world.deliver(&worker, &opened).await, "{connection}");
    }
    let (frames, is_closed) = ended.frames();
    assert_eq!((frames[0]["payload"]["code"].as_str(), is_closed), (Some("unauthorized"), true));
    let (frames, is_closed) = alive.frames();
    assert_eq!((frames[0]["type"].as_str(), is_closed), (Some("session_state"), false));
    assert_eq!(world.room_size(Room::User(user)).await, 1);
}

/// The function that ended a log-in died before it closed the sockets. The clock finds the log-in and sends the job
/// again.
#[tokio::test]
async fn the_clock_closes_sockets_of_ended_log_ins() {
    let world = SessionsWorld::start().await;
    let worker = sessions::worker(world.environment()).await.unwrap();
    let user: UserId = world.clock.new_id();
    let phone = world.create_login(user).await;
    let tablet = world.create_login(user).await;
    let account = |login| ConnectionIdentity::Account { user, login, presents: None };
    let mut ended = world.open_socket("phone=", account(phone)).await;
    let mut alive = world.open_socket("tablet=", account(tablet)).await;
    assert!(log_ins::end(&world.app.store, user, phone, world.clock.now()).await.unwrap());

    world.clock.advance(Duration::from_secs(61));
    let due_items =
        || async { due::list_due(&world.app.store, 10, None, world.clock.now()).await.unwrap().0 };
    assert_eq!(
        due_items().await[0].work().unwrap(),
        due::DueWork::Identity(store::identity::due::IdentityDueWork::EndedLogin(user, phone))
    );
    // twice, because a queue may deliver a job twice
    for _ in 0..2 {
        assert!(world.deliver(&worker, &EndLogin { user, login: phone }).await);
    }
    assert!(ended.frames().1, "closed");
    assert!(alive.all().is_empty());
    assert_eq!(world.room_size(Room::User(user)).await, 1);
    assert!(due_items().await.is_empty());
    assert!(log_ins::get(&world.app.store, user, tablet, world.clock.now()).await.unwrap().is_some());
}
