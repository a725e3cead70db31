use std::time::Duration;

use serde_json::json;

use crate::world::{World, users::vote_payload};

#[tokio::test]
async fn an_empty_session_ends_automatically() {
    let Some(world) = World::local_only("four hours").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let path = format!("/v1/sessions/{}", session.id);
    world.local_cloud().clock().advance(Duration::from_mins(4 * 60 - 2));
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
    let ana = ana.log_in(&world).await;
    assert_eq!(ana.client.get(&path).await.ok(200)["status"], "active");
    world.local_cloud().clock().advance(Duration::from_mins(3));
    world.local_cloud().run_schedules().await;
    world.wait_for_jobs().await;
    let ended = ana.client.get(&path).await.ok(200);
    assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("idle")));
}

#[tokio::test]
async fn an_abandoned_session_ends_automatically() {
    let Some(world) = World::local_only("a day").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let path = format!("/v1/sessions/{}", session.id);
    for _ in 0..8 {
        // a participant joins, and leaves before the next one
        let (_, socket) = session.join_and_connect(&world, "Bo").await;
        world.wait_for_jobs().await;
        socket.drop_without_close();
        world.local_cloud().clock().advance(Duration::from_mins(3 * 60 - 1));
        world.local_cloud().run_schedules().await;
        world.wait_for_jobs().await;
    }
    let ana = ana.log_in(&world).await;
    assert_eq!(ana.client.get(&path).await.ok(200)["status"], "active");

    let (_, mut bo) = session.join_and_connect(&world, "Bo").await;
    // less than the ten minutes after which a silent connection is closed
    world.local_cloud().clock().advance(Duration::from_mins(9));
    world.local_cloud().run_schedules().await;
    let event = bo.wait_for("session_ended").await;
    assert_eq!(event["end_reason"], "expired");
    let ana = ana.log_in(&world).await;
    let ended = ana.client.get(&path).await.ok(200);
    assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("expired")));
    // its code can be looked up, but not joined
    let found = world.anonymous().get(&format!("/v1/sessions/code/{}", session.code)).await.ok(200);
    assert_eq!(found["status"], "ended");
}

/// The clock creates lost jobs again. This story removes every job of a vote from the queue.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_clock_counts_a_vote_whose_job_is_lost() {
    let Some(world) = World::local_only("lost jobs").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let mut presenter = ana.connect_to_session(&session).await;
    let bo = session.join(&world, None).await;
    world.wait_for_jobs().await;
    let queues = world.local_cloud().emulator().sqs();
    let ticks = queues.names().into_iter().find(|name| name.contains("TicksQueue")).unwrap();

    let mut body = vote_payload(&presentation.slides[0], "a", 1);
    body["session_id"] = json!(session.id);
    let lost = async {
        // The test must receive before the worker, which polls the same queue. If the worker wins, no job is lost in
        // this run.
        let taken = queues.receive(&ticks, 10, Duration::from_secs(1)).await;
        for message in &taken {
            queues.delete(&ticks, &message.receipt_handle);
        }
    };
    let (stored, ()) = tokio::join!(bo.client.post("/v1/responses", &body), lost);
    stored.ok(201);
    world.wait_for_jobs().await;
    world.local_cloud().clock().advance(Duration::from_mins(2));
    world.local_cloud().run_schedules().await;
    presenter.wait_for_where("vote_update", |update| update["votes"]["a"] == 1).await;
}
