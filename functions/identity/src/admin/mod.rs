//! `/v1/admin/…`: operations of moderators and admins. They are in a Lambda function of their own, `api-admin`. The
//! function `api-identity` handles unauthenticated logins and has no permission to read the audit log. Of all accounts,
//! it may only list the team's directory.
//!
//! | method and path | who | file |
//! | --- | --- | --- |
//! | `GET /v1/admin/users` | moderators | [`users::list`] |
//! | `POST /v1/admin/users` | admins | [`users::create`] |
//! | `GET /v1/admin/users/{id}` | moderators | [`users::get`] |
//! | `PATCH /v1/admin/users/{id}` | admins | [`users::update`] |
//! | `POST /v1/admin/users/{id}/deactivate`, `/reactivate` | admins | [`users::deactivate`], [`users::reactivate`] |
//! | `POST /v1/admin/users/{id}/password-reset` | admins | [`users::password_reset`] |
//! | `PATCH /v1/admin/users/{id}/plan` | admins | [`users::plan`] |
//! | `POST /v1/admin/users/{id}/ban`, `/unban` | admins | [`users::ban`], [`users::unban`] |
//! | `POST /v1/admin/users/{id}/suspend`, `/unsuspend` | admins | [`users::suspend`], [`users::unsuspend`] |
//! | `POST`, `DELETE /v1/admin/users/{id}/roles` | admins | [`users::roles`] |
//! | `POST /v1/admin/bulk-actions` | the super admin | [`users::bulk`] |
//! | `GET /v1/admin/actions` | admins | [`actions`] |
//! | `GET /v1/admin/dashboard` | admins | [`dashboard`] |
//! | `GET /v1/admin/plans` | admins | [`plans`] |
//! | `GET /v1/admin/health` | admins | [`health`] |
//! | `GET /v1/admin/llm` | admins | [`llm`] |
//! | `GET /v1/admin/sessions`, `/v1/admin/sessions/{id}` | admins | [`sessions::list`], [`sessions::get`] |
//! | `POST /v1/admin/sessions/{id}/end` | admins | [`sessions::end`] |
//! | `GET /v1/admin/stats` | admins | [`stats`] |
//!
//! `/v1/admin/speakers/…` are the same routes as `/v1/admin/users/…`, because one of the originals called users
//! speakers. An admin changes only accounts of lower roles and never their own. [`audited_change`] checks this and
//! writes the audit entry with each change.

mod actions;
mod audited_change;
mod dashboard;
mod health;
mod llm;
mod plans;
mod reason;
mod sessions;
mod stats;
mod users;
mod view;

use axum::{
    Extension,
    routing::{get, patch, post},
};
use entry::{App, Environment, LambdaFunction, StartError};
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use self::audited_change::can_assign_role;
use self::{health::InstanceInfo, llm::ModelSettings};

pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(users::list::admin_list_users, users::create::admin_create_user))
        .routes(routes!(users::get::admin_get_user, users::update::admin_update_user))
        .routes(routes!(users::deactivate::admin_deactivate_user))
        .routes(routes!(users::reactivate::admin_reactivate_user))
        .routes(routes!(users::password_reset::admin_reset_password))
        .routes(routes!(users::plan::admin_change_plan))
        .routes(routes!(users::ban::admin_ban_user))
        .routes(routes!(users::unban::admin_unban_user))
        .routes(routes!(users::suspend::admin_suspend_user))
        .routes(routes!(users::unsuspend::admin_unsuspend_user))
        .routes(routes!(users::roles::admin_assign_role, users::roles::admin_remove_role))
        .routes(routes!(users::bulk::admin_bulk_action))
        .routes(routes!(actions::admin_list_actions))
        .routes(routes!(dashboard::admin_dashboard))
        .routes(routes!(plans::admin_list_plans))
        .routes(routes!(health::admin_health))
        .routes(routes!(llm::admin_get_llm))
        .routes(routes!(sessions::list::admin_list_sessions))
        .routes(routes!(sessions::get::admin_get_session))
        .routes(routes!(sessions::end::admin_end_session))
        .routes(routes!(stats::admin_stats))
        .merge(aliases())
}

/// Paths of the originals for the same operations. The `OpenAPI` document lists each operation once, without them.
fn aliases() -> OpenApiRouter<App> {
    let one = "/v1/admin/speakers/{id}";
    let of = |what: &str| format!("{one}/{what}");
    OpenApiRouter::new()
        .route(
            "/v1/admin/speakers",
            get(users::list::admin_list_users).post(users::create::admin_create_user),
        )
        .route(one, get(users::get::admin_get_user).patch(users::update::admin_update_user))
        .route(&of("deactivate"), post(users::deactivate::admin_deactivate_user))
        .route(&of("reactivate"), post(users::reactivate::admin_reactivate_user))
        .route(&of("password-reset"), post(users::password_reset::admin_reset_password))
        .route(&of("plan"), patch(users::plan::admin_change_plan))
}

/// Starts the Lambda function `api-admin`.
pub(crate) async fn api(environment: Environment) -> Result<LambdaFunction, StartError> {
    let app = App::start(&environment, &[]).await?;
    let llm = ModelSettings::from_environment(&environment);
    let running = InstanceInfo::from_environment(&environment, app.clock.now());
    let router = router().split_for_parts().0.layer(Extension(llm)).layer(Extension(running));
    let router = router.with_state(app.clone());
    Ok(entry::http::function(&app, router))
}
