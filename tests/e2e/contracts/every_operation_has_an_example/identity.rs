use serde_json::json;

use super::{CallOptions, Recorder, RouteScene};
use crate::world::mail::token_of;

/// Plays the operations that leave the accounts as they are.
pub(super) async fn record_reads(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let anonymous = recorder.world.anonymous();
    let owner = &scene.owner.client;
    recorder.record(scene, &anonymous, "jwks").await;
    let account = json!({ "email": "eve@example.com", "password": "a heron over grey water", "name": "Eve" });
    let options = CallOptions { body: Some(account), ..CallOptions::default() };
    recorder.record_with(scene, &anonymous, "register", options).await;
    recorder.record(scene, &anonymous, "log_in").await;
    recorder.record(scene, &anonymous, "refresh").await;
    record_verification(recorder, scene).await;
    let operations =
        ["list_logins", "end_login", "get_me", "get_usage", "list_users", "search_users", "get_user"];
    for operation in operations {
        recorder.record(scene, owner, operation).await;
    }
    for operation in ["update_me", "update_user"] {
        let options = CallOptions { body: Some(json!({ "name": "Ana Lima" })), ..CallOptions::default() };
        recorder.record_with(scene, owner, operation, options).await;
    }
}

/// Plays the operations that prove an address. The report of a session is then mailed to it.
async fn record_verification(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let (world, owner) = (recorder.world, &scene.owner);
    recorder.record(scene, &owner.client, "request_email_verification").await;
    let proof = world.verification_mail(&owner.email).await;
    let options = CallOptions { body: Some(json!({ "code": proof.code })), ..CallOptions::default() };
    recorder.record_with(scene, &owner.client, "confirm_email_code", options).await;
    let options = CallOptions { body: Some(json!({ "token": proof.token })), ..CallOptions::default() };
    recorder.record_with(scene, &world.anonymous(), "confirm_email_link", options).await;
}

/// Plays the operations of invitations.
async fn record_invitations(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let admin = &scene.admin.client;
    let body = json!({ "email": "gia@example.com", "role": "moderator" });
    let options = CallOptions { body: Some(body), ..CallOptions::default() };
    let invitation = recorder.record_with(scene, admin, "create_invitation", options).await;
    recorder.record(scene, admin, "list_invitations").await;
    let options = CallOptions { id: invitation["id"].as_str().map(Into::into), ..CallOptions::default() };
    recorder.record_with(scene, admin, "delete_invitation", options).await;
}

/// Plays the operations that end log-ins and accounts.
pub(super) async fn record_ends(recorder: &mut Recorder<'_>, scene: &RouteScene) {
    let world = recorder.world;
    let anonymous = world.anonymous();
    record_invitations(recorder, scene).await;
    let owner = scene.owner.log_in(world).await;
    recorder.record(scene, &owner.client, "end_other_logins").await;
    recorder.record(scene, &owner.client, "log_out").await;
    let owner = scene.owner.log_in(world).await;
    recorder.record(scene, &owner.client, "change_password").await;
    recorder.record(scene, &anonymous, "request_password_reset").await;
    let token = token_of(&world.newest_mail(&owner.email, "Choose a new password").await, "/reset");
    let password = "a marten under the eaves 17";
    let body = json!({ "token": token, "new_password": password });
    let options = CallOptions { body: Some(body), ..CallOptions::default() };
    recorder.record_with(scene, &anonymous, "confirm_password_reset", options).await;
    let credentials = json!({ "email": owner.email, "password": password });
    let tokens = anonymous.post("/v1/auth/login", &credentials).await.ok(200);
    let owner = anonymous.with_token(tokens["access_token"].as_str().unwrap());
    let options = CallOptions { body: Some(json!({ "password": password })), ..CallOptions::default() };
    recorder.record_with(scene, &owner, "delete_me", options).await;
}
