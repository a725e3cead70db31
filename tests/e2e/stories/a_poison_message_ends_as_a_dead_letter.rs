use std::time::Duration;

use serde_json::json;

use crate::world::World;

/// A message that no worker can process is moved to the dead-letter queue after some tries and blocks no other message
/// (RELIABILITY 36 and 37).
#[tokio::test]
async fn a_poison_message_ends_as_a_dead_letter() {
    let Some(world) = World::local_only("dead letters").await else { return };
    world.expect_errors();
    let queues = world.local_cloud().emulator().sqs();
    let named = |part: &str| queues.names().into_iter().find(|name| name.contains(part)).unwrap();
    let (queue, dead) = (named("SessionsQueue"), named("SessionsDeadLetters"));
    let unknown = json!({ "job": "dance.v1", "payload": {}, "at": "2026-11-21T12:00:00Z" }).to_string();
    let misshapen =
        json!({ "job": "connection_opened.v1", "payload": 5, "at": "2026-11-21T12:00:00Z" }).to_string();
    for body in ["no job at all", &unknown, &misshapen] {
        queues.send(&queue, body, None, None, Duration::ZERO);
    }

    // meanwhile every participant is greeted
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    ana.connect_to_session(&session).await;
    session.join_and_connect(&world, "Bo").await;

    let arrived = async {
        while queues.depth(&dead).visible < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), arrived).await.expect("they are set aside");
    // each can be redriven, and returns to the dead-letter queue if it fails again
    assert_eq!(queues.redrive(&dead), 3);
    let again = async {
        while queues.depth(&dead).visible < 3 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), again).await.expect("they are set aside again");
    let bodies: Vec<String> = queues.peek(&dead).into_iter().map(|message| message.body).collect();
    assert!(bodies.contains(&unknown) && bodies.contains(&misshapen), "{bodies:#?}");
    for message in queues.receive(&dead, 10, Duration::ZERO).await {
        queues.delete(&dead, &message.receipt_handle);
    }
}
