use serde_json::json;

use super::{CallOptions, Recorder, RouteScene};

pub(super) async fn record(recorder: &mut Recorder<'_>, scene: &mut RouteScene) {
    let admin = scene.admin.client.clone();
    let created = json!({ "email": "fay@example.com", "password": "a heron over grey water", "name": "Fay" });
    let options = CallOptions { body: Some(created), ..CallOptions::default() };
    recorder.record_with(scene, &admin, "admin_create_user", options).await;
    let changes = [
        "admin_get_session",
        "admin_end_session",
        "admin_update_user",
        "admin_change_plan",
        "admin_assign_role",
    ];
    for operation in changes {
        recorder.record(scene, &admin, operation).await;
    }
    let options = CallOptions { query: "?role=moderator".into(), ..CallOptions::default() };
    recorder.record_with(scene, &admin, "admin_remove_role", options).await;
    let reads = [
        "admin_suspend_user",
        "admin_unsuspend_user",
        "admin_deactivate_user",
        "admin_reactivate_user",
        "admin_ban_user",
        "admin_unban_user",
        "admin_reset_password",
        "admin_bulk_action",
        "admin_get_user",
        "admin_list_users",
        "admin_list_sessions",
        "admin_list_actions",
        "admin_list_plans",
        "admin_get_llm",
        "admin_health",
        "admin_stats",
        "admin_dashboard",
    ];
    for operation in reads {
        recorder.record(scene, &admin, operation).await;
    }
}
