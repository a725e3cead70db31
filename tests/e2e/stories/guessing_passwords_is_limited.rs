use std::time::{Duration, Instant};

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn guessing_passwords_is_limited() {
    let Some(world) = World::local_only("guessing passwords").await else { return };
    world.begin_window(Duration::from_mins(15));
    let (ana, bo) = (world.user("ana").await, world.user("bo").await);
    let guess = json!({ "email": ana.email, "password": "surely this is it" });
    let mut tries = 0;
    let limited = loop {
        // the guesses come from different addresses, because a limit protects the account
        let answer = world.anonymous().post("/v1/auth/login", &guess).await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401, "UNAUTHORIZED");
        tries += 1;
        assert!(tries <= 30, "the guesses are not limited");
    };
    limited.refused(429, "RATE_LIMITED");
    let wait: u64 = limited.header("retry-after").and_then(|value| value.parse().ok()).expect("Retry-After");
    let right = json!({ "email": ana.email, "password": ana.password });
    let stranger = world.anonymous();
    stranger.post("/v1/auth/login", &right).await.refused(429, "RATE_LIMITED");
    bo.log_in(&world).await;

    // the guesses lock neither a person who is logged in, nor the person's network, nor a device with a refresh token
    ana.client.get("/v1/auth/me").await.ok(200);
    let same = json!({ "current_password": ana.password, "email": format!("new-{}", ana.email) });
    ana.client.patch("/v1/users/me", &same).await.ok(200);
    ana.client
        .patch("/v1/users/me", &json!({ "current_password": ana.password, "email": ana.email }))
        .await
        .ok(200);
    let logged_in = ana.client.post("/v1/auth/login", &right).await.ok(200);
    let mut device = right.clone();
    device["refresh_token"] = logged_in["refresh_token"].clone();
    stranger.post("/v1/auth/login", &device).await.ok(200);
    // the log-in has made the network known
    stranger.post("/v1/auth/login", &right).await.ok(200);
    world.anonymous().post("/v1/auth/login", &right).await.refused(429, "RATE_LIMITED");
    world.local_cloud().clock().advance(Duration::from_secs(wait + 1));
    world.anonymous().post("/v1/auth/login", &right).await.ok(200);
}

/// A log-in to an unknown account gets the same response as a wrong password, after the same time.
#[tokio::test]
async fn an_unknown_account_is_refused_like_a_wrong_password() {
    let Some(world) = World::local_only("times of log-ins").await else { return };
    let mut accounts = Vec::new();
    for name in ["ana", "bo", "cy", "di"] {
        accounts.push(world.user(name).await);
    }
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for number in 0..32 {
        // an account allows ten attempts
        let ana = &accounts[number % accounts.len()];
        let wrong = json!({ "email": ana.email, "password": "surely this is it" });
        let nobody =
            json!({ "email": format!("nobody{number}@example.com"), "password": "surely this is it" });
        for (account, body, times) in [("known", &wrong, &mut known), ("unknown", &nobody, &mut unknown)] {
            let client = world.anonymous();
            let began = Instant::now();
            let answer = client.post("/v1/auth/login", body).await;
            times.push(began.elapsed());
            let said = answer.refused(401, "UNAUTHORIZED");
            let names_address = said["message"].as_str().map(|text| text.contains(&ana.email));
            assert_eq!(names_address, Some(false), "attempt {number} at an {account} account: {said}");
        }
    }
    known.sort();
    unknown.sort();
    // The hash takes most of the time in both cases; without it, one median would be a tenth of the other. Attempts alternate, so
    // that a slow moment of the machine makes both slower.
    let known = known[known.len() / 2];
    let unknown = unknown[unknown.len() / 2];
    assert!(known < unknown * 2 && unknown < known * 2, "the medians are {known:?} and {unknown:?}");
}
