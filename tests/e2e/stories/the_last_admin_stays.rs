use reqwest::Method;
use serde_json::json;

use crate::world::{Answer, User, World};

async fn delete_oneself(user: &User) -> Answer {
    let body = json!({ "password": user.password });
    user.client.ask(Method::DELETE, "/v1/users/me").json(&body).send().await
}

async fn admin(world: &World, root: &User, name: &str) -> User {
    let user = world.user(name).await;
    let path = format!("/v1/admin/users/{}/roles", user.id);
    let made = root.client.post(&path, &json!({ "role": "admin" })).await.ok(200);
    assert_eq!((&made["role"], &made["is_admin"]), (&json!("admin"), &json!(true)));
    user
}

/// Whether somebody can still administer accounts.
async fn is_admin(world: &World, user: &User) -> bool {
    let login = json!({ "email": user.email, "password": user.password });
    let login = world.nobody().post("/v1/auth/login", &login).await;
    login.status == 200 && login.body()["is_admin"] == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_admins_who_leave_at_once_one_stays() {
    let Some((world, root)) = World::with_admin("the last admin", "free").await else { return };
    delete_oneself(&root).await.refused(409, "LAST_ADMIN");
    for _ in 0..3 {
        let ana = admin(&world, &root, "ana").await;
        let (one, other) = tokio::join!(delete_oneself(&root), delete_oneself(&ana));
        let (gone, kept) = if one.status == 204 { (one, other) } else { (other, one) };
        gone.ok(204);
        kept.refused(409, "LAST_ADMIN");
        let stands = [is_admin(&world, &root).await, is_admin(&world, &ana).await];
        assert!(stands == [true, false] || stands == [false, true], "{stands:?}");
        if !stands[0] {
            // nobody is above an admin now, until the first one comes back
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_admin_who_is_demoted_while_the_other_leaves_is_the_last() {
    let Some((world, root)) = World::with_admin("the last admin", "free").await else { return };
    let ana = admin(&world, &root, "ana").await;
    let path = format!("/v1/admin/users/{}/roles", ana.id);
    let (demoted, left) = tokio::join!(root.client.delete(&path), delete_oneself(&root));
    let stands = (is_admin(&world, &root).await, is_admin(&world, &ana).await);
    match (demoted.status, left.status) {
        (200, 409) => assert_eq!(stands, (true, false)),
        // refused by the guard, or because whoever asked was gone
        (401 | 403 | 409, 204) => assert_eq!(stands, (false, true)),
        other => panic!("{other:?}: {} {}", demoted.text, left.text),
    }
}

#[tokio::test]
async fn nobody_acts_upwards_sideways_or_on_themselves() {
    let Some((world, root)) = World::with_admin("roles", "free").await else { return };
    let (ana, bo) = (admin(&world, &root, "ana").await, admin(&world, &root, "bo").await);
    let eve = world.user("eve").await;
    for (actor, target) in [(&ana, &bo), (&bo, &ana), (&ana, &root), (&ana, &ana), (&root, &root)] {
        let path = |what: &str| format!("/v1/admin/users/{}/{what}", target.id);
        for what in ["ban", "suspend", "deactivate"] {
            actor.client.post(&path(what), &json!({})).await.refused(403, "FORBIDDEN");
        }
        actor.client.delete(&path("roles")).await.refused(403, "FORBIDDEN");
        let edit = json!({ "is_admin": false });
        let path = format!("/v1/admin/users/{}", target.id);
        actor.client.patch(&path, &edit).await.refused(403, "FORBIDDEN");
    }
    // only roles below one's own are given
    let roles = format!("/v1/admin/users/{}/roles", eve.id);
    for (actor, role) in [(&ana, "admin"), (&ana, "super_admin"), (&root, "super_admin")] {
        actor.client.post(&roles, &json!({ "role": role })).await.refused(403, "FORBIDDEN");
    }
    ana.client.post(&roles, &json!({ "role": "moderator" })).await.ok(200);
    ana.client.post(&roles, &json!({ "role": "moderator" })).await.refused(409, "CONFLICT");
    let of_channel = json!({ "role": "moderator", "channel_id": eve.id });
    ana.client.post(&roles, &of_channel).await.refused(422, "VALIDATION_ERROR");

    // a moderator sees accounts, and that is all
    eve.client.get("/v1/admin/users").await.ok(200);
    eve.client.get("/v1/admin/actions").await.refused(403, "FORBIDDEN");
    eve.client.post(&format!("/v1/admin/users/{}/ban", eve.id), &json!({})).await.refused(403, "FORBIDDEN");
    // a role that is lost is lost with the next request
    ana.client.delete(&roles).await.ok(200);
    ana.client.delete(&roles).await.refused(404, "RESOURCE_NOT_FOUND");
    eve.client.get("/v1/admin/users").await.refused(403, "FORBIDDEN");
    root.client.delete(&format!("/v1/admin/users/{}/roles", ana.id)).await.ok(200);
    ana.client.get("/v1/admin/users").await.refused(403, "FORBIDDEN");
}
