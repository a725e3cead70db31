use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use model::{
    ChannelId, Error, ErrorCode, Room, UserId,
    channel::{self, ChannelKind, ChannelName, ChannelPermission, DEFAULT_CHANNELS},
};
use protocol::{Event, event::chat::ChannelView};
use serde::Deserialize;
use store::chat::channels::{self, Channel, ChannelChangeOutcome};
use utoipa::ToSchema;

use super::{
    announce,
    create::name_taken_error,
    fields::{self, Clearable, clearable},
    seat::{self, ChannelAccess},
    view,
};

/// How often somebody else may change it at the same moment.
const MAX_ATTEMPTS: usize = 8;

/// What is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct UpdateChannelRequest {
    /// 1 to 80 letters, digits, `-` and `_`; unique in every spelling. Not of a default channel.
    #[garde(inner(custom(fields::name)))]
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// `null` clears it.
    #[garde(inner(inner(custom(fields::description))))]
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, max_length = 500)]
    description: Clearable,
    /// As it is: a channel stays what it was made. Whoever wrote in a private one did so for its members.
    #[garde(skip)]
    is_private: Option<bool>,
}

macro_rules! updates {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $id:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/v1/channels/{id}",
            tag = "channels",
            operation_id = $id,
            params(("id" = ChannelId, Path)),
            request_body = UpdateChannelRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = ChannelView),
                (status = 401, body = ErrorBody),
                (status = 403, description = "neither owner nor moderator", body = ErrorBody),
                (status = 404, description = "also a private or direct one that one is not in", body = ErrorBody),
                (status = 409, description = "`CHANNEL_NAME_TAKEN`; `CHANNEL_ARCHIVED`; `CONFLICT`: it is direct, or the name of a default one", body = ErrorBody),
                (status = 422, body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            PathId(id): PathId<ChannelId>,
            ValidJson(input): ValidJson<UpdateChannelRequest>,
        ) -> ApiResult<Json<ChannelView>> {
            Ok(Json(apply_update(&app, account.user, id, &input).await?))
        }
    )*};
}

updates! {
    /// Renames a channel or describes it
    ///
    /// By an owner or moderator; a public one also by an admin.
    patch_channel, patch, "update_channel";
    /// Renames a channel or describes it, as `PATCH` does
    put_channel, put, "put_channel";
}

async fn apply_update(
    app: &App,
    user: UserId,
    id: ChannelId,
    input: &UpdateChannelRequest,
) -> Result<ChannelView, Error> {
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
    let edit = |channel: &Channel| Channel {
        name: name.clone().or_else(|| channel.name.clone()),
        description: description.clone().unwrap_or_else(|| channel.description.clone()),
        ..channel.clone()
    };
    change_channel(app, user, id, ChannelPermission::Update, |seat, _| {
        model::channel::require_not_archived(seat.channel.archived_at)?;
        let is_private = seat.channel.channel_kind != ChannelKind::Public;
        if input.is_private.is_some_and(|wanted| wanted != is_private) {
            return Err(Error::field("is_private", "cannot be changed: make another channel"));
        }
        let after = edit(&seat.channel);
        if after.name != seat.channel.name {
            if seat.channel.is_default {
                return Err(Error::conflict(ErrorCode::Conflict, "a default channel keeps its name"));
            }
            if after
                .name
                .as_ref()
                .is_some_and(|name| DEFAULT_CHANNELS.iter().any(|(one, _)| *one == name.folded()))
            {
                return Err(name_taken_error());
            }
        }
        Ok(after)
    })
    .await
}

/// Changes what a channel is, and tells whoever is in it; nothing is written where nothing changes.
pub(super) async fn change_channel(
    app: &App,
    user: UserId,
    id: ChannelId,
    deed: ChannelPermission,
    edit: impl Fn(&ChannelAccess, Timestamp) -> Result<Channel, Error>,
) -> Result<ChannelView, Error> {
    for _ in 0..MAX_ATTEMPTS {
        let seat = seat::find_access(app, id, user).await?;
        seat.require_permission(app, deed).await?;
        let now = app.clock.now();
        let before = &seat.channel;
        let mut after = edit(&seat, now)?;
        if after == *before {
            return Ok(view::channel_view(before));
        }
        // strictly later, since it is what the next change is compared by
        after.updated_at = now.max(before.updated_at + SignedDuration::from_millis(1));
        match channels::change(&app.store, before, after).await? {
            ChannelChangeOutcome::Applied(channel) => {
                let view = view::channel_view(&channel);
                announce::publish_or_log(app, Room::Channel(id), Event::ChannelUpdated(view.clone())).await;
                return Ok(view);
            }
            ChannelChangeOutcome::NameTaken => return Err(name_taken_error()),
            ChannelChangeOutcome::VersionConflict => {}
        }
    }
    Err(Error::conflict(ErrorCode::Conflict, "the channel was changed at the same time: try again"))
}
