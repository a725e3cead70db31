use serde_json::json;

use super::CostTable;
use crate::world::{User, World};

/// Signs a user up and measures the operations on the account.
pub(super) async fn measure(world: &World, table: &mut CostTable) -> User {
    let ana = world.user("ana").await;
    table.add_request("sign up", "/register");
    ana.log_in(world).await;
    table.add_request("log in", "/login");
    world.anonymous().post("/v1/auth/refresh", &json!({ "refresh_token": ana.refresh_token })).await.ok(200);
    table.add_request("refresh", "/refresh");
    ana.client.get("/v1/users/me").await.ok(200);
    table.add_request("read own account", "/users/me");
    measure_team(world, table).await;
    ana
}

/// Measures the profile and the directory of a team with one member.
async fn measure_team(world: &World, table: &mut CostTable) {
    let bo = world.user("bo").await;
    bo.client.patch("/v1/users/me", &json!({ "name": "Bo Lima" })).await.ok(200);
    table.add_request("change own name", "/users/me");
    bo.client.patch("/v1/users/me", &json!({ "username": "bob" })).await.ok(200);
    table.add_request("choose a user name", "/users/me");
    bo.client.patch("/v1/users/me", &json!({ "name": "Bo" })).await.ok(200);
    table.add_request("change own name, with a user name", "/users/me");
    bo.client.get("/v1/users").await.ok(200);
    table.add_request("list a team of 1", "/users");
    bo.client.get("/v1/users/search/bo").await.ok(200);
    table.add_request("search in a team of 1", "/users/search");
}
