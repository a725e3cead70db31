use axum::extract::State;
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use http::StatusCode;
use model::{ChannelId, Error, ErrorCode};
use store::{
    ReadConsistency,
    chat::{memberships::Membership, messages},
};

use super::publish;
use crate::membership_update::{find_membership, update_membership};

/// Hide a direct channel
///
/// The channel is left out of the caller's channels until it has a new message. The caller's other devices receive
/// `direct_channel_updated`. The other member does not learn of it.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/hide",
    tag = "channels",
    operation_id = "hide_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The channel is hidden."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is not direct. Leave it instead.", body = ErrorBody),
    )
)]
pub(crate) async fn hide_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<StatusCode> {
    let membership = find_direct_membership(&app, account, id).await?;
    let last = messages::last_seq(&app.store, id, ReadConsistency::Strong, app.clock.now()).await?;
    let (membership, _) = update_membership(&app, membership, |it| it.hidden_through = Some(last)).await?;
    // also if nothing has changed, because an earlier attempt may have failed before it did
    publish::publish_visibility(&app, &membership).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Show a hidden direct channel
///
/// The channel is in the caller's channels again, unless the caller blocked the other member.
#[utoipa::path(
    post,
    path = "/v1/channels/{id}/unhide",
    tag = "channels",
    operation_id = "unhide_channel",
    params(("id" = ChannelId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "The channel is not hidden."),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CONFLICT`: the channel is not direct.", body = ErrorBody),
    )
)]
pub(crate) async fn unhide_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
) -> ApiResult<StatusCode> {
    let membership = find_direct_membership(&app, account, id).await?;
    let (membership, _) = update_membership(&app, membership, |it| it.hidden_through = None).await?;
    publish::publish_visibility(&app, &membership).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn find_direct_membership(
    app: &App,
    account: AccountCaller,
    channel: ChannelId,
) -> Result<Membership, Error> {
    let membership = find_membership(app, account.user, channel).await?;
    if membership.other_user.is_none() {
        return Err(Error::conflict(
            ErrorCode::Conflict,
            "only a direct channel can be hidden: leave this channel",
        ));
    }
    Ok(membership)
}
