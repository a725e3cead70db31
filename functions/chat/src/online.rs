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

/// The online users of the team.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OnlineUsersResponse {
    /// The ids of the online users.
    users: Vec<UserId>,
    /// When the list was read. A `user_status` event with a later time is newer.
    #[schema(value_type = String, format = DateTime)]
    as_of: Timestamp,
}

/// List online users
///
/// Returns the users of the team that are online on at least one device. Clients call it when they open the app. Later
/// changes arrive as `user_status` on the socket.
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
    let online = presence::list_online(&app.store, as_of).await?;
    let users = online.into_iter().map(|user| user.id).collect();
    Ok(Json(OnlineUsersResponse { users, as_of }))
}
