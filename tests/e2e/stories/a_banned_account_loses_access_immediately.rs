use std::time::Duration;

use serde_json::json;

use crate::world::{ApiResponse, User, World};

async fn log_in(world: &World, user: &User) -> ApiResponse {
    let login = json!({ "email": user.email, "password": user.password });
    world.anonymous().post("/v1/auth/login", &login).await
}

#[tokio::test]
async fn a_banned_account_loses_access_immediately() {
    let Some((world, root)) = World::with_admin("bans", "free").await else { return };
    let ana = world.user("ana").await;
    let (_, session) = ana.start_session(1).await;
    let mut socket = ana.connect_to_session(&session).await;

    let path = |what: &str| format!("/v1/admin/users/{}/{what}", ana.id);
    let ban = json!({ "reason": "noise", "duration_hours": 2 });
    let banned = root.client.post(&path("ban"), &ban).await.ok(200);
    assert_eq!((&banned["status"], &banned["is_active"]), (&json!("banned"), &json!(false)));
    assert!(banned["banned_until"].is_string() && banned["reason"] == "noise", "{banned}");
    let error = socket.wait_for("error").await;
    assert_eq!((&error["code"], &error["fatal"]), (&json!("unauthorized"), &json!(true)));
    socket.wait_closed().await;
    ana.client.get("/v1/users/me").await.refused(401, "UNAUTHORIZED");
    let refresh = json!({ "refresh_token": ana.refresh_token });
    world.anonymous().post("/v1/auth/refresh", &refresh).await.refused(401, "UNAUTHORIZED");
    let why = log_in(&world, &ana).await.refused(403, "ACCOUNT_DISABLED");
    assert!(why["message"].as_str().unwrap().contains("banned until"), "{why}");
    // a caller who does not know the password does not learn of the ban
    let guess = json!({ "email": ana.email, "password": "not this one, surely" });
    world.anonymous().post("/v1/auth/login", &guess).await.refused(401, "UNAUTHORIZED");
    // a shorter suspension does not let them in sooner
    root.client.post(&path("suspend"), &json!({ "duration_hours": 1 })).await.refused(409, "CONFLICT");

    world.local_cloud().clock().advance(Duration::from_hours(2));
    log_in(&world, &ana).await.ok(200);
    let root = root.log_in(&world).await;
    assert_eq!(root.client.get(&format!("/v1/admin/users/{}", ana.id)).await.ok(200)["status"], "active");

    // a ban without an end stays until an admin lifts it
    let banned = root.client.post(&path("ban"), &json!({})).await.ok(200);
    assert_eq!((&banned["status"], &banned["banned_until"]), (&json!("banned"), &json!(null)));
    world.local_cloud().clock().advance(Duration::from_hours(10_000));
    log_in(&world, &ana).await.refused(403, "ACCOUNT_DISABLED");
    let root = root.log_in(&world).await;
    let path = |what: &str| format!("/v1/admin/users/{}/{what}", ana.id);
    root.client.post(&path("unban?reason=enough"), &json!({})).await.ok(200);
    log_in(&world, &ana).await.ok(200);
}

#[tokio::test]
async fn suspended_and_deactivated_accounts_keep_their_data() {
    let Some((world, root)) = World::with_admin("suspensions", "free").await else { return };
    let ana = world.user("ana").await;
    let presentation = ana.create_presentation(1).await;
    let path = |what: &str| format!("/v1/admin/speakers/{}/{what}", ana.id);

    assert_eq!(root.client.post(&path("deactivate"), &json!({})).await.ok(200)["status"], "disabled");
    ana.client.get("/v1/users/me").await.refused(401, "UNAUTHORIZED");
    log_in(&world, &ana).await.refused(403, "ACCOUNT_DISABLED");
    root.client.post(&path("password-reset"), &json!({})).await.refused(409, "ACCOUNT_DISABLED");
    assert_eq!(root.client.post(&path("reactivate"), &json!({})).await.ok(200)["status"], "active");
    let ana = ana.log_in(&world).await;
    let mine = ana.client.get("/v1/presentations").await.ok(200);
    assert_eq!(mine["items"][0]["id"], presentation.id, "their presentations are unchanged");

    let path = |what: &str| format!("/v1/admin/users/{}/{what}", ana.id);
    let suspended = root.client.post(&path("suspend"), &json!({})).await.ok(200);
    assert!(suspended["suspended_until"].is_string(), "the default is 24 hours: {suspended}");
    log_in(&world, &ana).await.refused(403, "ACCOUNT_DISABLED");
    root.client.post(&path("unsuspend"), &json!({})).await.ok(200);
    log_in(&world, &ana).await.ok(200);
    root.client.post(&path("password-reset"), &json!({})).await.ok(202);
    world.newest_mail(&ana.email, "Choose a new password").await;
}
