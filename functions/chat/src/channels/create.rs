use std::time::Duration;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, EntityTag, ErrorBody, ValidJson},
};
use garde::Validate;
use http::StatusCode;
use model::{
    ChannelId, Error, ErrorCode,
    channel::{self, ChannelKind, ChannelName, DEFAULT_CHANNELS, MemberRole},
};
use serde::Deserialize;
use store::{
    RateLimit,
    chat::channels::{self, Channel, ChannelCreateOutcome},
    platform::rate_limits,
};
use utoipa::ToSchema;

use super::{
    add_member, fields, publish,
    view::{MyChannel, channel_tag},
};
use crate::team::require_teammate;

/// A team creates a few channels a day. A loop creates thousands.
const ACCOUNT_RATE_LIMIT: RateLimit =
    RateLimit { name: "create_channel", max_attempts: 30, window: Duration::from_hours(1) };

/// A new channel.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct CreateChannelRequest {
    /// 1 to 80 letters, digits, `-` and `_`. Unique regardless of case.
    #[garde(custom(fields::name))]
    #[schema(min_length = 1, max_length = 80, example = "herons")]
    name: String,
    /// What the channel is for.
    #[garde(inner(custom(fields::description)))]
    #[schema(max_length = 500)]
    description: Option<String>,
    /// `true` for a channel that only its members can see. Owners and moderators add members. `false` by default.
    #[garde(skip)]
    is_private: Option<bool>,
}

/// Create a channel
///
/// The caller becomes the owner of the channel.
#[utoipa::path(
    post,
    path = "/v1/channels",
    tag = "channels",
    operation_id = "create_channel",
    request_body = CreateChannelRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 201, body = MyChannel, headers(("ETag" = String))),
        (status = 401, body = ErrorBody),
        (status = 409, description = "`CHANNEL_NAME_TAKEN`. `USERNAME_REQUIRED`. `LIMIT_REACHED`: the caller is in 500 channels.",
         body = ErrorBody),
        (status = 422, body = ErrorBody),
        (status = 429, description = "The caller created more than 30 channels within an hour.", body = ErrorBody),
    )
)]
pub(crate) async fn create_channel(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<CreateChannelRequest>,
) -> ApiResult<(StatusCode, EntityTag, Json<MyChannel>)> {
    let author = require_teammate(&app, account.user).await?;
    let name = fields::parse_field("name", &input.name, ChannelName::parse)?;
    let text = input.description.as_deref().unwrap_or_default();
    let description = fields::parse_field("description", text, channel::parse_description)?;
    let now = app.clock.now();
    // default channels are created when the first teammate joins them, so their names are reserved from the start
    if DEFAULT_CHANNELS.iter().any(|(default, _)| *default == name.folded()) {
        return Err(name_taken_error().into());
    }
    rate_limits::count_attempt(&app.store, ACCOUNT_RATE_LIMIT, &account.user.to_string(), now)
        .await?
        .require_allowed()?;
    add_member::require_channel_quota(&app, account.user).await?;
    let private = input.is_private.unwrap_or_default();
    let channel = Channel {
        id: app.clock.new_id::<ChannelId>(),
        channel_kind: if private { ChannelKind::Private } else { ChannelKind::Public },
        name: Some(name),
        description,
        is_default: false,
        created_by: Some(account.user),
        member_count: 1,
        archived_at: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    let (member, membership) = add_member::new_member_rows(channel.id, &author, MemberRole::Owner, 0, now);
    let view = MyChannel::new(&channel, &membership, 0);
    match channels::create(&app.store, &channel, &[(member, membership)]).await? {
        ChannelCreateOutcome::Created => {}
        ChannelCreateOutcome::AlreadyExists | ChannelCreateOutcome::NameTaken => {
            return Err(name_taken_error().into());
        }
    }
    tracing::info!(channel.id = %channel.id, user.id = %account.user, "channel created");
    publish::publish_channel_created(&app, &channel, &[account.user]).await;
    Ok((StatusCode::CREATED, channel_tag(&channel), Json(view)))
}

pub(super) fn name_taken_error() -> Error {
    Error::conflict(ErrorCode::ChannelNameTaken, "another channel has this name: choose a different one")
}
