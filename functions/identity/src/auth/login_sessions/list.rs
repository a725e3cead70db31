//! Where one is logged in.

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

/// One log-in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LoginSession {
    id: LoginId,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When its tokens were last refreshed.
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    user_agent: Option<String>,
    ip: Option<String>,
    /// The one that this request was made with.
    current: bool,
}

#[utoipa::path(
    get,
    path = "/v1/auth/sessions",
    tag = "identity",
    operation_id = "list_logins",
    summary = "Where one is logged in",
    description = "Newest first; at most 20, so there is one page.",
    responses(
        (status = 200, description = "One's log-ins", body = Page<LoginSession>),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
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
