use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};
use crate::world::{User, World};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
    ("jwks", [200, 200, 200, 200, 200]),
    ("log_in", [200, 200, 200, 200, 200]),
    ("log_out", [401, 204, 204, 401, 204]),
    ("change_password", [401, 422, 422, 401, 200]),
    ("request_password_reset", [200, 200, 200, 200, 200]),
    ("confirm_password_reset", [400, 400, 400, 400, 400]),
    ("request_email_verification", [401, 200, 200, 401, 200]),
    ("confirm_email_code", [401, 400, 400, 401, 400]),
    ("confirm_email_link", [400, 400, 400, 400, 400]),
    ("refresh", [200, 200, 200, 200, 200]),
    ("register", [201, 409, 409, 409, 409]),
    ("create_invitation", [401, 403, 201, 401, 403]),
    ("list_invitations", [401, 403, 200, 401, 403]),
    ("delete_invitation", [401, 403, 404, 401, 403]),
    ("end_other_logins", [401, 204, 204, 401, 204]),
    ("list_logins", [401, 200, 200, 401, 200]),
    ("end_login", [401, 404, 404, 401, 204]),
    ("delete_me", [401, 422, 422, 401, 204]),
    ("get_me", [401, 200, 200, 401, 200]),
    ("update_me", [401, 200, 200, 401, 200]),
    ("get_usage", [401, 200, 200, 401, 200]),
    ("list_users", [401, 200, 200, 401, 200]),
    ("search_users", [401, 200, 200, 401, 200]),
    ("get_user", [401, 200, 200, 401, 200]),
    ("update_user", [401, 403, 403, 401, 200]),
];

/// The id of an invitation that does not exist.
const NO_INVITATION: &str = "0190a000-0000-7000-8000-000000000001";

/// Logs the owner in a second time and returns the id of the login session.
pub(super) async fn second_login(world: &World, owner: &User) -> String {
    owner.log_in(world).await;
    let logins = owner.client.get("/v1/auth/sessions").await.ok(200);
    let other = logins["items"].as_array().unwrap().iter().find(|login| login["current"] == false).unwrap();
    other["id"].as_str().unwrap().to_owned()
}

fn parameter<'s>(scene: &'s RouteScene, template: &str, name: &str) -> Option<&'s str> {
    match name {
        "id" if template.starts_with("/v1/auth/sessions/") => Some(&scene.login),
        "id" if template.starts_with("/v1/invitations/") => Some(NO_INVITATION),
        "id" if template.starts_with("/v1/users/") && !template.ends_with("/block") => Some(&scene.owner.id),
        "query" if template.starts_with("/v1/users/") => Some("an"),
        _ => None,
    }
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    let owner = &scene.owner;
    Some(RequestBody::Json(match operation {
        "register" => json!({
            "email": format!("new-{:016x}@example.com", rand::random::<u64>()),
            "password": "a heron over grey water",
            "name": "New",
        }),
        "log_in" => json!({ "email": owner.email, "password": owner.password }),
        "log_out" => json!({}),
        "refresh" => json!({ "refresh_token": owner.refresh_token }),
        "change_password" => {
            json!({ "current_password": owner.password, "new_password": "an otter in the morning fog 81" })
        }
        "request_password_reset" => json!({ "email": owner.email }),
        "confirm_password_reset" => {
            json!({ "token": "none", "new_password": "an otter in the morning fog 81" })
        }
        "create_invitation" => {
            json!({ "email": format!("new-{:016x}@example.com", rand::random::<u64>()), "role": "member" })
        }
        "confirm_email_code" => json!({ "code": "000000" }),
        "confirm_email_link" => json!({ "token": "none" }),
        "update_me" | "update_user" => json!({ "name": "Renamed" }),
        "delete_me" => json!({ "password": owner.password }),
        _ => return None,
    }))
}
