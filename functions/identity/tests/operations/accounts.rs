use futures::future::join_all;
use serde_json::{Value, json};
use store::presentations::{self, Presentation};

use crate::world::{IdentityWorld, PASSWORD, access_token};

#[tokio::test]
async fn sign_up_returns_the_account_in_every_original_shape() {
    let world = IdentityWorld::start().await;
    let body = json!({
        "email": " Ana@Example.COM ", "password": PASSWORD, "full_name": "Ana Lima", "username": "Ana_L",
        "organization": "Herons", "avatar": "https://example.com/ana.png", "invite_token": "unknown",
        "role": "admin", "plan": "enterprise", "is_admin": true, "id": "00000000-0000-0000-0000-000000000000",
    });
    let answer = world.post("/api/auth/signup/", &body).send().await;
    assert_eq!(answer.cookies.len(), 2);
    for (cookie, name) in answer.cookies.iter().zip(["__Host-access=ey", "__Host-refresh=ey"]) {
        assert!(cookie.starts_with(name), "{cookie}");
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
    }
    let made = answer.ok(201);
    assert_eq!(made["user"], made["speaker"]);
    assert_eq!((&made["token_type"], &made["expires_in"]), (&json!("bearer"), &json!(900)));
    assert_eq!(made["invite"], json!({ "status": "not_found" }));
    for (field, value) in [
        ("email", json!("ana@example.com")),
        ("name", json!("Ana Lima")),
        ("display_name", json!("Ana Lima")),
        ("username", json!("Ana_L")),
        ("organization", json!("Herons")),
        ("avatar", json!("https://example.com/ana.png")),
        ("plan_type", json!("free")),
        ("plan", json!("free")),
        ("role", json!("member")),
        ("is_active", json!(true)),
        ("is_admin", json!(false)),
    ] {
        assert_eq!((&made["user"][field], &made[field]), (&value, &value), "{field}");
    }
    assert!(!made.to_string().contains("argon2"), "the hash stays inside");
    let me = world.get("/v1/auth/me", &made).send().await.ok(200);
    assert_eq!(me, made["user"]);
    assert_eq!(world.get("/v1/users/me", &made).send().await.ok(200), me);
}

#[tokio::test]
async fn invalid_sign_ups_name_their_fields() {
    let world = IdentityWorld::start().await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "email": "ana@example.com", "password": PASSWORD });
        body[field] = value;
        world.post("/v1/auth/register", &body).send()
    };
    with("email", json!("ana")).await.expect_invalid_field("email");
    with("email", json!(null)).await.expect_invalid_field("email");
    with("password", json!("short")).await.expect_invalid_field("password");
    with("password", json!("x".repeat(129))).await.expect_invalid_field("password");
    with("password", json!("Password123")).await.expect_invalid_field("password");
    with("password", json!("ana@example.com")).await.expect_invalid_field("password");
    with("name", json!("")).await.expect_invalid_field("name");
    with("name", json!("a\nb")).await.expect_invalid_field("name");
    with("name", json!(7)).await.expect_invalid_field("name");
    with("username", json!("a b")).await.expect_invalid_field("username");
    with("avatar", json!("javascript:alert(1)")).await.expect_invalid_field("avatar");
    world.request("POST", "/v1/auth/register").json(&json!([])).send().await.refused(422, "VALIDATION_ERROR");
    world.post_form("/v1/auth/register", "email=a").send().await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    world.request("PUT", "/v1/auth/register").send().await.refused(405, "METHOD_NOT_ALLOWED");
    assert_eq!(with("password", json!("\u{e9}".repeat(64) + "x7q zebra")).await.ok(201)["name"], "ana");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn email_addresses_and_user_names_are_unique() {
    let world = IdentityWorld::start().await;
    let body =
        |email: &str, username: &str| json!({ "email": email, "password": PASSWORD, "username": username });
    let made =
        join_all((0..6).map(|_| world.post("/v1/auth/register", &body("ana@example.com", "ana")).send()))
            .await;
    assert_eq!(made.iter().filter(|answer| answer.status == 201).count(), 1, "{made:?}");
    let again = world.post("/v1/auth/register", &body("ANA@example.com", "other"));
    again.send().await.refused(409, "EMAIL_TAKEN");
    let again = world.post("/v1/auth/register", &body("bo@example.com", "ANA"));
    again.send().await.refused(409, "USERNAME_TAKEN");
    // Refused requests leave nothing in the table.
    world.post("/v1/auth/register", &body("bo@example.com", "other")).send().await.ok(201);
}

#[tokio::test]
async fn the_first_admin_comes_from_a_setting() {
    let world = IdentityWorld::start().await;
    let body = json!({ "email": "Root@example.com", "password": PASSWORD });
    let made = world.post("/v1/auth/register", &body).send().await.ok(201);
    assert_eq!((&made["role"], &made["is_admin"]), (&json!("super_admin"), &json!(true)));
    let again = world.post("/v1/auth/register", &body).send().await;
    again.refused(409, "EMAIL_TAKEN");
}

#[tokio::test]
async fn other_users_see_a_public_profile() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let bo = world.register("bo").await;
    let path = format!("/v1/users/{}", ana["id"].as_str().unwrap());
    assert_eq!(world.get(&path, &ana).send().await.ok(200), ana["user"]);
    let card = world.get(&path, &bo).send().await.ok(200);
    assert_eq!(card, json!({ "id": ana["id"], "name": "ana", "username": null, "avatar": null }));
    world.request("GET", &path).send().await.refused(401, "UNAUTHORIZED");
    world.get("/v1/users/nobody", &bo).send().await.refused(404, "RESOURCE_NOT_FOUND");
    let unknown = "/v1/users/01900000-0000-7000-8000-000000000001";
    world.get(unknown, &bo).send().await.refused(404, "RESOURCE_NOT_FOUND");
    let edit = json!({ "name": "Mine" });
    world.request("PUT", &path).bearer(access_token(&bo)).json(&edit).send().await.refused(403, "FORBIDDEN");
    assert_eq!(
        world.request("PUT", &path).bearer(access_token(&ana)).json(&edit).send().await.ok(200)["name"],
        "Mine"
    );
}

#[tokio::test]
async fn users_change_only_their_own_profile() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let bo = world.register("bo").await;
    let patch = |tokens: &Value, body: Value| {
        world.request("PATCH", "/v1/users/me").bearer(access_token(tokens)).json(&body).send()
    };
    let full = json!({
        "display_name": " Ana ", "avatar": "https://example.com/a.png", "organization": "Herons",
        "role": "admin", "plan": "pro", "status": "disabled", "is_admin": true, "created_at": "2000-01-01T00:00:00Z",
    });
    let me = patch(&ana, full).await.ok(200);
    assert_eq!(
        (&me["name"], &me["avatar"], &me["organization"]),
        (&json!("Ana"), &json!("https://example.com/a.png"), &json!("Herons"),)
    );
    for field in ["role", "plan", "status", "is_admin", "created_at", "id", "email"] {
        assert_eq!(me[field], ana["user"][field], "{field}");
    }
    let me = patch(&ana, json!({ "avatar": null, "username": "ana" })).await.ok(200);
    assert_eq!(
        (&me["avatar"], &me["username"], &me["organization"]),
        (&json!(null), &json!("ana"), &json!("Herons"))
    );
    assert_eq!(world.get("/v1/auth/me", &ana).send().await.ok(200), me);

    patch(&bo, json!({ "username": "ANA" })).await.refused(409, "USERNAME_TAKEN");
    assert_eq!(
        patch(&ana, json!({ "username": "Ana" })).await.ok(200)["username"],
        "Ana",
        "another spelling"
    );
    patch(&ana, json!({ "username": null })).await.ok(200);
    patch(&bo, json!({ "username": "ana" })).await.ok(200);
    patch(&ana, json!({ "name": "" })).await.expect_invalid_field("name");
    patch(&ana, json!({ "organization": 3 })).await.expect_invalid_field("organization");

    let email = |password: Option<&str>, email: &str| json!({ "email": email, "current_password": password });
    patch(&ana, email(None, "lima@example.com")).await.expect_invalid_field("current_password");
    patch(&ana, email(Some("not it"), "lima@example.com")).await.expect_invalid_field("current_password");
    patch(&ana, email(Some(PASSWORD), "bo@example.com")).await.refused(409, "EMAIL_TAKEN");
    assert_eq!(
        patch(&ana, email(Some(PASSWORD), "Lima@example.com")).await.ok(200)["email"],
        "lima@example.com"
    );
    world.log_in("ana", PASSWORD).await.refused(401, "UNAUTHORIZED");
    world.log_in("lima", PASSWORD).await.ok(200);
    world.register("ana").await;
}

#[tokio::test]
async fn a_deleted_account_leaves_only_a_tombstone() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let bo = world.register("bo").await;
    let delete =
        |body: Value| world.request("DELETE", "/v1/users/me").bearer(access_token(&ana)).json(&body).send();
    delete(json!({})).await.expect_invalid_field("password");
    delete(json!({ "password": "not it" })).await.expect_invalid_field("password");
    let gone = delete(json!({ "password": PASSWORD })).await;
    assert!(gone.cookies.iter().all(|cookie| cookie.contains("Max-Age=0")), "{:?}", gone.cookies);
    gone.ok(204);
    world.get("/v1/auth/me", &ana).send().await.refused(401, "UNAUTHORIZED");
    let path = format!("/v1/users/{}", ana["id"].as_str().unwrap());
    world.get(&path, &bo).send().await.refused(404, "RESOURCE_NOT_FOUND");
    let tokens = json!({ "refresh_token": ana["refresh_token"] });
    world.post("/v1/auth/refresh", &tokens).send().await.refused(401, "UNAUTHORIZED");
    world.log_in("ana", PASSWORD).await.refused(401, "UNAUTHORIZED");
    let id = ana["id"].as_str().unwrap().parse().unwrap();
    let left = store::identity::users::get(&world.app.store, id, world.clock.now()).await.unwrap().unwrap();
    assert!(!format!("{left:?}").to_lowercase().contains("ana"), "{left:?}");
    world.register("ana").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deleted_account_deletes_its_presentations() {
    let world = IdentityWorld::start().await;
    let ana = world.register("ana").await;
    let bo = world.register("bo").await;
    let store = &world.app.store;
    let now = world.clock.now();
    let present = async |owner: &Value| {
        let owner = owner["id"].as_str().unwrap().parse().unwrap();
        let made = Presentation::new(world.clock.new_id(), owner, "Herons".into(), None, now);
        presentations::create(store, made, None, Some("notes".into()), &[]).await.unwrap().applied().unwrap()
    };
    // More than are deleted concurrently.
    let made = join_all((0..23).map(|_| present(&ana))).await;
    let others = present(&bo).await;
    let delete = |password: &str| {
        let body = json!({ "password": password });
        world.request("DELETE", "/v1/users/me").bearer(access_token(&ana)).json(&body).send()
    };
    delete("not it").await.expect_invalid_field("password");
    assert!(presentations::by_slug(store, &made[0].slug, now).await.unwrap().is_some());
    delete(PASSWORD).await.ok(204);
    for gone in &made {
        assert_eq!(presentations::by_slug(store, &gone.slug, now).await.unwrap(), None, "{}", gone.slug);
        assert_eq!(presentations::get_notes(store, gone.id, now).await.unwrap(), None);
    }
    assert_eq!(presentations::by_slug(store, &others.slug, now).await.unwrap(), Some(others));
}

#[tokio::test]
async fn public_keys_are_cacheable() {
    let world = IdentityWorld::start().await;
    let answer = world.request("GET", "/.well-known/jwks.json").send().await;
    assert_eq!(answer.headers["cache-control"], "public, max-age=300");
    let key = answer.ok(200)["keys"][0].clone();
    assert_eq!((&key["kty"], &key["crv"], &key["alg"]), (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA")));
    assert_eq!(key.get("d"), None, "the private key is not published");
}
