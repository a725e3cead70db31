use std::{collections::HashSet, time::Duration};

use crate::world::IdentityWorld;
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::TestResponse;

async fn refresh(world: &IdentityWorld, tokens: &Value) -> TestResponse {
    world.post("/v1/auth/refresh", &json!({ "refresh_token": tokens["refresh_token"] })).send().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_concurrent_refreshes_get_one_successor() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let answers = join_all((0..50).map(|_| refresh(&world, &ana))).await;
    let pairs: HashSet<String> = answers
        .into_iter()
        .map(|answer| {
            assert_eq!(answer.cookies.len(), 2);
            let pair = answer.ok(200);
            format!("{}{}", pair["access_token"], pair["refresh_token"])
        })
        .collect();
    assert_eq!(pairs.len(), 1);
}

#[tokio::test]
async fn a_reused_refresh_token_ends_the_log_in() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let second = refresh(&world, &ana).await.ok(200);
    let third = refresh(&world, &second).await.ok(200);
    world.get("/v1/auth/me", &third).send().await.ok(200);
    refresh(&world, &ana).await.refused(401, "UNAUTHORIZED");
    refresh(&world, &third).await.refused(401, "UNAUTHORIZED");
    world.get("/v1/auth/me", &third).send().await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_previous_token_is_accepted_for_seconds() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let next = refresh(&world, &ana).await.ok(200);
    world.clock.advance(Duration::from_secs(25));
    let again = refresh(&world, &ana).await.ok(200);
    assert_eq!(again["refresh_token"], next["refresh_token"]);
    assert!((870..=875).contains(&again["expires_in"].as_i64().unwrap()), "{again}");
    world.clock.advance(Duration::from_secs(6));
    refresh(&world, &ana).await.refused(401, "UNAUTHORIZED");
    refresh(&world, &next).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn a_log_in_lasts_thirty_days() {
    let world = IdentityWorld::start().await;
    let mut tokens = world.register("ana").await;
    for _ in 0..2 {
        world.clock.advance(Duration::from_hours(24 * 14));
        world.get("/v1/auth/me", &tokens).send().await.refused(401, "UNAUTHORIZED");
        tokens = refresh(&world, &tokens).await.ok(200);
    }
    world.get("/v1/auth/me", &tokens).send().await.ok(200);
    world.clock.advance(Duration::from_hours(24 * 2));
    refresh(&world, &tokens).await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn only_refresh_tokens_refresh() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let access = json!({ "refresh_token": ana["access_token"] });
    refresh(&world, &access).await.refused(401, "UNAUTHORIZED");
    world.request("POST", "/v1/auth/refresh").send().await.refused(401, "UNAUTHORIZED");
    world
        .post("/v1/auth/refresh", &json!({ "refresh_token": 7 }))
        .send()
        .await
        .expect_invalid_field("refresh_token");
    let cookie = format!("__Host-refresh={}", ana["refresh_token"].as_str().unwrap());
    let bare = world.request("POST", "/v1/auth/refresh").header("cookie", &cookie);
    bare.clone().send().await.refused(403, "CSRF_REFUSED");
    bare.header("x-csrf", "1").send().await.ok(200);
    let swapped = json!({ "access_token": ana["refresh_token"] });
    world.get("/v1/auth/me", &swapped).send().await.refused(401, "UNAUTHORIZED");
}
