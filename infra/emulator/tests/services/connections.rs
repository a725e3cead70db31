use aws_sdk_apigatewaymanagement::primitives::Blob;
use emulator::{ConnectionInfo, OutboundFrame};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use crate::world::{EmulatorWorld, START_MILLIS};

/// An id of the form that AWS uses. Its `=` is percent-encoded in a path.
const ID: &str = "Qf3+/xyzAbcCAbc=";

fn register(world: &EmulatorWorld, id: &str) -> UnboundedReceiver<OutboundFrame> {
    let (tx, rx) = mpsc::unbounded_channel();
    let info = ConnectionInfo {
        connected_at_ms: START_MILLIS - 1_500,
        last_active_ms: START_MILLIS - 1_000,
        source_ip: "203.0.113.7".to_owned(),
        user_agent: "browser/1".to_owned(),
    };
    world.emulator.connections().register(id, info, tx);
    rx
}

async fn is_gone(world: &EmulatorWorld, id: &str) -> bool {
    let post = world.management().post_to_connection().connection_id(id).data(Blob::new("x"));
    match post.send().await {
        Ok(_) => false,
        Err(error) => {
            assert!(error.as_service_error().unwrap().is_gone_exception(), "{error:?}");
            true
        }
    }
}

#[tokio::test]
async fn a_socket_accepts_posts_between_open_and_remove() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let connections = world.emulator.connections();
    assert!(is_gone(&world, ID).await);
    let mut rx = register(&world, ID);
    assert!(is_gone(&world, ID).await, "the socket accepts posts before $connect has returned");
    connections.open(ID);
    assert!(!is_gone(&world, ID).await);
    assert_eq!(rx.try_recv().unwrap(), OutboundFrame::Text("x".to_owned()));
    assert_eq!((connections.posts(), connections.ids()), (1, vec![ID.to_owned()]));
    connections.remove(ID);
    assert!(is_gone(&world, ID).await);
    assert_eq!((connections.posts(), connections.ids()), (1, vec![]));
}

#[tokio::test]
async fn posts_keep_their_order() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let mut rx = register(&world, ID);
    world.emulator.connections().open(ID);
    let management = world.management();
    for n in 0..50 {
        let post = management.post_to_connection().connection_id(ID).data(Blob::new(n.to_string()));
        post.send().await.unwrap();
    }
    for n in 0..50 {
        assert_eq!(rx.try_recv().unwrap(), OutboundFrame::Text(n.to_string()));
    }
}

#[tokio::test]
async fn a_socket_without_an_owner_is_gone() {
    let world = EmulatorWorld::with_queues([]).start().await;
    drop(register(&world, ID));
    world.emulator.connections().open(ID);
    assert!(is_gone(&world, ID).await);
    let error = world.management().get_connection().connection_id(ID).send().await.unwrap_err();
    assert!(error.into_service_error().is_gone_exception());
}

#[tokio::test]
async fn a_payload_is_limited_to_128_kilobytes() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let _rx = register(&world, ID);
    world.emulator.connections().open(ID);
    let post = |bytes| {
        let data = Blob::new(vec![b'x'; bytes]);
        world.management().post_to_connection().connection_id(ID).data(data).send()
    };
    post(128 * 1024).await.unwrap();
    let error = post(128 * 1024 + 1).await.unwrap_err().into_service_error();
    assert!(error.is_payload_too_large_exception(), "{error:?}");
}

#[tokio::test]
async fn get_connection_describes_the_socket() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let _rx = register(&world, ID);
    let connections = world.emulator.connections();
    connections.open(ID);
    connections.touch(ID, START_MILLIS + 250);
    let told = world.management().get_connection().connection_id(ID).send().await.unwrap();
    let millis =
        |at: Option<&aws_sdk_apigatewaymanagement::primitives::DateTime>| at.unwrap().to_millis().unwrap();
    assert_eq!(millis(told.connected_at()), START_MILLIS - 1_500);
    assert_eq!(millis(told.last_active_at()), START_MILLIS + 250);
    let identity = told.identity().unwrap();
    assert_eq!((identity.source_ip(), identity.user_agent()), (Some("203.0.113.7"), Some("browser/1")));
}

#[tokio::test]
async fn delete_connection_closes_the_socket() {
    let world = EmulatorWorld::with_queues([]).start().await;
    let mut rx = register(&world, ID);
    world.emulator.connections().open(ID);
    world.management().delete_connection().connection_id(ID).send().await.unwrap();
    assert!(matches!(rx.try_recv().unwrap(), OutboundFrame::Close { code: 1000, .. }));
    assert!(is_gone(&world, ID).await);
    let error = world.management().delete_connection().connection_id(ID).send().await.unwrap_err();
    assert!(error.into_service_error().is_gone_exception());
}
