use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{ApiResponse, User, World, mail::token_of};

const INVITED: &str = "You are invited to a team";

/// Sends an invitation. Returns it and its token.
async fn invite(world: &World, inviter: &User, email: &str, role: &str) -> (Value, String) {
    let made = inviter.client.post("/v1/invitations", &json!({ "email": email, "role": role })).await.ok(201);
    (made, token_of(&world.newest_mail(email, INVITED).await, "/invitation"))
}

async fn accept(world: &World, email: &str, token: &str) -> ApiResponse {
    let account =
        json!({ "email": email, "password": "a heron over grey water", "name": "Bo", "invitation": token });
    world.anonymous().post("/v1/auth/register", &account).await
}

/// Registers an account and gives it a role.
async fn staff(world: &World, root: &User, name: &str, role: &str) -> User {
    let user = world.user(name).await;
    root.client.post(&format!("/v1/admin/users/{}/roles", user.id), &json!({ "role": role })).await.ok(200);
    user
}

#[tokio::test]
async fn an_invitation_admits_its_address_once_with_its_role() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    let (invitation, token) = invite(&world, &root, "bo+x@example.com", "moderator").await;
    let mail = world.newest_mail("bo+x@example.com", INVITED).await;
    let text = mail.text.unwrap_or_default();
    assert!(text.contains("A member of the team") || text.contains("a member of the team"), "{text}");
    assert!(!text.contains("root") && text.contains("email=bo%2Bx%40example%2Ecom"), "{text}");
    let listed = root.client.get("/v1/invitations").await.ok(200);
    assert_eq!(listed["items"], json!([invitation]));
    // another person who has the token cannot use it
    let refused = accept(&world, "eve@example.com", &token).await.refused(422, "VALIDATION_ERROR");
    assert_eq!(refused["fields"][0]["field"], "email", "{refused}");
    let page = world.anonymous().get(&format!("/invitation?token={token}")).await;
    page.ok(200);
    let made = accept(&world, "Bo+x@Example.com", &token).await.ok(201);
    let user = &made["user"];
    assert_eq!((&user["role"], &user["email_verified"]), (&json!("moderator"), &json!(true)));
    assert!(root.client.get("/v1/invitations").await.ok(200)["items"].as_array().unwrap().is_empty());
    accept(&world, "bo+x@example.com", &token).await.refused(400, "INVALID_TOKEN");
    let mails = world.mails_to("bo+x@example.com").await;
    assert_eq!(mails.len(), 1, "no mail proves what the invitation has proved: {mails:?}");
    // the role stands in the audit log
    let actions = root.client.get("/v1/admin/actions?action=accept_invitation").await.ok(200);
    let entry = &actions["items"][0];
    assert_eq!((&entry["target_id"], &entry["admin_id"]), (&user["id"], &json!(root.id)), "{entry}");
    assert_eq!(entry["metadata"]["role"], "moderator");
}

#[tokio::test]
async fn an_invitation_can_be_withdrawn_and_expires() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    let (invitation, token) = invite(&world, &root, "bo@example.com", "member").await;
    let path = format!("/v1/invitations/{}", invitation["id"].as_str().unwrap());
    root.client.delete(&path).await.ok(204);
    root.client.delete(&path).await.refused(404, "RESOURCE_NOT_FOUND");
    accept(&world, "bo@example.com", &token).await.refused(400, "INVALID_TOKEN");
    let (_, token) = invite(&world, &root, "bo@example.com", "member").await;
    world.local_cloud().clock().advance(Duration::from_hours(7 * 24));
    accept(&world, "bo@example.com", &token).await.refused(400, "INVALID_TOKEN");
    let root = root.log_in(&world).await;
    assert!(root.client.get("/v1/invitations").await.ok(200)["items"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn staff_invites_with_roles_below_their_own() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    let admin = staff(&world, &root, "admin", "admin").await;
    let moderator = staff(&world, &root, "moderator", "moderator").await;
    let member = world.user("member").await;
    let rows = [
        (&root, [201, 201, 201, 403]),
        (&admin, [201, 201, 403, 403]),
        (&moderator, [201, 403, 403, 403]),
        (&member, [403, 403, 403, 403]),
    ];
    for (inviter, expected) in rows {
        for (role, status) in ["member", "moderator", "admin", "super_admin"].into_iter().zip(expected) {
            let body = json!({ "email": format!("{role}-{}", inviter.email), "role": role });
            let answer = inviter.client.post("/v1/invitations", &body).await;
            assert_eq!(answer.status, status, "{} invites a {role}: {}", inviter.name, answer.text);
        }
    }
    member.client.get("/v1/invitations").await.refused(403, "FORBIDDEN");
    // an invitation is withdrawn by its inviter, and by staff who could have given it
    let listed = root.client.get("/v1/invitations").await.ok(200);
    let path = |role: &str, inviter: &User| {
        let items = listed["items"].as_array().unwrap();
        let found =
            items.iter().find(|item| item["role"] == role && item["invited_by"] == inviter.id.as_str());
        format!("/v1/invitations/{}", found.unwrap()["id"].as_str().unwrap())
    };
    moderator.client.delete(&path("moderator", &root)).await.refused(403, "FORBIDDEN");
    moderator.client.delete(&path("member", &root)).await.ok(204);
    moderator.client.delete(&path("member", &moderator)).await.ok(204);
    admin.client.delete(&path("admin", &root)).await.refused(403, "FORBIDDEN");
    member.client.delete(&path("member", &admin)).await.refused(403, "FORBIDDEN");
    // an address with an account needs none
    let taken = json!({ "email": member.email.to_uppercase() });
    moderator.client.post("/v1/invitations", &taken).await.refused(409, "EMAIL_TAKEN");
}

#[tokio::test]
async fn invitations_of_inviters_who_lost_their_role_are_invalid() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    let losses =
        [("demoted", "moderator"), ("reduced", "member"), ("banned", "ban"), ("disabled", "deactivate")];
    for (name, loss) in losses {
        let inviter = staff(&world, &root, name, "admin").await;
        let address = format!("{name}@example.com");
        let (_, token) = invite(&world, &inviter, &address, "moderator").await;
        let path = format!("/v1/admin/users/{}", inviter.id);
        let back = match loss {
            "ban" | "deactivate" => {
                root.client.post(&format!("{path}/{loss}"), &json!({ "reason": "test" })).await.ok(200);
                if loss == "ban" { "unban" } else { "reactivate" }
            }
            role => {
                root.client.post(&format!("{path}/roles"), &json!({ "role": role })).await.ok(200);
                "roles"
            }
        };
        accept(&world, &address, &token).await.refused(400, "INVALID_TOKEN");
        // the roles of today decide
        let body = if back == "roles" { json!({ "role": "admin" }) } else { json!({}) };
        root.client.post(&format!("{path}/{back}"), &body).await.ok(200);
        accept(&world, &address, &token).await.ok(201);
    }
    let leaver = staff(&world, &root, "leaver", "admin").await;
    let (_, token) = invite(&world, &leaver, "left@example.com", "member").await;
    leaver
        .client
        .request(reqwest::Method::DELETE, "/v1/users/me")
        .json(&json!({ "password": leaver.password }))
        .send()
        .await
        .ok(204);
    accept(&world, "left@example.com", &token).await.refused(400, "INVALID_TOKEN");
    let listed = root.client.get("/v1/invitations").await.ok(200);
    assert_eq!(listed["items"], json!([]), "a deleted account leaves no invitation");
}

#[tokio::test]
async fn invitations_are_limited_per_sender_and_per_address() {
    let Some((world, root)) = World::with_admin("an admin", "pro").await else { return };
    world.begin_window(Duration::from_hours(24));
    let root = root.log_in(&world).await;
    let moderator = staff(&world, &root, "moderator", "moderator").await;
    let invite = async |inviter: &User, email: &str| {
        inviter.client.post("/v1/invitations", &json!({ "email": email })).await
    };
    for _ in 0..3 {
        invite(&root, "bo@example.com").await.ok(201);
    }
    invite(&moderator, "BO@example.com").await.refused(429, "RATE_LIMITED");
    for number in 0..16 {
        invite(&root, &format!("bo-{number}@example.com")).await.ok(201);
    }
    let outcomes =
        [invite(&root, "cleo@example.com").await.status, invite(&root, "dan@example.com").await.status];
    assert_eq!(outcomes, [201, 429], "20 of one sender within an hour");
    invite(&moderator, "dan@example.com").await.ok(201);
    assert_eq!(world.mails_to("bo@example.com").await.len(), 3);
}
