use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use store::identity::users::{self, PasswordHash};

use crate::world::{IdentityWorld, PASSWORD, access_token};

const NEW: &str = "a marten under the eaves";

#[tokio::test]
async fn a_new_password_ends_all_other_log_ins() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let phone = world.log_in("ana", PASSWORD).await.ok(200);
    let change = |current: &str, new: &str| {
        let body = json!({ "current_password": current, "new_password": new });
        world.post("/v1/auth/password", &body).bearer(access_token(&ana)).send()
    };
    change("not it, surely", NEW).await.expect_invalid_field("current_password");
    change(PASSWORD, "password1").await.expect_invalid_field("new_password");
    change(PASSWORD, "ana@example.com").await.expect_invalid_field("new_password");
    change(PASSWORD, NEW).await.ok(200);
    world.get("/v1/auth/me", &phone).send().await.refused(401, "UNAUTHORIZED");
    world.get("/v1/auth/me", &ana).send().await.ok(200);
    world.log_in("ana", PASSWORD).await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", NEW).await.ok(200);
    let [letter] = &world.queued_mails()[..] else { panic!("one letter: {:?}", world.queued_mails()) };
    assert_eq!((&letter["user"], &letter["letter"]["letter"]), (&ana["id"], &json!("password_changed")));
    let aliased = json!({ "current_password": NEW, "new_password": PASSWORD });
    world.post("/api/auth/me/password", &aliased).bearer(access_token(&ana)).send().await.ok(200);
}

#[tokio::test]
async fn guessing_the_current_password_is_limited() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let body = json!({ "current_password": "not it, surely", "new_password": NEW });
    for _ in 0..10 {
        world
            .post("/v1/auth/password", &body)
            .bearer(access_token(&ana))
            .send()
            .await
            .expect_invalid_field("current_password");
    }
    world
        .post("/v1/auth/password", &body)
        .bearer(access_token(&ana))
        .send()
        .await
        .refused(429, "RATE_LIMITED");
    // the limit is of this log-in alone
    let phone = world.log_in("ana", PASSWORD).await.ok(200);
    let body = json!({ "current_password": PASSWORD, "new_password": NEW });
    world.post("/v1/auth/password", &body).bearer(access_token(&phone)).send().await.ok(200);
}

/// Returns the token of the newest mail.
fn mailed_token(world: &IdentityWorld) -> String {
    let mails = world.queued_mails();
    let letter = &mails.last().expect("a letter")["letter"];
    assert_eq!(letter["letter"], "password_reset");
    letter["token"].as_str().expect("a token").into()
}

#[tokio::test]
async fn a_reset_request_does_not_reveal_accounts() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let ask = |email: &str| world.post("/v1/auth/password-reset", &json!({ "email": email })).send();
    let known = ask("ANA@example.com").await;
    let unknown = ask("nobody@example.com").await;
    assert_eq!((known.status, &known.body), (200, &unknown.body));
    assert_eq!(known.headers["x-colloquy-cost"], unknown.headers["x-colloquy-cost"]);
    let mails = world.queued_mails();
    assert_eq!(mails.len(), 2, "one of them has no recipient: {mails:?}");
    assert_eq!(mails[0]["user"], ana["id"]);
    assert_eq!(mails[1]["user"], "00000000-0000-0000-0000-000000000000");
    // The limit of three mails an hour is silent.
    for _ in 0..4 {
        assert_eq!(ask("ana@example.com").await.ok(200), known.body);
    }
    assert_eq!(world.queued_mails().len(), 4);
    // The limit of twenty requests from one network is a 429.
    for _ in 0..14 {
        ask("nobody@example.com").await.ok(200);
    }
    ask("nobody@example.com").await.refused(429, "RATE_LIMITED");
    ask("nobody").await.expect_invalid_field("email");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reset_token_works_once_within_an_hour() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let ask = || world.post("/v1/auth/password-reset", &json!({ "email": "ana@example.com" })).send();
    let confirm = |token: &str, new: &str| {
        let body = json!({ "token": token, "new_password": new });
        world.post("/v1/auth/password-reset/confirm", &body).send()
    };
    ask().await.ok(200);
    let token = mailed_token(&world);
    assert_eq!(token.len(), 43, "256 bits");
    ask().await.ok(200);
    let other = mailed_token(&world);
    confirm("unknown", NEW).await.refused(400, "INVALID_TOKEN");
    confirm(&token, "short").await.expect_invalid_field("new_password");
    confirm(&token, "password1").await.expect_invalid_field("new_password");
    let answers = join_all((0..4).map(|n| {
        let confirm = &confirm;
        let token = &token;
        async move { confirm(token, &format!("{NEW} {n}")).await }
    }))
    .await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
    let winner = answers.iter().position(|answer| answer.status == 200).unwrap();
    confirm(&token, NEW).await.refused(400, "INVALID_TOKEN");
    confirm(&other, NEW).await.refused(400, "INVALID_TOKEN");
    world.get("/v1/auth/me", &ana).send().await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", PASSWORD).await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", &format!("{NEW} {winner}")).await.ok(200);
    ask().await.ok(200);
    let late = mailed_token(&world);
    world.clock.advance(Duration::from_secs(3601));
    confirm(&late, NEW).await.refused(400, "INVALID_TOKEN");
}

#[tokio::test]
async fn a_reset_token_of_an_old_address_is_invalid() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    world.post("/v1/auth/password-reset", &json!({ "email": "ana@example.com" })).send().await.ok(200);
    let token = mailed_token(&world);
    let edit = json!({ "email": "lima@example.com", "current_password": PASSWORD });
    world.request("PATCH", "/v1/users/me").bearer(access_token(&ana)).json(&edit).send().await.ok(200);
    let confirm = json!({ "token": token, "new_password": NEW });
    world.post("/v1/auth/password-reset/confirm", &confirm).send().await.refused(400, "INVALID_TOKEN");
}

#[tokio::test]
async fn bcrypt_hashes_are_replaced_at_log_in() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let id = ana["id"].as_str().unwrap().parse().unwrap();
    let hash = || async {
        let user = users::get(&world.app.store, id, world.clock.now()).await.unwrap().unwrap();
        user.password.unwrap().expose().to_owned()
    };
    let mut user = users::get(&world.app.store, id, world.clock.now()).await.unwrap().unwrap();
    user.password = Some(PasswordHash::new(bcrypt::hash("an old password", 4).unwrap()));
    world.app.store.put(&user).await.unwrap();
    world.log_in("ana", "not it, surely").await.refused(401, "UNAUTHORIZED");
    assert!(hash().await.starts_with("$2b$"));
    world.log_in("ana", "an old password").await.ok(200);
    assert!(hash().await.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    world.log_in("ana", "an old password").await.ok(200);
}

#[tokio::test]
async fn every_character_of_a_password_is_checked() {
    let world = IdentityWorld::start().await;
    let long = format!("{} tail", "grey heron ".repeat(8));
    let body = json!({ "email": "ana@example.com", "password": long });
    let made: Value = world.post("/v1/auth/register", &body).send().await.ok(201);
    assert!(long.len() > 73 && made["access_token"].is_string());
    world.log_in("ana", &format!("{} tall", "grey heron ".repeat(8))).await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", &long).await.ok(200);
}
