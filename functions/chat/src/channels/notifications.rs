use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::ChannelId;
use serde::{Deserialize, Serialize};
use store::chat::memberships::NotificationLevel;
use utoipa::ToSchema;

use crate::place;

/// What one is told of by itself in a channel.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(crate) struct ChannelNotificationSettings {
    #[garde(skip)]
    notify: NotificationLevel,
}

/// Chooses what one is told of in a channel
#[utoipa::path(
    patch,
    path = "/v1/channels/{id}/notifications",
    tag = "channels",
    operation_id = "update_channel_notifications",
    params(("id" = ChannelId, Path)),
    request_body = ChannelNotificationSettings,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelNotificationSettings),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a public one that one is not in", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_channel_notifications(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(ChannelNotificationSettings { notify }): ValidJson<ChannelNotificationSettings>,
) -> ApiResult<Json<ChannelNotificationSettings>> {
    let place = place::find_membership(&app, account.user, id).await?;
    place::update_membership(&app, place, |place| place.notification_level = notify).await?;
    Ok(Json(ChannelNotificationSettings { notify }))
}
