use reqwest::Method;
use serde_json::json;

use crate::world::{ApiResponse, User, World};

async fn delete_own_account(user: &User) -> ApiResponse {
    let body = json!({ "password": user.password });
    user.client.request(Method::DELETE, "/v1/users/me").json(&body).send().await
}

async fn create_admin(world: &World, root: &User, name: &str) -> User {
    let user = world.user(name).await;
    let path = format!("/v1/admin/users/{}/roles", user.id);
    let made = root.client.post(&path, &json!({ "role": "admin" })).await.ok(200);
    assert_eq!((&made["role"], &made["is_admin"]), (&json!("admin"), &json!(true)));
    user
}

/// Returns whether this account can still administer accounts.
async fn is_admin(world: &World, user: &User) -> bool {
    let login = json!({ "email": user.email, "password": user.password });
    let login = world.anonymous().post("/v1/auth/login", &login).await;
    login.status == 200 && login.body()["is_admin"] == true
}

/// Admins of a lower role cannot appoint admins. They may leave, and the first admin may not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_super_admin_cannot_leave() {
    let Some((world, root)) = World::with_admin("the last admin", "free").await else { return };
    let presentation = root.create_presentation(1).await;
    delete_own_account(&root).await.refused(409, "LAST_ADMIN");
    let (ana, bo) = (create_admin(&world, &root, "ana").await, create_admin(&world, &root, "bo").await);
    delete_own_account(&root).await.refused(409, "LAST_ADMIN");
    let (first, last) = tokio::join!(delete_own_account(&root), delete_own_account(&ana));
    first.refused(409, "LAST_ADMIN");
    last.ok(204);
    assert!(is_admin(&world, &root).await && is_admin(&world, &bo).await);
    assert!(!is_admin(&world, &ana).await);
    // a refusal has deleted nothing, and admins can still be appointed
    root.client.get(&format!("/v1/presentations/{}", presentation.id)).await.ok(200);
    create_admin(&world, &root, "cy").await;
}

/// Sign-up does not verify an address. The configured address creates one first admin, and no second one when the
/// address is free again.
#[tokio::test]
async fn the_first_admin_address_is_used_once() {
    let Some((world, root)) = World::with_admin("the first admin", "free").await else { return };
    let address = root.email.clone();
    let elsewhere = json!({ "email": "elsewhere@example.com", "current_password": root.password });
    root.client.patch("/v1/users/me", &elsewhere).await.ok(200);
    let stranger = User::register_as(&world, "stranger", &address).await;
    let seen = stranger.client.get("/v1/users/me").await.ok(200);
    assert_eq!((&seen["role"], &seen["is_admin"]), (&json!("member"), &json!(false)));
    stranger.client.get("/v1/admin/users").await.refused(403, "FORBIDDEN");
    root.client.get("/v1/admin/users").await.ok(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_super_admin_who_demotes_concurrently_cannot_leave() {
    let Some((world, root)) = World::with_admin("the last admin", "free").await else { return };
    let ana = create_admin(&world, &root, "ana").await;
    let path = format!("/v1/admin/users/{}/roles", ana.id);
    let (demoted, left) = tokio::join!(root.client.delete(&path), delete_own_account(&root));
    demoted.ok(200);
    left.refused(409, "LAST_ADMIN");
    assert_eq!((is_admin(&world, &root).await, is_admin(&world, &ana).await), (true, false));
}

#[tokio::test]
async fn admins_act_only_on_lower_roles() {
    let Some((world, root)) = World::with_admin("roles", "free").await else { return };
    let (ana, bo) = (create_admin(&world, &root, "ana").await, create_admin(&world, &root, "bo").await);
    let eve = world.user("eve").await;
    for (name, actor, target) in [
        ("an admin on an admin", &ana, &bo),
        ("an admin on an older admin", &bo, &ana),
        ("an admin on the super admin", &ana, &root),
        ("an admin on themselves", &ana, &ana),
        ("the super admin on themselves", &root, &root),
    ] {
        let path = format!("/v1/admin/users/{}", target.id);
        let mut answers = Vec::new();
        for step in ["ban", "suspend", "deactivate"] {
            answers.push((step, actor.client.post(&format!("{path}/{step}"), &json!({})).await));
        }
        answers.push(("remove the role", actor.client.delete(&format!("{path}/roles")).await));
        answers.push(("edit", actor.client.patch(&path, &json!({ "is_admin": false })).await));
        for (step, answer) in answers {
            answer.in_row(&format!("{name}, {step}")).refused(403, "FORBIDDEN");
        }
    }
    // an admin assigns only roles below their own
    let roles = format!("/v1/admin/users/{}/roles", eve.id);
    for (name, actor, role) in [
        ("an admin makes an admin", &ana, "admin"),
        ("an admin makes a super admin", &ana, "super_admin"),
        ("the super admin makes a super admin", &root, "super_admin"),
    ] {
        let answer = actor.client.post(&roles, &json!({ "role": role })).await;
        answer.in_row(name).refused(403, "FORBIDDEN");
    }
    ana.client.post(&roles, &json!({ "role": "moderator" })).await.ok(200);
    ana.client.post(&roles, &json!({ "role": "moderator" })).await.refused(409, "CONFLICT");
    let of_channel = json!({ "role": "moderator", "channel_id": eve.id });
    ana.client.post(&roles, &of_channel).await.refused(422, "VALIDATION_ERROR");

    // a moderator can only read accounts
    eve.client.get("/v1/admin/users").await.ok(200);
    eve.client.get("/v1/admin/actions").await.refused(403, "FORBIDDEN");
    eve.client.post(&format!("/v1/admin/users/{}/ban", eve.id), &json!({})).await.refused(403, "FORBIDDEN");
    // a removed role ends with the next request
    ana.client.delete(&roles).await.ok(200);
    ana.client.delete(&roles).await.refused(404, "RESOURCE_NOT_FOUND");
    eve.client.get("/v1/admin/users").await.refused(403, "FORBIDDEN");
    root.client.delete(&format!("/v1/admin/users/{}/roles", ana.id)).await.ok(200);
    ana.client.get("/v1/admin/users").await.refused(403, "FORBIDDEN");
}
