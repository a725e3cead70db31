//! The caller's login sessions.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use jiff::Timestamp;
use model::LoginId;
use serde::Serialize;
use store::{Page, identity::log_ins};
use utoipa::ToSchema;

/// A device or a browser in which the account is logged in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginSession {
    id: LoginId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When the tokens were last refreshed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    user_agent: Option<String>,
    /// The address from which the account logged in.
    ip: Option<String>,
    /// Whether the request belongs to this login session.
    current: bool,
}

/// List my login sessions
///
/// Returns the caller's login sessions, newest first. An account has at most 20, so one page contains all.
#[utoipa::path(
    get,
    path = "/v1/auth/sessions",
    tag = "identity",
    operation_id = "list_logins",
    responses(
        (status = 200, description = "The login sessions.", body = Page<LoginSession>),
        (status = 401, body = ErrorBody),
    )
)]
pub(crate) async fn list_logins(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<Page<LoginSession>>> {
    let all = log_ins::list(&app.store, account.user, app.clock.now()).await?;
    let items = all
        .into_iter()
        .map(|login| LoginSession {
            id: login.id,
            created_at: login.created_at,
            last_used_at: login.rotated_at,
            expires_at: login.expires_at,
            user_agent: login.user_agent,
            ip: login.ip,
            current: login.id == account.login,
        })
        .collect();
    Ok(Json(Page { items, next: None }))
}
