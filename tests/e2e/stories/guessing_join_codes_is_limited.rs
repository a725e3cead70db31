use std::time::Duration;

use futures::{StreamExt as _, future::join_all, stream};
use serde_json::json;

use crate::world::{ApiClient, ApiResponse, World};

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
    let slowed = loop {
        let answer = guess(&thief, tries).await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(404, "RESOURCE_NOT_FOUND");
        tries += 1;
        assert!(tries <= 400, "the guesses are not limited");
    };
    assert_eq!(slowed.header("retry-after"), Some("1"));
    slowed.refused(429, "RATE_LIMITED");
    assert_eq!(tries, 299, "the 300th wrong code is slowed down");

    // the neighbours of the thief type the right code, and get in
    let found = format!("/v1/sessions/code/{}", session.code);
    thief.get(&found).await.ok(200);
    session.join_from(thief.clone(), None).await;
    guess(&thief, 0).await.refused(429, "RATE_LIMITED");
}

/// Sends a wrong code or slug.
async fn guess(client: &ApiClient, number: usize) -> ApiResponse {
    let code = format!("ZZ{:04}", number % 10_000);
    match number % 4 {
        0 => client.get(&format!("/v1/sessions/code/{code}")).await,
        1 => client.post(&format!("/v1/sessions/code/{code}/join"), &json!({})).await,
        2 => client.get("/v1/sessions/code/nonsense").await,
        _ => client.get(&format!("/v1/sessions/slug/herons-{code}")).await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_thousand_wrong_codes_do_not_close_join_links() {
    let Some(world) = World::local_only("a flood of wrong join codes").await else { return };
    world.begin_window(Duration::from_mins(10));
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let (presentation, session) = ana.start_session(1).await;
    let hall = world.anonymous().at_address("192.0.2.7");
    let guest = session.join_from(hall.clone(), Some("Cy")).await;
    session.join_from(bo.client.at_address("192.0.2.7"), None).await;

    let mut sent = stream::iter(0..3_000).map(|number| guess(&hall, number)).buffer_unordered(16);
    while let Some(answer) = sent.next().await {
        assert!([404, 429].contains(&answer.status), "{}", answer.text);
    }
    let found = format!("/v1/sessions/code/{}", session.code);
    let by_slug = format!("/v1/sessions/slug/{}", presentation.slug);
    let join = format!("{found}/join");
    let refused = hall.get(&found).await;
    let wait: u64 = refused.header("retry-after").and_then(|value| value.parse().ok()).expect("Retry-After");
    assert!(wait > 1, "refused until the window ends: {wait}");
    refused.refused(429, "RATE_LIMITED");
    hall.get(&by_slug).await.refused(429, "RATE_LIMITED");
    hall.post(&join, &json!({})).await.refused(429, "RATE_LIMITED");
    hall.get(&format!("{found}?k=9hXJ2mQvT4bWcR7yKp3sZd")).await.refused(429, "RATE_LIMITED");

    // the link or QR code
    let shown = ana.client.get(&format!("/v1/sessions/{}", session.id)).await.ok(200);
    let key = shown["join_key"].as_str().expect("a join key");
    hall.get(&format!("{found}?k={key}")).await.ok(200);
    hall.get(&format!("{by_slug}?k={key}")).await.ok(200);
    hall.post(&format!("{join}?k={key}"), &json!({ "display_name": "Di" })).await.ok(201);
    // devices that joined before
    let token = json!({ "participant_token": guest.token });
    let again = hall.post(&join, &token).await.ok(201);
    assert_eq!(again["participant_id"], json!(guest.id));
    hall.with_token(&guest.token).get(&found).await.ok(200);
    bo.client.at_address("192.0.2.7").post(&join, &json!({})).await.ok(201);
    // the token of another session proves nothing
    let (_, other) = bo.start_session(1).await;
    let elsewhere = other.join(&world, None).await;
    hall.with_token(&elsewhere.token).get(&found).await.refused(429, "RATE_LIMITED");

    session.join(&world, None).await;
    world.local_cloud().clock().advance(Duration::from_secs(wait + 1));
    hall.get(&found).await.ok(200);
}

#[tokio::test]
async fn join_codes_are_found_as_people_type_them() {
    let world = World::start().await;
    let (_, session) = world.user("ana").await.start_session(1).await;
    let (first, last) = session.code.split_at(3);
    let visitor = world.anonymous();
    for typed in [
        format!("{first}%20{last}"),
        format!("{first}-{last}").to_lowercase(),
        format!("%E2%80%8E{first}{last}%EF%BB%BF"),
        format!("%C2%A0{first}%E2%80%91{last}"),
    ] {
        let found = visitor.get(&format!("/v1/sessions/code/{typed}")).await.ok(200);
        assert_eq!(found["id"], json!(session.id), "{typed}");
    }
}
