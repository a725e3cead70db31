//! Proving e-mail addresses.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use store::identity::users::{self, User};
use testkit::{SweepFault, TestResponse, sweep_calls};

use crate::world::{IdentityWorld, PASSWORD, access_token};

const REQUEST: &str = "/v1/auth/email-verification";
const CONFIRM: &str = "/v1/auth/email-verification/confirm";
const LINK: &str = "/v1/auth/email-verification/link";

impl IdentityWorld {
    async fn request_mail(&self, tokens: &Value) -> TestResponse {
        self.post(REQUEST, &json!({})).bearer(access_token(tokens)).send().await
    }

    async fn confirm(&self, tokens: &Value, code: &str) -> TestResponse {
        self.post(CONFIRM, &json!({ "code": code })).bearer(access_token(tokens)).send().await
    }

    async fn confirm_link(&self, token: &Value) -> TestResponse {
        self.post(LINK, &json!({ "token": token })).send().await
    }

    async fn change_address(&self, tokens: &Value, name: &str) -> TestResponse {
        let edit = json!({ "email": format!("{name}@example.com"), "current_password": PASSWORD });
        self.request("PATCH", "/v1/users/me").bearer(access_token(tokens)).json(&edit).send().await
    }

    async fn stored(&self, tokens: &Value) -> User {
        let id = tokens["id"].as_str().expect("an id").parse().expect("an id");
        users::get_strong(&self.app.store, id, self.clock.now()).await.expect("a read").expect("an account")
    }
}

#[tokio::test]
async fn a_code_is_verified_once_and_only_its_hash_is_stored() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    assert_eq!(ana["user"]["email_verified"], false);
    let [mail] = &world.verifications("ana")[..] else { panic!("one mail") };
    let (code, token) = (mail["code"].as_str().unwrap(), mail["token"].as_str().unwrap());
    assert_eq!((code.len(), token.len()), (6, 64));
    for item in world.cloud.emulator.all_items().await.unwrap() {
        let item = item.to_string();
        assert!(!item.contains(&format!("\"{code}\"")) && !item.contains(token), "{item}");
    }
    let before = world.stored(&ana).await;
    world.confirm(&ana, code).await.ok(200);
    let after = world.stored(&ana).await;
    assert_eq!((after.verified_email(), after.version), (before.email.as_ref(), before.version + 1));
    world.confirm(&ana, code).await.ok(200);
    world.confirm_link(&mail["token"]).await.ok(200);
    assert_eq!(world.stored(&ana).await, after, "a repeated confirmation changes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_tries_are_no_more_than_sequential_ones() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let right = world.mailed_code("ana");
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let answers = join_all((0..12).map(|_| world.confirm(&ana, wrong))).await;
    let tried = answers.iter().filter(|answer| answer.text.contains("is wrong or has expired")).count();
    assert_eq!(tried, 5, "{answers:?}");
    world.confirm(&ana, &right).await.refused(400, "INVALID_TOKEN");
    assert_eq!(world.stored(&ana).await.email_verified_at, None);
}

#[tokio::test]
async fn mails_that_prove_an_address_are_limited() {
    let world = IdentityWorld::start().await;
    // the mail of the sign-up and four more
    let ana = world.register("ana").await;
    for _ in 0..4 {
        world.request_mail(&ana).await.ok(200);
    }
    world.request_mail(&ana).await.refused(429, "RATE_LIMITED");
    assert_eq!(world.verifications("ana").len(), 5);
    // an account cannot go on at other addresses
    world.change_address(&ana, "victim").await.ok(200);
    assert!(world.verifications("victim").is_empty());
    world.request_mail(&ana).await.refused(429, "RATE_LIMITED");
    // other accounts cannot go on at the same address
    for name in ["bo", "cleo"] {
        let account = world.register(name).await;
        world.change_address(&account, "ana").await.ok(200);
        world.request_mail(&account).await.refused(429, "RATE_LIMITED");
        world.change_address(&account, name).await.ok(200);
    }
    assert_eq!(world.verifications("ana").len(), 5);
    world.clock.advance(Duration::from_hours(1));
    let bo = world.log_in("bo", PASSWORD).await.ok(200);
    world.request_mail(&bo).await.ok(200);
}

#[tokio::test]
async fn wrong_links_of_one_network_are_limited() {
    let world = IdentityWorld::start().await;
    world.register("ana").await;
    let token = world.verifications("ana")[0]["token"].clone();
    for _ in 0..50 {
        world.confirm_link(&json!("none")).await.refused(400, "INVALID_TOKEN");
    }
    world.confirm_link(&json!("none")).await.refused(429, "RATE_LIMITED");
    world.confirm_link(&token).await.refused(429, "RATE_LIMITED");
}

#[tokio::test]
async fn a_mailed_reset_token_proves_the_address() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    world.clock.advance(Duration::from_secs(1));
    world.post("/v1/auth/password-reset", &json!({ "email": "ana@example.com" })).send().await.ok(200);
    let mails = world.queued_mails();
    let token = &mails.last().unwrap()["letter"]["token"];
    let new = json!({ "token": token, "new_password": "a marten under the eaves" });
    world.post("/v1/auth/password-reset/confirm", &new).send().await.ok(200);
    assert!(world.stored(&ana).await.verified_email().is_some());
}

/// A disturbed request is repeated by the client. The address is verified in the end, and one try is lost at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_confirmation_that_dies_can_be_repeated() {
    let report = sweep_calls(&SweepFault::ALL, async |probe| {
        let world = match probe.disturbance() {
            Some((_, SweepFault::Throttle | SweepFault::InternalError)) => {
                IdentityWorld::start_without_retries().await
            }
            _ => IdentityWorld::start().await,
        };
        let ana = world.register("ana").await;
        let code = world.mailed_code("ana");
        probe.run(&world.cloud, world.confirm(&ana, &code)).await;
        world.confirm(&ana, &code).await.ok(200);
        assert!(world.stored(&ana).await.verified_email().is_some(), "{:?}", probe.disturbance());
    })
    .await;
    assert!(report.calls >= 5, "{report:?}");
}

/// A disturbed change of the address leaves an account that can prove its address, and no code of the old one is valid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_address_that_dies_leaves_no_valid_code() {
    sweep_calls(&SweepFault::KILLS, async |probe| {
        let world = IdentityWorld::start().await;
        let ana = world.register("ana").await;
        let old = world.verifications("ana")[0]["token"].clone();
        probe.run(&world.cloud, world.change_address(&ana, "lima")).await;
        let is_changed =
            world.stored(&ana).await.email.is_some_and(|email| email.as_str() == "lima@example.com");
        if !is_changed {
            world.change_address(&ana, "lima").await.ok(200);
        }
        world.confirm_link(&old).await.refused(400, "INVALID_TOKEN");
        world.request_mail(&ana).await.ok(200);
        world.confirm(&ana, &world.mailed_code("lima")).await.ok(200);
        let stored = world.stored(&ana).await;
        assert_eq!(stored.verified_email().map(model::user::EmailAddress::as_str), Some("lima@example.com"));
    })
    .await;
}
