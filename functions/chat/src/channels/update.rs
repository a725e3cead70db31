use axum::{Json, extract::State};
use entry::{
    App,
    http::{
        AccountCaller, ApiResult, Clearable, EntityTag, ErrorBody, IfMatch, PathId, ValidJson, clearable,
    },
};
use garde::Validate;
use jiff::Timestamp;
use model::{
    ChannelId, Error, ErrorCode, Room, UserId,
    channel::{self, ChannelKind, ChannelName, ChannelPermission, DEFAULT_CHANNELS},
};
use protocol::{Event, event::chat::ChannelView};
use serde::Deserialize;
use store::{
    WriteOutcome,
    chat::channels::{self, Channel, ChannelChangeOutcome},
};
use utoipa::ToSchema;

use super::{
    access::{ChannelAccess, find_access},
    create::name_taken_error,
    fields, publish,
    retry_change::retry_change,
    view::{self, CHANNEL, channel_tag},
};

/// Changes of a channel. Absent fields stay as they are.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateChannelRequest {
    /// 1 to 80 letters, digits, `-` and `_`. Unique regardless of case. Default channels keep their names.
    #[garde(inner(custom(fields::name)))]
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// What the channel is for. `null` removes it.
    #[garde(inner(inner(custom(fields::description))))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Clearable,
    /// Must be the current value if it is present. The messages of a private channel were written for its members only.
    #[garde(skip)]
    is_private: Option<bool>,
}

/// Update a channel
///
/// Changes the name and the description of a channel. Owners and moderators can update a channel. An admin of the
/// deployment can update a public channel.
#[utoipa::path(
    patch,
    path = "/v1/channels/{id}",
    tag = "channels",
    operation_id = "update_channel",
    params(("id" = ChannelId, Path)),
    request_body = UpdateChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither owner nor moderator of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CHANNEL_NAME_TAKEN`. `CHANNEL_ARCHIVED`. `CONFLICT`: the channel is direct, or it is a default \
                                      channel and would be renamed.", body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the channel has changed since the client read it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn update_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdateChannelRequest>,
) -> ApiResult<(EntityTag, Json<ChannelView>)> {
    let (tag, channel) = apply_update(&app, account.user, id, &if_match, &input).await?;
    Ok((tag, Json(channel)))
}

/// Update a channel with PUT
///
/// Does the same as `PATCH /v1/channels/{id}`.
#[utoipa::path(
    put,
    path = "/v1/channels/{id}",
    tag = "channels",
    operation_id = "put_channel",
    params(("id" = ChannelId, Path)),
    request_body = UpdateChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ChannelView, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither owner nor moderator of the channel.", body = ErrorBody),
        (status = 404, description = "The channel does not exist, or it is private or direct and the caller is not a member.", body = ErrorBody),
        (status = 409, description = "`CHANNEL_NAME_TAKEN`. `CHANNEL_ARCHIVED`. `CONFLICT`: the channel is direct, or it is a default \
                                      channel and would be renamed.", body = ErrorBody),
        (status = 412, description = "`PRECONDITION_FAILED`: the channel has changed since the client read it.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn put_channel(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<ChannelId>,
    if_match: IfMatch,
    ValidJson(input): ValidJson<UpdateChannelRequest>,
) -> ApiResult<(EntityTag, Json<ChannelView>)> {
    let (tag, channel) = apply_update(&app, account.user, id, &if_match, &input).await?;
    Ok((tag, Json(channel)))
}

async fn apply_update(
    app: &App,
    user: UserId,
    id: ChannelId,
    if_match: &IfMatch,
    input: &UpdateChannelRequest,
) -> Result<(EntityTag, ChannelView), Error> {
    let name = input
        .name
        .as_deref()
        .map(|name| fields::parse_field("name", name, ChannelName::parse))
        .transpose()?;
    let description = match &input.description {
        Some(Some(text)) => Some(fields::parse_field("description", text, channel::parse_description)?),
        Some(None) => Some(None),
        None => None,
    };
    change_channel(app, user, id, if_match, ChannelPermission::Update, |access, _| {
        let before = &access.channel;
        model::channel::require_not_archived(before.archived_at)?;
        let is_private = before.channel_kind != ChannelKind::Public;
        if input.is_private.is_some_and(|requested| requested != is_private) {
            return Err(Error::field("is_private", "cannot be changed: create another channel"));
        }
        let after = Channel {
            name: name.clone().or_else(|| before.name.clone()),
            description: description.clone().unwrap_or_else(|| before.description.clone()),
            ..before.clone()
        };
        if after.name != before.name {
            if before.is_default {
                return Err(Error::conflict(ErrorCode::Conflict, "a default channel cannot be renamed"));
            }
            let is_reserved =
                |name: &ChannelName| DEFAULT_CHANNELS.iter().any(|(default, _)| *default == name.folded());
            if after.name.as_ref().is_some_and(is_reserved) {
                return Err(name_taken_error());
            }
        }
        Ok(after)
    })
    .await
}

/// Replaces a channel by the result of `edit` and publishes it. Nothing is written if nothing changes.
pub(super) async fn change_channel(
    app: &App,
    user: UserId,
    id: ChannelId,
    if_match: &IfMatch,
    permission: ChannelPermission,
    edit: impl Fn(&ChannelAccess, Timestamp) -> Result<Channel, Error>,
) -> Result<(EntityTag, ChannelView), Error> {
    let expected = &if_match.expected(CHANNEL);
    retry_change("the channel", || async {
        let access = find_access(app, id, user).await?;
        access.require_permission(app, permission).await?;
        let now = app.clock.now();
        let before = &access.channel;
        expected.require(before.version)?;
        let mut after = edit(&access, now)?;
        if after == *before {
            return Ok(WriteOutcome::Applied((channel_tag(before), view::channel_view(before))));
        }
        after.updated_at = now;
        match channels::change(&app.store, before, after).await? {
            ChannelChangeOutcome::Applied(channel) => {
                let view = view::channel_view(&channel);
                publish::publish_or_log(app, Room::Channel(id), Event::ChannelUpdated(view.clone())).await;
                Ok(WriteOutcome::Applied((channel_tag(&channel), view)))
            }
            ChannelChangeOutcome::NameTaken => Err(name_taken_error()),
            ChannelChangeOutcome::VersionConflict => Ok(WriteOutcome::ConditionFailed),
        }
    })
    .await
}
