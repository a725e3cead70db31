use serde_json::json;

use super::{RequestBody, RouteDomain, RouteRow, RouteScene};

pub(super) const DOMAIN: RouteDomain = RouteDomain { rows: ROWS, body, parameter };

const ROWS: &[RouteRow] = &[
    ("admin_list_actions", [401, 403, 200, 401, 403]),
    ("admin_bulk_action", [401, 403, 200, 401, 403]),
    ("admin_dashboard", [401, 403, 200, 401, 403]),
    ("admin_health", [401, 403, 200, 401, 403]),
    ("admin_get_llm", [401, 403, 200, 401, 403]),
    ("admin_list_plans", [401, 403, 200, 401, 403]),
    ("admin_list_sessions", [401, 403, 200, 401, 403]),
    ("admin_get_session", [401, 403, 200, 401, 403]),
    ("admin_end_session", [401, 403, 202, 401, 403]),
    ("admin_stats", [401, 403, 200, 401, 403]),
    ("admin_list_users", [401, 403, 200, 401, 403]),
    ("admin_create_user", [401, 403, 201, 401, 403]),
    ("admin_get_user", [401, 403, 200, 401, 403]),
    ("admin_update_user", [401, 403, 200, 401, 403]),
    ("admin_ban_user", [401, 403, 200, 401, 401]),
    ("admin_deactivate_user", [401, 403, 200, 401, 401]),
    ("admin_reset_password", [401, 403, 202, 401, 403]),
    ("admin_change_plan", [401, 403, 200, 401, 403]),
    ("admin_reactivate_user", [401, 403, 200, 401, 403]),
    ("admin_remove_role", [401, 403, 404, 401, 403]),
    ("admin_assign_role", [401, 403, 200, 401, 403]),
    ("admin_suspend_user", [401, 403, 200, 401, 401]),
    ("admin_unban_user", [401, 403, 200, 401, 403]),
    ("admin_unsuspend_user", [401, 403, 200, 401, 403]),
];

fn parameter<'s>(scene: &'s RouteScene, template: &str, name: &str) -> Option<&'s str> {
    match name {
        "id" if template.starts_with("/v1/admin/users/") => Some(&scene.owner.id),
        "id" if template.starts_with("/v1/admin/sessions/") => Some(&scene.session.id),
        _ => None,
    }
}

fn body(scene: &RouteScene, operation: &str) -> Option<RequestBody> {
    Some(RequestBody::Json(match operation {
        "admin_create_user" => json!({
            "email": format!("made-{:016x}@example.com", rand::random::<u64>()),
            "password": "a heron over grey water",
        }),
        "admin_update_user" => json!({ "name": "Renamed" }),
        "admin_change_plan" => json!({ "plan_id": "pro" }),
        "admin_assign_role" => json!({ "role": "moderator" }),
        "admin_bulk_action" => json!({ "action": "unban", "target_ids": [scene.owner.id] }),
        "admin_ban_user"
        | "admin_deactivate_user"
        | "admin_end_session"
        | "admin_reactivate_user"
        | "admin_suspend_user"
        | "admin_unban_user"
        | "admin_unsuspend_user" => json!({}),
        _ => return None,
    }))
}
