use std::time::Duration;

use futures::future::join_all;
use serde_json::json;

use crate::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_join_codes_is_limited() {
    let Some(world) = World::local_only("guessing join codes").await else { return };
    world.begin_window(Duration::from_mins(10));
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;

    // a whole audience behind one address
    let hall = world.anonymous().at_address("192.0.2.7");
    for typo in 0..40 {
        hall.get(&format!("/v1/sessions/code/YY{typo:04}")).await.refused(404, "RESOURCE_NOT_FOUND");
    }
    let joined = join_all((0..80).map(|_| session.join_from(hall.clone(), None))).await;
    assert_eq!(joined.len(), 80);

    // Wrong codes of a guessing client are counted in every format, by look-up and by join.
    let thief = world.anonymous().at_address("198.51.100.9");
    let mut tries = 0;
    let limited = loop {
        let code = format!("ZZ{tries:04}");
        let answer = match tries % 3 {
            0 => thief.get(&format!("/v1/sessions/code/{code}")).await,
            1 => thief.post(&format!("/v1/sessions/code/{code}/join"), &json!({})).await,
            _ => thief.get("/v1/sessions/code/nonsense").await,
        };
        if answer.status == 429 {
            break answer;
        }
        answer.refused(404, "RESOURCE_NOT_FOUND");
        tries += 1;
        assert!(tries <= 400, "the guesses are not limited");
    };
    limited.refused(429, "RATE_LIMITED");
    let wait: u64 = limited.header("retry-after").and_then(|value| value.parse().ok()).expect("Retry-After");
    assert!((100..=400).contains(&tries), "{tries} wrong guesses");

    // the guessing client learns nothing more, other clients are not affected, and the limit expires
    thief.get(&format!("/v1/sessions/code/{}", session.code)).await.refused(429, "RATE_LIMITED");
    session.join_from(hall, None).await;
    world.local_cloud().clock().advance(Duration::from_secs(wait + 1));
    thief.get(&format!("/v1/sessions/code/{}", session.code)).await.ok(200);
}
