use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{ApiClient, DEADLINE, User, World};

/// Registers a member of the team.
async fn register_member(world: &World, username: &str) -> User {
    let user = world.user("heron").await;
    rename(&user, username).await;
    user
}

async fn rename(user: &User, username: &str) {
    let me = user.client.patch("/v1/users/me", &json!({ "username": username })).await.ok(200);
    assert_eq!(me["username"], username);
}

fn usernames(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap_or_else(|| panic!("no items in {list}"));
    items.iter().map(|item| item["username"].as_str().expect("a user name").to_owned()).collect()
}

/// Returns all listed members, page by page.
async fn all_members(client: &ApiClient) -> Vec<Value> {
    let (mut all, mut path) = (Vec::new(), "/v1/users?limit=100".to_owned());
    loop {
        let page = client.get(&path).await.ok(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["next"].as_str() else { return all };
        path = format!("/v1/users?limit=100&cursor={next}");
    }
}

/// Searches until exactly these members are found, because the index is updated a moment later.
async fn expect_found(client: &ApiClient, query: &str, expected: &[&str]) -> Value {
    let begun = std::time::Instant::now();
    loop {
        let found = client.get(&format!("/api/v1/users/search/{query}")).await.ok(200);
        if usernames(&found) == expected {
            return found;
        }
        assert!(begun.elapsed() < DEADLINE, "{expected:?} are not found by {query}: {found}");
        // below the limit of searches
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test]
async fn the_directory_hides_email_addresses() {
    let world = World::start().await;
    let tag = format!("{:08x}", rand::random::<u32>());
    let of = |name: &str| format!("{name}_{tag}");
    let bo = register_member(&world, &of("bo")).await;
    let ana = register_member(&world, &of("Ana")).await;
    // a speaker without a user name is not in the team
    let cy = world.user("cy").await;

    let found = expect_found(&bo.client, &tag, &[&of("Ana"), &of("bo")]).await;
    assert_eq!((&found["items"][0]["id"], &found["next"]), (&json!(ana.id), &json!(null)));
    assert_eq!(found["items"][0].get("email"), None, "{found}");
    assert_eq!(found["items"][1]["email"], bo.email, "the caller's own");
    let all = all_members(&bo.client).await;
    let place = |user: &User| all.iter().position(|card| card["id"] == user.id.as_str());
    assert!(place(&ana) < place(&bo) && place(&ana).is_some() && place(&cy).is_none(), "{all:?}");
    let names = all.iter().map(|card| card["username"].as_str().unwrap().to_lowercase());
    assert!(names.is_sorted(), "{all:?}");
    let card = bo.client.get(&format!("/api/v1/users/{}", ana.id)).await.ok(200);
    assert_eq!(all[place(&ana).unwrap()], card);
    let expected = json!({ "id": ana.id, "name": "heron", "username": of("Ana"), "avatar": null });
    assert_eq!(card, expected, "and nothing else");

    // a search does not reveal an e-mail address
    expect_found(&bo.client, &ana.email, &[]).await;
    let number = ana.email.strip_prefix("heron-").unwrap().split('@').next().unwrap();
    expect_found(&bo.client, number, &[]).await;
    expect_found(&ana.client, number, &[&of("Ana")]).await;

    for prefix in ["/v1", "/api/v1", "/api"] {
        for slash in ["", "/"] {
            let listed = bo.client.get(&format!("{prefix}/users{slash}")).await.ok(200);
            assert!(!usernames(&listed).is_empty() && !listed.to_string().contains('@'), "{listed}");
            let found = bo.client.get(&format!("{prefix}/users/search/an{slash}")).await.ok(200);
            assert!((1..=10).contains(&usernames(&found).len()), "{found}");
            world.anonymous().get(&format!("{prefix}/users{slash}")).await.refused(401, "UNAUTHORIZED");
        }
    }
    for query in [String::new(), "%20".to_owned(), "a".repeat(101)] {
        let wrong = bo.client.get(&format!("/api/v1/users/search/{query}")).await;
        assert_eq!(wrong.refused(422, "VALIDATION_ERROR")["fields"][0]["field"], "query", "{query}");
    }
    let others = format!("/api/v1/users/{}", ana.id);
    bo.client.put(&others, &json!({ "name": "Bo's" })).await.refused(403, "FORBIDDEN");

    // the team sees the changes that a member makes to their profile
    let edit = json!({ "name": format!("Grey {tag}"), "avatar": "https://example.com/a.png" });
    ana.client.put(&others, &edit).await.ok(200);
    let found = expect_found(&bo.client, &format!("gREY%20{tag}"), &[&of("Ana")]).await;
    assert_eq!(found["items"][0]["avatar"], "https://example.com/a.png");
    rename(&ana, &of("zoe")).await;
    expect_found(&bo.client, &tag, &[&of("bo"), &of("zoe")]).await;
    // the old user name is free
    rename(&cy, &of("ana")).await;
    expect_found(&bo.client, &tag, &[&of("ana"), &of("bo"), &of("zoe")]).await;
    cy.client.patch("/v1/users/me", &json!({ "username": null })).await.ok(200);
    expect_found(&bo.client, &tag, &[&of("bo"), &of("zoe")]).await;

    let body = json!({ "password": ana.password });
    ana.client.request(Method::DELETE, "/v1/users/me").json(&body).send().await.ok(204);
    expect_found(&bo.client, &tag, &[&of("bo")]).await;
    bo.client.get(&others).await.refused(404, "RESOURCE_NOT_FOUND");
    assert!(all_members(&bo.client).await.iter().all(|card| card["id"] != ana.id.as_str()));
}

#[tokio::test]
async fn suspended_accounts_are_not_listed() {
    let Some((world, root)) = World::with_admin("the directory and bans", "free").await else { return };
    let (ana, bo) = (register_member(&world, "ana").await, register_member(&world, "bob").await);
    let listed = async || usernames(&bo.client.get("/api/v1/users/").await.ok(200));
    let govern = async |what: &str, body: Value| {
        root.client.post(&format!("/v1/admin/users/{}/{what}", ana.id), &body).await.ok(200)
    };
    assert_eq!(listed().await, ["ana", "bob"]);
    // admins see e-mail addresses, and find accounts by them
    let found = root.client.get(&format!("/v1/users/search/{}", ana.email.to_uppercase())).await.ok(200);
    assert_eq!((usernames(&found), &found["items"][0]["email"]), (vec!["ana".into()], &json!(ana.email)));

    for (out, back) in [("ban", "unban"), ("suspend", "unsuspend"), ("deactivate", "reactivate")] {
        govern(out, json!({})).await;
        assert_eq!(listed().await, ["bob"], "{out}");
        let found = usernames(&bo.client.get("/v1/users/search/an").await.ok(200));
        assert_eq!(found, Vec::<String>::new(), "{out}");
        govern(back, json!({})).await;
        assert_eq!(listed().await, ["ana", "bob"], "{back}");
    }
    let path = format!("/v1/admin/users/{}", ana.id);
    root.client.patch(&path, &json!({ "name": "Ana Lima" })).await.ok(200);
    assert_eq!(usernames(&bo.client.get("/v1/users/search/lima").await.ok(200)), ["ana"]);

    // a ban of two hours expires automatically
    govern("ban", json!({ "duration_hours": 2 })).await;
    assert_eq!(listed().await, ["bob"]);
    world.local_cloud().clock().advance(Duration::from_hours(2));
    let bo = bo.log_in(&world).await;
    assert_eq!(usernames(&bo.client.get("/api/v1/users/").await.ok(200)), ["ana", "bob"]);
}
