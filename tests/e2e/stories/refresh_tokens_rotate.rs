use std::{collections::HashSet, time::Duration};

use futures::future::join_all;
use serde_json::{Value, json};

use crate::world::{ApiResponse, World};

async fn refresh(world: &World, token: &str) -> ApiResponse {
    world.anonymous().post("/v1/auth/refresh", &json!({ "refresh_token": token })).await
}

fn text<'a>(tokens: &'a Value, field: &str) -> &'a str {
    tokens[field].as_str().unwrap_or_else(|| panic!("no {field} in {tokens}"))
}

#[tokio::test]
async fn refresh_tokens_rotate() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let tokens = refresh(&world, &ana.refresh_token).await.ok(200);
    assert_ne!(text(&tokens, "refresh_token"), ana.refresh_token);
    assert_eq!((&tokens["token_type"], tokens["expires_in"].as_i64() > Some(0)), (&json!("bearer"), true));
    let client = world.anonymous().with_token(text(&tokens, "access_token"));
    client.get("/v1/auth/me").await.ok(200);

    // an access token and a refresh token are not interchangeable
    refresh(&world, &ana.access_token).await.refused(401, "UNAUTHORIZED");
    let wrong = world.anonymous().with_token(&ana.refresh_token);
    wrong.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
}

/// A client that lost the response retries and gets the same pair. Fifty concurrent requests get one successor.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parallel_refreshes_get_one_successor() {
    let world = World::start().await;
    let ana = world.user("ana").await;
    let answers = join_all((0..50).map(|_| refresh(&world, &ana.refresh_token))).await;
    let successors: HashSet<String> =
        answers.iter().map(|answer| text(&answer.ok(200), "refresh_token").to_owned()).collect();
    assert_eq!(successors.len(), 1);
}

#[tokio::test]
async fn a_reused_refresh_token_ends_the_log_in() {
    let Some(world) = World::local_only("reuse of refresh tokens").await else { return };
    let ana = world.user("ana").await;
    let second = refresh(&world, &ana.refresh_token).await.ok(200);
    let third = refresh(&world, text(&second, "refresh_token")).await.ok(200);
    // reuse of the grandparent means that the token was stolen
    refresh(&world, &ana.refresh_token).await.refused(401, "UNAUTHORIZED");
    refresh(&world, text(&third, "refresh_token")).await.refused(401, "UNAUTHORIZED");
    let client = world.anonymous().with_token(text(&third, "access_token"));
    client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");

    // the parent is refused too, after the grace period
    let phone = ana.log_in(&world).await;
    let next = refresh(&world, &phone.refresh_token).await.ok(200);
    world.local_cloud().clock().advance(Duration::from_secs(31));
    refresh(&world, &phone.refresh_token).await.refused(401, "UNAUTHORIZED");
    refresh(&world, text(&next, "refresh_token")).await.refused(401, "UNAUTHORIZED");
}

/// A log-in expires after thirty days, regardless of how often it rotates.
#[tokio::test]
async fn a_log_in_expires_after_thirty_days() {
    let Some(world) = World::local_only("thirty days").await else { return };
    let ana = world.user("ana").await;
    world.local_cloud().clock().advance(Duration::from_hours(15 * 24));
    let tokens = refresh(&world, &ana.refresh_token).await.ok(200);
    ana.client.get("/v1/auth/me").await.refused(401, "UNAUTHORIZED");
    world.local_cloud().clock().advance(Duration::from_hours(15 * 24 + 1));
    refresh(&world, text(&tokens, "refresh_token")).await.refused(401, "UNAUTHORIZED");
}
