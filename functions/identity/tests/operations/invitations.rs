//! Invitations.

use serde_json::{Value, json};
use store::identity::users;
use testkit::{SweepFault, TestResponse, sweep_calls};

use crate::world::{IdentityWorld, PASSWORD, access_token};

impl IdentityWorld {
    async fn invite(&self, inviter: &Value, name: &str, role: &str) -> TestResponse {
        let body = json!({ "email": format!("{name}@example.com"), "role": role });
        self.post("/v1/invitations", &body).bearer(access_token(inviter)).send().await
    }

    /// Returns the newest token of an invitation.
    fn mailed_invitation(&self) -> Option<String> {
        let mails = self.queued_mails();
        let newest = mails.iter().rev().find(|mail| mail["letter"]["letter"] == "invitation");
        newest.and_then(|mail| mail["letter"]["token"].as_str().map(ToOwned::to_owned))
    }

    async fn accept(&self, name: &str, token: &str) -> TestResponse {
        let body = json!({
            "email": format!("{name}@example.com"), "password": PASSWORD, "name": name, "invitation": token,
        });
        self.post("/v1/auth/register", &body).send().await
    }
}

#[tokio::test]
async fn the_table_does_not_hold_the_token() {
    let world = IdentityWorld::start().await;
    let root = world.register("root").await;
    world.invite(&root, "bo", "member").await.ok(201);
    let token = world.mailed_invitation().unwrap();
    for item in world.cloud.emulator.all_items().await.unwrap() {
        assert!(!item.to_string().contains(&token), "{item}");
    }
    let mut forged = token.clone();
    forged.replace_range(63.., if token.ends_with('A') { "B" } else { "A" });
    world.accept("bo", &forged).await.refused(400, "INVALID_TOKEN");
    world.accept("bo", &token).await.ok(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_registrations_use_an_invitation_once() {
    let world = IdentityWorld::start().await;
    let root = world.register("root").await;
    world.invite(&root, "bo", "admin").await.ok(201);
    let token = world.mailed_invitation().unwrap();
    let answers = futures::future::join_all((0..6).map(|_| world.accept("bo", &token))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1, "{answers:?}");
    assert!(answers.iter().all(|answer| [201, 400, 409].contains(&answer.status)), "{answers:?}");
    assert_eq!(made[0].body["user"]["role"], "admin");
}

/// A disturbed registration is repeated by the client. In the end there is one account with the role, and the invitation is used up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_by_invitation_that_dies_leaves_all_or_nothing() {
    let faults = [SweepFault::KillBefore, SweepFault::KillAfter, SweepFault::LoseResponse];
    sweep_calls(&faults, async |probe| {
        let world = IdentityWorld::start().await;
        let root = world.register("root").await;
        world.invite(&root, "bo", "moderator").await.ok(201);
        let token = world.mailed_invitation().unwrap();
        probe.run(&world.cloud, world.accept("bo", &token)).await;
        let again = world.accept("bo", &token).await;
        // either this request or the disturbed one has made the account
        assert!([201, 400].contains(&again.status), "{:?}: {again:?}", probe.disturbance());
        let bo = world.log_in("bo", PASSWORD).await.ok(200);
        let id = bo["id"].as_str().unwrap().parse().unwrap();
        let bo = users::get_strong(&world.app.store, id, world.clock.now()).await.unwrap().unwrap();
        assert_eq!((bo.role, bo.verified_email().is_some()), (model::user::UserRole::Moderator, true));
        world.accept("cleo", &token).await.refused(400, "INVALID_TOKEN");
        let entries = world.cloud.emulator.all_items().await.unwrap();
        let entries = entries.iter().filter(|item| item["kind"]["S"] == "audit_entry").count();
        assert_eq!(entries, 1, "one audit entry");
    })
    .await;
}

/// A disturbed invitation is repeated by the inviter. Each mail that was queued has an invitation.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invitation_that_dies_can_be_repeated() {
    sweep_calls(&SweepFault::KILLS, async |probe| {
        let world = IdentityWorld::start().await;
        let root = world.register("root").await;
        probe.run(&world.cloud, world.invite(&root, "bo", "member")).await;
        if let Some(token) = world.mailed_invitation() {
            world.accept("bo", &token).await.ok(201);
        } else {
            world.invite(&root, "bo", "member").await.ok(201);
            world.accept("bo", &world.mailed_invitation().unwrap()).await.ok(201);
        }
    })
    .await;
}
