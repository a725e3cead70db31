use std::time::Duration;

use entry::tokens::AccessToken;
use futures::future::join_all;
use model::user::AccountState;
use serde_json::{Value, json};
use store::{
    identity::{due::IdentityDueWork, known_networks, users},
    platform::due,
    realtime::connections::{self, Connection, ConnectionIdentity},
};

use crate::world::{IdentityWorld, PASSWORD, access_token};

#[tokio::test]
async fn users_log_in_by_email_or_user_name() {
    let world = IdentityWorld::start().await;
    let body = json!({ "email": "ana@example.com", "password": PASSWORD, "username": "Ana" });
    world.post("/v1/auth/register", &body).send().await.ok(201);
    for (field, value) in [
        ("email", "ANA@example.com"),
        ("username", "ana"),
        ("login", "ANA"),
        ("login", "ana@example.com"),
        ("username", "ana@example.com"),
    ] {
        let body = json!({ field: value, "password": PASSWORD });
        let answer = world.post("/v1/auth/login", &body).send().await;
        assert_eq!(answer.cookies.len(), 2, "{field} {value}");
        assert_eq!(answer.ok(200)["user"]["email"], "ana@example.com", "{field} {value}");
    }
    let form = "grant_type=password&username=ana%40example.com&password=a+heron+over+grey+water";
    world.post_form("/v1/auth/login", form).send().await.ok(200);
    world.post_form("/v1/auth/login", "username=ana").send().await.expect_invalid_field("password");
    world.post("/v1/auth/login", &json!({ "password": PASSWORD })).send().await.expect_invalid_field("email");
}

#[tokio::test]
async fn log_in_does_not_reveal_accounts() {
    let world = IdentityWorld::start().await;
    world.register("ana").await;
    let wrong = world.log_in("ana", "not it, surely").await;
    let unknown = world.log_in("nobody", "not it, surely").await;
    assert_eq!((wrong.status, &wrong.body), (unknown.status, &unknown.body));
    // The table gets the same requests in both cases.
    assert_eq!(wrong.headers["x-colloquy-cost"], unknown.headers["x-colloquy-cost"]);
    wrong.refused(401, "UNAUTHORIZED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_passwords_is_limited_per_account() {
    let world = IdentityWorld::start().await;
    world.register("ana").await;
    world.register("bo").await;
    let guess = |n: usize, password: &'static str| {
        let body = json!({ "email": "ana@example.com", "password": password });
        world.post("/v1/auth/login", &body).from_ip(&format!("198.51.100.{n}")).send()
    };
    let answers = join_all((0..26).map(|n| guess(n, "not it, surely"))).await;
    let tries = answers.iter().filter(|answer| answer.status == 401).count();
    assert_eq!((tries, answers.iter().filter(|answer| answer.status == 429).count()), (20, 6));
    let limited = guess(40, PASSWORD).await;
    let wait: u64 = limited.headers["retry-after"].as_str().unwrap().parse().unwrap();
    limited.refused(429, "RATE_LIMITED");
    world.log_in("bo", PASSWORD).await.ok(200);
    world.clock.advance(Duration::from_secs(wait + 1));
    guess(41, PASSWORD).await.ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_passwords_of_strangers_do_not_lock_the_account() {
    const NEW: &str = "a marten under the eaves";
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let log_in = |ip: &str, body: &Value| world.post("/v1/auth/login", body).from_ip(ip).send();
    let wrong = json!({ "email": "ana@example.com", "password": "not it, surely" });
    let right = json!({ "email": "ana@example.com", "password": PASSWORD });
    let addresses: Vec<String> = (0..30).map(|n| format!("198.51.100.{n}")).collect();
    join_all(addresses.iter().map(|ip| log_in(ip, &wrong))).await;
    log_in("203.0.113.1", &right).await.refused(429, "RATE_LIMITED");

    // the network of the registration
    let laptop = world.log_in("ana", PASSWORD).await.ok(200);
    // a device on another network, which has a refresh token
    let mut device = right.clone();
    device["refresh_token"] = laptop["refresh_token"].clone();
    let phone = log_in("203.0.113.1", &device).await.ok(200);
    // the network was recorded, and it is known after the log-out
    world.post("/v1/auth/logout", &json!({})).bearer(access_token(&phone)).send().await.ok(204);
    log_in("203.0.113.1", &right).await.ok(200);
    // a refresh token of another account proves nothing
    let bo = world.register("bo").await;
    device["refresh_token"] = bo["refresh_token"].clone();
    log_in("203.0.113.2", &device).await.refused(429, "RATE_LIMITED");
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    world.post("/v1/auth/password", &change).bearer(access_token(&ana)).send().await.ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guesses_in_a_known_network_are_limited() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    for _ in 0..10 {
        world.log_in("ana", "not it, surely").await.refused(401, "UNAUTHORIZED");
    }
    world.log_in("ana", PASSWORD).await.refused(429, "RATE_LIMITED");
    // a device that is logged in has a counter of its own
    let mut guess = json!({ "email": "ana@example.com", "password": "not it, surely" });
    guess["refresh_token"] = ana["refresh_token"].clone();
    for _ in 0..10 {
        world.post("/v1/auth/login", &guess).send().await.refused(401, "UNAUTHORIZED");
    }
    world.post("/v1/auth/login", &guess).send().await.refused(429, "RATE_LIMITED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_account_is_limited_like_a_known_one() {
    let world = IdentityWorld::start().await;
    world.register("kate").await;
    // U+212A folds to `k` in Unicode, and the log-in does not fold it
    for other in ["kate@example.com", "mike@example.com"] {
        let guess = |email: &str, n: usize| {
            let body = json!({ "email": email, "password": "not it, surely" });
            world.post("/v1/auth/login", &body).from_ip(&format!("198.51.100.{n}")).send()
        };
        let kelvin = other.replace('k', "\u{212a}");
        for _ in 0..10 {
            guess(&kelvin, 1).await.refused(401, "UNAUTHORIZED");
        }
        guess(&kelvin, 1).await.refused(429, "RATE_LIMITED");
        for _ in 0..10 {
            guess(other, 2).await.refused(401, "UNAUTHORIZED");
        }
        guess(&other.to_uppercase(), 2).await.refused(429, "RATE_LIMITED");
    }
}

#[tokio::test]
async fn guessing_passwords_is_limited_per_network() {
    let world = IdentityWorld::start().await;
    for n in 0..50 {
        let account = format!("nobody{n}");
        world.log_in(&account, "not it, surely").await.refused(401, "UNAUTHORIZED");
    }
    world.log_in("somebody", "not it, surely").await.refused(429, "RATE_LIMITED");
    world.register("ana").await;
    // guesses at other accounts do not lock a person out of the own network
    world.log_in("ana", PASSWORD).await.ok(200);
    let body = json!({ "email": "ana@example.com", "password": PASSWORD });
    for _ in 0..12 {
        world.post("/v1/auth/login", &body).from_ip("198.51.100.1").send().await.ok(200);
    }
}

#[tokio::test]
async fn the_status_of_an_account_needs_its_password() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let id = ana["id"].as_str().unwrap().parse().unwrap();
    let mut user = users::get(&world.app.store, id, world.clock.now()).await.unwrap().unwrap();
    user.status = AccountState::Disabled;
    world.app.store.put(&user).await.unwrap();
    world.log_in("ana", "not it, surely").await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", PASSWORD).await.refused(403, "ACCOUNT_DISABLED");
    world.get("/v1/auth/me", &ana).send().await.refused(401, "UNAUTHORIZED");
    let tokens = json!({ "refresh_token": ana["refresh_token"] });
    world.post("/v1/auth/refresh", &tokens).send().await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn the_twenty_first_log_in_ends_the_oldest() {
    let world = IdentityWorld::start().await;
    let first = world.register("ana").await;
    let mut newest = first.clone();
    for _ in 0..20 {
        world.clock.advance(Duration::from_millis(2));
        newest = world.log_in("ana", PASSWORD).await.ok(200);
    }
    world.get("/v1/auth/me", &first).send().await.refused(401, "UNAUTHORIZED");
    let list = world.get("/v1/auth/sessions", &newest).send().await.ok(200);
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &list["next"]), (20, &json!(null)));
    let current: Vec<bool> = items.iter().map(|login| login["current"] == true).collect();
    assert_eq!(current.iter().filter(|current| **current).count(), 1);
    assert!(current[0], "newest first");
    assert_eq!((&items[0]["ip"], &items[0]["user_agent"]), (&json!("203.0.113.7"), &json!(null)));
}

#[tokio::test]
async fn log_ins_are_ended_singly_or_all_others() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let bo = world.register("bo").await;
    let phone = world.log_in("ana", PASSWORD).await.ok(200);
    let tablet = world.log_in("ana", PASSWORD).await.ok(200);
    let list = world.get("/v1/auth/sessions", &phone).send().await.ok(200);
    let this = list["items"].as_array().unwrap().iter().find(|login| login["current"] == true).unwrap();
    let path = format!("/v1/auth/sessions/{}", this["id"].as_str().unwrap());
    let delete =
        |path: &str, tokens: &Value| world.request("DELETE", path).bearer(access_token(tokens)).send();
    delete(&path, &bo).await.refused(404, "RESOURCE_NOT_FOUND");
    delete("/v1/auth/sessions/x", &bo).await.refused(404, "RESOURCE_NOT_FOUND");
    delete(&path, &ana).await.ok(204);
    delete(&path, &ana).await.refused(404, "RESOURCE_NOT_FOUND");
    world.get("/v1/auth/me", &phone).send().await.refused(401, "UNAUTHORIZED");
    delete("/v1/auth/sessions", &ana).await.ok(204);
    world.get("/v1/auth/me", &tablet).send().await.refused(401, "UNAUTHORIZED");
    world.get("/v1/auth/me", &ana).send().await.ok(200);
}

#[tokio::test]
async fn log_out_accepts_either_token_and_ends_both() {
    let world = IdentityWorld::start().await;
    world.register("ana").await;
    let out = |tokens: &Value| world.post("/v1/auth/logout", tokens);
    // each place accepts its own kind of token
    let ana = world.log_in("ana", PASSWORD).await.ok(200);
    let [access, refresh] = ["access_token", "refresh_token"].map(|field| ana[field].as_str().unwrap());
    let cookies = [format!("__Host-refresh={access}"), format!("__Host-access={refresh}")];
    for wrong in [out(&json!({})).bearer(refresh), out(&json!({ "refresh_token": access }))]
        .into_iter()
        .chain(cookies.map(|cookie| out(&json!({})).header("cookie", &cookie).header("x-csrf", "1")))
    {
        wrong.send().await.refused(401, "UNAUTHORIZED");
    }
    world.get("/v1/auth/me", &ana).send().await.ok(200);
    for way in ["bearer", "body", "cookie", "access cookie"] {
        let ana = world.log_in("ana", PASSWORD).await.ok(200);
        let text = |field: &str| ana[field].as_str().unwrap().to_owned();
        let refresh = format!("__Host-refresh={}", text("refresh_token"));
        let answer = match way {
            "bearer" => out(&json!({})).bearer(access_token(&ana)).send().await,
            "body" => out(&json!({ "refresh_token": ana["refresh_token"] })).send().await,
            "cookie" => {
                let bare = out(&json!({})).header("cookie", &refresh);
                bare.clone().send().await.refused(403, "CSRF_REFUSED");
                bare.header("x-csrf", "1").send().await
            }
            _ => {
                let access = format!("__Host-access={}", text("access_token"));
                out(&json!({})).header("cookie", &access).header("x-csrf", "1").send().await
            }
        };
        let are_deleted = answer.cookies.iter().all(|cookie| cookie.contains("=; Max-Age=0;"));
        assert!(are_deleted, "{way}: {:?}", answer.cookies);
        answer.ok(204);
        world.get("/v1/auth/me", &ana).send().await.refused(401, "UNAUTHORIZED");
        let tokens = json!({ "refresh_token": ana["refresh_token"] });
        world.post("/v1/auth/refresh", &tokens).send().await.refused(401, "UNAUTHORIZED");
    }
    out(&json!({})).send().await.refused(401, "UNAUTHORIZED");
}

/// A login session ends before its sockets are closed. If closing them fails, the rest becomes due for the clock.
#[tokio::test]
async fn an_interrupted_log_out_is_completed_by_the_clock() {
    let mut world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let now = world.clock.now();
    let token = ana["access_token"].as_str().unwrap();
    let AccessToken { user, login } = world.app.tokens.verify(token, now).await.unwrap().unwrap();
    let connection = Connection {
        id: "c=".into(),
        identity: ConnectionIdentity::Account { user, login, presents: None },
        display_name: None,
        network: None,
        connected_at: now,
        presents_since: None,
        presence: model::PresenceForm::Events,
    };
    connections::put(&world.app.store, &connection).await.unwrap();
    world.break_socket_posts().await;
    let answer = world.post("/v1/auth/logout", &json!({})).bearer(access_token(&ana)).send().await;
    assert_eq!(answer.status, 500, "{answer:?}");
    world.get("/v1/auth/me", &ana).send().await.refused(401, "UNAUTHORIZED");

    world.clock.advance(Duration::from_secs(61));
    let left = due::list_due(&world.app.store, 10, None, world.clock.now()).await.unwrap().0;
    assert_eq!(left[0].work().unwrap(), due::DueWork::Identity(IdentityDueWork::EndedLogin(user, login)));
}

#[tokio::test]
async fn a_deleted_account_has_no_known_networks() {
    const NETWORK: &str = "198.51.100.1";
    let world = IdentityWorld::start().await;
    world.register("ana").await;
    let body = json!({ "email": "ana@example.com", "password": PASSWORD });
    let ana = world.post("/v1/auth/login", &body).from_ip(NETWORK).send().await.ok(200);
    let id = ana["id"].as_str().unwrap().parse().unwrap();
    let is_known =
        async || known_networks::is_known(&world.app.store, id, NETWORK, world.clock.now()).await.unwrap();
    assert!(is_known().await);
    let password = json!({ "password": PASSWORD });
    world.request("DELETE", "/v1/users/me").json(&password).bearer(access_token(&ana)).send().await.ok(204);
    assert!(!is_known().await);
}
