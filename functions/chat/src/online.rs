use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody},
};
use jiff::Timestamp;
use model::UserId;
use serde::Serialize;
use store::chat::presence;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::team::require_teammate;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_online_users))
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnlineUsersResponse {
    users: Vec<UserId>,
    /// What `user_status` says of a later moment is newer.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// Who of the team is there, on any device
///
/// For whoever opens the app; `user_status` on the socket tells what changes.
#[utoipa::path(
    get,
    path = "/v1/channels/online",
    tag = "channels",
    operation_id = "list_online_users",
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = OnlineUsersResponse),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`USERNAME_REQUIRED`", body = ErrorBody),
    )
)]
pub(crate) async fn list_online_users(
    State(app): State<App>,
    account: AccountCaller,
) -> ApiResult<Json<OnlineUsersResponse>> {
    require_teammate(&app, account.user).await?;
    let as_of = app.clock.now();
    let users = presence::list_online(&app.store, as_of).await?.into_iter().map(|one| one.id).collect();
    Ok(Json(OnlineUsersResponse { users, as_of }))
}
