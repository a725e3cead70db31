use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id, Valid},
};
use garde::Validate;
use model::ChannelId;
use serde::{Deserialize, Serialize};
use store::members::Notify;
use utoipa::ToSchema;

use crate::place;

/// What one is told of by itself in a channel.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, Validate, ToSchema)]
pub(crate) struct ChannelNotifications {
    #[garde(skip)]
    notify: Notify,
}

/// Chooses what one is told of in a channel
#[utoipa::path(
    patch,
    path = "/v1/channels/{id}/notifications",
    tag = "channels",
    operation_id = "update_channel_notifications",
    params(("id" = ChannelId, Path)),
    request_body = ChannelNotifications,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelNotifications),
        (status = 401, body = ErrorBody),
        (status = 404, description = "also a public one that one is not in", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn notifications(
    State(app): State<App>,
    account: Account,
    Id(id): Id<ChannelId>,
    Valid(ChannelNotifications { notify }): Valid<ChannelNotifications>,
) -> Answer<Json<ChannelNotifications>> {
    let place = place::find(&app, account.user, id).await?;
    place::rewrite(&app, place, |place| place.notify = notify).await?;
    Ok(Json(ChannelNotifications { notify }))
}
