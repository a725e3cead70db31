//! Operations of admins, also if they fail half-way.

use std::time::Duration;

use model::{LoginId, Room, UserId};
use serde_json::json;
use store::{
    PageRequest,
    identity::audit_log::{self, AuditFilter},
    realtime::connections::{self, Connection, ConnectionIdentity},
};

use crate::world::{IdentityWorld, access_token};

async fn open_socket(world: &IdentityWorld, user: UserId) {
    let login: LoginId = world.clock.new_id();
    let connection = Connection {
        id: "open=".into(),
        identity: ConnectionIdentity::Account { user, login, presents: None },
        display_name: None,
        network: None,
        connected_at: world.clock.now(),
        presents_since: None,
        presence: model::PresenceForm::Events,
    };
    connections::put(&world.app.store, &connection).await.unwrap();
}

/// The ban applies and the tokens are invalid even if a socket could not be closed. A retry closes the socket. The audit
/// log has one entry.
#[tokio::test]
async fn an_interrupted_ban_is_completed_by_a_retry() {
    let world = IdentityWorld::start().await;
    let root = world.register("root").await;
    let ana = world.register("ana").await;
    let user: UserId = ana["user"]["id"].as_str().unwrap().parse().unwrap();
    open_socket(&world, user).await;
    let ban = format!("/v1/admin/users/{user}/ban");
    let mute = world.admin_client(true).await;
    let answer = mute.request("POST", &ban).json(&json!({})).bearer(access_token(&root)).send().await;
    assert!(answer.status >= 500, "{answer:?}");
    world.get("/v1/users/me", &ana).send().await.refused(401, "UNAUTHORIZED");

    world.clock.advance(Duration::from_mins(1));
    let staff = world.admin_client(false).await;
    let again = staff.request("POST", &ban).json(&json!({})).bearer(access_token(&root)).send().await;
    assert_eq!(again.ok(200)["status"], "banned");
    let now = world.clock.now();
    assert!(connections::list_in_room(&world.app.store, Room::User(user), now).await.unwrap().is_empty());
    let log = audit_log::page(&world.app.store, &AuditFilter::default(), &PageRequest::internal(10), now)
        .await
        .unwrap();
    assert_eq!(log.items.len(), 1, "{log:?}");
}

#[tokio::test]
async fn members_cannot_use_admin_operations() {
    let world = IdentityWorld::start().await;
    let root = world.register("root").await;
    let ana = world.register("ana").await;
    let staff = world.admin_client(false).await;
    for path in ["users", "actions", "dashboard", "health", "plans", "llm", "sessions", "stats"] {
        let path = format!("/v1/admin/{path}");
        staff.request("GET", &path).send().await.refused(401, "UNAUTHORIZED");
        staff.request("GET", &path).bearer(access_token(&ana)).send().await.refused(403, "FORBIDDEN");
        staff.request("GET", &path).bearer(access_token(&root)).send().await.ok(200);
    }
}
