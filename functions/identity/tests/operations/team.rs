//! The team's directory and its search.

use serde_json::{Value, json};
use testkit::TestResponse;

use crate::world::{IdentityWorld, PASSWORD, access_token};

/// Registers `{username}@example.com`, in lower case.
async fn register_member(world: &IdentityWorld, username: &str, name: &str) -> Value {
    let email = format!("{username}@example.com");
    let body = json!({ "email": email, "password": PASSWORD, "username": username, "name": name });
    world.post("/v1/auth/register", &body).send().await.ok(201)
}

async fn search(world: &IdentityWorld, query: &str, by: &Value) -> TestResponse {
    world.get(&format!("/v1/users/search/{query}"), by).send().await
}

/// The user names in a list.
fn usernames(list: &Value) -> Vec<&str> {
    list["items"].as_array().unwrap().iter().map(|item| item["username"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_team_list_hides_email_addresses() {
    let world = IdentityWorld::start().await;
    let speaker = world.register("speaker").await;
    for number in (0..12).rev() {
        register_member(&world, &format!("Member_{number:02}"), &format!("Number {number}")).await;
    }
    // A user who is not part of the team can list it too.
    let all = world.get("/v1/users", &speaker).send().await.ok(200);
    let expected: Vec<String> = (0..12).map(|number| format!("Member_{number:02}")).collect();
    assert_eq!(usernames(&all), expected);
    assert_eq!(all["next"], json!(null));
    assert!(!all.to_string().contains('@'), "{all}");
    let fields: Vec<&String> = all["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(fields, ["id", "name", "username", "avatar"]);

    let mut found = Vec::new();
    let mut path = "/v1/users?limit=5".to_owned();
    loop {
        let page = world.get(&path, &speaker).send().await.ok(200);
        found.extend(usernames(&page).into_iter().map(ToOwned::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/users?limit=5&cursor={next}");
    }
    assert_eq!(found, expected);
    world.get("/v1/users?limit=101", &speaker).send().await.expect_invalid_field("limit");
    world.get("/v1/users?cursor=none", &speaker).send().await.expect_invalid_field("cursor");
    world.request("GET", "/v1/users").send().await.refused(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn users_are_found_by_visible_fields_only() {
    let world = IdentityWorld::start().await;
    let root = world.register("root").await;
    let ana = register_member(&world, "Ana_L", "Ána Lima").await;
    let bo = register_member(&world, "bo_1", "Bo Lim").await;
    let found = search(&world, "LIM", &bo).await.ok(200);
    assert_eq!(usernames(&found), ["Ana_L", "bo_1"]);
    assert_eq!(found["next"], json!(null));
    let other = &found["items"][0];
    let own = &found["items"][1];
    assert_eq!(other.get("email"), None, "the field is absent, not null");
    assert_eq!((&own["email"], &own["id"]), (&json!("bo_1@example.com"), &bo["id"]));
    assert_eq!(usernames(&search(&world, "%C3%81NA%20l/", &bo).await.ok(200)), ["Ana_L"]);
    // A search does not reveal an e-mail address that the caller may not see.
    assert_eq!(usernames(&search(&world, "ana_l@example", &bo).await.ok(200)), Vec::<&str>::new());
    assert_eq!(usernames(&search(&world, "example.com", &bo).await.ok(200)), ["bo_1"], "the caller's own");
    let by_admin = search(&world, "EXAMPLE.com", &root).await.ok(200);
    assert_eq!(usernames(&by_admin), ["Ana_L", "bo_1"], "the admin has no user name");
    assert_eq!(by_admin["items"][0]["email"], "ana_l@example.com");

    let role = |role: &str| json!({ "role": role });
    let staff = world.admin_client(false).await;
    let path = format!("/v1/admin/users/{}", ana["id"].as_str().unwrap());
    let appoint = async |to: &str| {
        staff.request("PATCH", &path).json(&role(to)).bearer(access_token(&root)).send().await.ok(200)
    };
    appoint("moderator").await;
    assert_eq!(search(&world, "bo_1", &ana).await.ok(200)["items"][0].get("email"), None);
    appoint("admin").await;
    assert_eq!(search(&world, "bo_1@", &ana).await.ok(200)["items"][0]["email"], "bo_1@example.com");
    appoint("member").await;
    assert_eq!(search(&world, "bo_1", &ana).await.ok(200)["items"][0].get("email"), None, "immediately");
}

#[tokio::test]
async fn user_search_is_limited_in_size_and_rate() {
    let world = IdentityWorld::start().await;
    let mut last = Value::Null;
    for number in (0..12).rev() {
        last = register_member(&world, &format!("member_{number:02}"), "Heron").await;
    }
    let expected: Vec<String> = (0..10).map(|number| format!("member_{number:02}")).collect();
    assert_eq!(usernames(&search(&world, "heron", &last).await.ok(200)), expected);
    for wrong in ["%20", &"a".repeat(101)] {
        search(&world, wrong, &last).await.expect_invalid_field("query");
    }
    world.get("/v1/users/search/", &last).send().await.expect_invalid_field("query");
    world.request("GET", "/v1/users/search/heron").send().await.refused(401, "UNAUTHORIZED");
    for _ in 1..60 {
        search(&world, "nobody", &last).await.ok(200);
    }
    search(&world, "heron", &last).await.refused(429, "RATE_LIMITED");
    let other = world.register("other").await;
    search(&world, "heron", &other).await.ok(200);
}
