use std::time::Instant;

use futures::{StreamExt, future::join_all, stream};
use serde_json::json;

use crate::world::{ClientScreen, World, users::vote_payload};

const VOTERS: usize = 250;
const WATCHERS: u64 = 12;

/// Sends a thousand votes concurrently. Each participant votes four times, doubled and out of order, and only the last
/// vote counts. Updates to the audience are sent by tick and not by vote (RELIABILITY 32 and 40).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_votes_cost_few_posts() {
    let Some(world) = World::local_only("counting posts").await else { return };
    let ana = world.user("ana").await;
    let (presentation, session) = ana.start_session(1).await;
    let slide = &presentation.slides[0];
    let hall = world.anonymous();
    let voters: Vec<_> = stream::iter(0..VOTERS)
        .map(|_| session.join_from(hall.clone(), None))
        .buffer_unordered(32)
        .collect()
        .await;
    let mut watchers = Vec::new();
    for number in 0..WATCHERS {
        watchers.push(session.join_and_connect(&world, &format!("Watcher {number}")).await.1);
    }
    world.wait_for_jobs().await;
    let before = world.local_cloud().emulator().connections().posts();
    let began = Instant::now();

    // the last of the four by `seq` counts, and it is sent first
    let ballots = voters.iter().enumerate().flat_map(|(number, voter)| {
        let last = ["a", "b", "c"][number % 3];
        [(last, 9), ("a", 3), (last, 9), ("b", 5)]
            .map(|(option, seq)| (voter, vote_payload(slide, option, seq)))
    });
    let sent: Vec<_> = stream::iter(ballots)
        .map(|(voter, mut body)| {
            body["session_id"] = json!(session.id);
            async move {
                let answer = voter.client.post("/v1/responses", &body).await;
                // a vote that comes after a later one returns that one with 200
                let counted = answer.ok(if answer.status == 200 { 200 } else { 201 });
                assert!(counted["seq"].as_u64() >= body["seq"].as_u64(), "{counted}");
            }
        })
        .buffer_unordered(64)
        .collect()
        .await;
    assert_eq!(sent.len(), 4 * VOTERS);
    let expected = json!({ "a": 84, "b": 83, "c": 83 });
    join_all(watchers.iter_mut().map(async |watcher| {
        let complete = watcher.wait_for_where("vote_update", |update| update["votes"] == expected).await;
        assert_eq!(complete["total_voters"], VOTERS);
    }))
    .await;
    world.wait_for_jobs().await;
    for watcher in &mut watchers {
        watcher.receive_until_pong().await;
        assert_eq!(ClientScreen::from_events(&watcher.received).votes[&slide.id].values().sum::<u64>(), 250);
    }

    // An audience of this size gets updates at 2 Hz while votes arrive. The first and the last update, and one pong
    // each, are on top.
    let seconds = began.elapsed().as_secs() + 1;
    let posts = world.local_cloud().emulator().connections().posts() - before;
    let most = WATCHERS * (2 * seconds + 4);
    assert!(posts <= most, "{posts} posts for a thousand votes in {seconds} s");
    assert_eq!(session.responses_to_slide(slide).await["total"], VOTERS);
}
