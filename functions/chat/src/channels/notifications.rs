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

use crate::membership_update::{find_membership, update_membership};

/// What the caller is notified of in a channel.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(crate) struct ChannelNotificationSettings {
    #[garde(skip)]
    notify: NotificationLevel,
}

/// Change my notifications of a channel
///
/// Sets what the caller is notified of in this channel, on all devices.
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
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_channel_notifications(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    ValidJson(ChannelNotificationSettings { notify }): ValidJson<ChannelNotificationSettings>,
) -> ApiResult<Json<ChannelNotificationSettings>> {
    let membership = find_membership(&app, account.user, id).await?;
    update_membership(&app, membership, |membership| membership.notification_level = notify).await?;
    Ok(Json(ChannelNotificationSettings { notify }))
}
