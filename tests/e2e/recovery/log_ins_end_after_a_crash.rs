use model::user::{AccountState, UserRole};
use serde_json::json;
use store::{
    chat::memberships,
    identity::{
        login_revocations::{self, LoginRevocation},
        users::User,
    },
};
use testkit::{SweepFault, sweep_calls};

use super::recovery_world::{Device, PASSWORD, RecoveryWorld};

/// An account with two devices, and its version before the operation.
async fn account_with_devices(world: &RecoveryWorld) -> (User, [Device; 2]) {
    let user = world.create_account(UserRole::Member).await;
    let devices = [world.add_device(user.id).await, world.add_device(user.id).await];
    (user, devices)
}

/// Asserts that these of the devices are logged in and connected, and the others neither.
async fn assert_devices(world: &RecoveryWorld, user: &User, devices: &mut [Device; 2], stays: [bool; 2]) {
    let (valid, connected) = (world.valid_logins(user.id).await, world.connections_of(user.id).await);
    for (device, stays) in devices.iter_mut().zip(stays) {
        assert_eq!(valid.contains(&device.login), stays, "log-in");
        assert_eq!(connected.contains(&device.login), stays, "row of the connection");
        assert_eq!(device.is_closed(), !stays, "socket");
    }
}

async fn disabling_is_completed(operation: &str) {
    let world = RecoveryWorld::start().await;
    let admin = world.create_account(UserRole::SuperAdmin).await;
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let staff = world.add_device(admin.id).await;
        let (user, mut devices) = account_with_devices(&world).await;
        let path = format!("/v1/admin/users/{}/{operation}", user.id);
        let request = world.admin.request("POST", &path).json(&json!({})).bearer(&staff.token);
        let answer = probe.run(&world.cloud, request.send()).await;
        assert_eq!(answer.is_none(), probe.disturbance().is_some());
        let is_disabled = !world.account(user.id).await.is_active(world.clock.now());
        assert!(is_disabled || answer.is_none());
        world.run_clock(user.id).await;
        assert_devices(&world, &user, &mut devices, [!is_disabled; 2]).await;
    })
    .await;
    assert!(report.calls > 10, "{report:?}");
}

#[tokio::test]
async fn a_ban_is_completed_after_a_crash_at_any_call() {
    disabling_is_completed("ban").await;
}

#[tokio::test]
async fn a_deactivation_is_completed_after_a_crash_at_any_call() {
    disabling_is_completed("deactivate").await;
}

#[tokio::test]
async fn log_out_everywhere_is_completed_after_a_crash_at_any_call() {
    let world = RecoveryWorld::start().await;
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let (user, mut devices) = account_with_devices(&world).await;
        let request = world.identity.request("DELETE", "/v1/auth/sessions").bearer(&devices[0].token);
        let answer = probe.run(&world.cloud, request.send()).await;
        assert_eq!(answer.is_none(), probe.disturbance().is_some());
        // the decision is one write, which also gives the account the next version
        let is_decided = world.account(user.id).await.version > user.version;
        assert!(is_decided || answer.is_none());
        world.run_clock(user.id).await;
        assert_devices(&world, &user, &mut devices, [true, !is_decided]).await;
    })
    .await;
    assert!(report.calls > 8, "{report:?}");
}

#[tokio::test]
async fn a_deleted_account_leaves_everything_after_a_crash_at_any_call() {
    let world = RecoveryWorld::start().await;
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let (user, mut devices) = account_with_devices(&world).await;
        let body = json!({ "name": format!("of-{}", user.name) });
        world.chat.request("POST", "/v1/channels").json(&body).bearer(&devices[0].token).send().await.ok(201);
        let is_member = async || {
            let all = memberships::list_memberships(&world.app.store, user.id, world.clock.now()).await;
            !all.unwrap().is_empty()
        };
        assert!(is_member().await);
        let body = json!({ "password": PASSWORD });
        let request = world.identity.request("DELETE", "/v1/users/me").json(&body).bearer(&devices[0].token);
        let answer = probe.run(&world.cloud, request.send()).await;
        assert_eq!(answer.is_none(), probe.disturbance().is_some());
        let is_deleted = world.account(user.id).await.status == AccountState::Deleted;
        assert!(is_deleted || answer.is_none());
        world.run_clock(user.id).await;
        assert_devices(&world, &user, &mut devices, [!is_deleted; 2]).await;
        assert_eq!(is_member().await, !is_deleted);
    })
    .await;
    assert!(report.calls > 10, "{report:?}");
}

#[tokio::test]
async fn a_new_password_ends_other_log_ins_after_a_crash_at_any_call() {
    let world = RecoveryWorld::start().await;
    let report = sweep_calls(&SweepFault::KILLS, async |probe| {
        let (user, mut devices) = account_with_devices(&world).await;
        let body = json!({ "current_password": PASSWORD, "new_password": "a kingfisher under the bridge" });
        let request =
            world.identity.request("POST", "/v1/auth/password").json(&body).bearer(&devices[0].token);
        let answer = probe.run(&world.cloud, request.send()).await;
        assert_eq!(answer.is_none(), probe.disturbance().is_some());
        let is_changed = world.account(user.id).await.password != user.password;
        assert!(is_changed || answer.is_none());
        world.run_clock(user.id).await;
        assert_devices(&world, &user, &mut devices, [true, !is_changed]).await;
    })
    .await;
    assert!(report.calls > 10, "{report:?}");
}

/// The request died, and the account was enabled again before the clock. The user has logged in since then.
#[tokio::test]
async fn the_clock_does_not_end_a_later_log_in() {
    let world = RecoveryWorld::start().await;
    let (user, mut devices) = account_with_devices(&world).await;
    let now = world.clock.now();
    let revocation = LoginRevocation::of_change(&user, world.clock.new_id(), None, now);
    let begun = login_revocations::begin(&world.app.store, &user, &revocation).await.unwrap();
    assert_eq!(begun.applied(), Some(()));
    let body = json!({ "email": user.email, "password": PASSWORD });
    let later = world.identity.request("POST", "/v1/auth/login").json(&body).send().await.ok(200);
    world.run_clock(user.id).await;
    assert_devices(&world, &user, &mut devices, [false, false]).await;
    let token = later["access_token"].as_str().unwrap();
    world.identity.request("GET", "/v1/auth/me").bearer(token).send().await.ok(200);
}
