use serde_json::json;

use super::Table;
use crate::world::{User, World};

/// Signs someone up.
pub(super) async fn measure(world: &World, table: &mut Table) -> User {
    let ana = world.user("ana").await;
    table.answered("sign up", "/register");
    ana.log_in(world).await;
    table.answered("log in", "/login");
    world.nobody().post("/v1/auth/refresh", &json!({ "refresh_token": ana.refresh_token })).await.ok(200);
    table.answered("refresh", "/refresh");
    ana.client.get("/v1/users/me").await.ok(200);
    table.answered("read oneself", "/users/me");
    ana
}
