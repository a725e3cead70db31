use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{Error, MessageId, message::content};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::chat::messages::Message;
use utoipa::ToSchema;

use super::{
    message_access::{changeable_message, require_not_deleted},
    publish,
    resolve_mentions::resolve_mentions,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
};
use crate::view::load_view;

/// The new text of a message.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct EditMessageRequest {
    /// The text. It follows the same rules as the text of a new message.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 2_000)]
    content: String,
}

/// Edit a message
///
/// Replaces the text of the caller's own message. Reactions and the pin stay. Members who are mentioned for the first
/// time are notified. An edit to the same text changes nothing.
#[utoipa::path(
    patch,
    path = "/v1/messages/{id}",
    tag = "messages",
    operation_id = "edit_message",
    params(("id" = MessageId, Path)),
    request_body = EditMessageRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not the author of the message. \
                                      Or the other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`.", body = ErrorBody),
        (status = 422, description = "`content` is invalid.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn edit_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidJson(input): ValidJson<EditMessageRequest>,
) -> ApiResult<Json<MessageView>> {
    Ok(Json(apply_edit(&app, account, id, &input.content).await?))
}

/// Replace the text of a message
///
/// Does the same as `PATCH /v1/messages/{id}`.
#[utoipa::path(
    put,
    path = "/v1/messages/{id}",
    tag = "messages",
    operation_id = "replace_message",
    params(("id" = MessageId, Path)),
    request_body = EditMessageRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not the author of the message. \
                                      Or the other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`.", body = ErrorBody),
        (status = 422, description = "`content` is invalid.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn replace_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidJson(input): ValidJson<EditMessageRequest>,
) -> ApiResult<Json<MessageView>> {
    Ok(Json(apply_edit(&app, account, id, &input.content).await?))
}

/// Edits a message and publishes it. Costs 5 write units, 2.5 read units, and 1 read unit for each mentioned name.
async fn apply_edit(
    app: &App,
    account: AccountCaller,
    id: MessageId,
    content: &str,
) -> Result<MessageView, Error> {
    let text = content::normalize(content).map_err(|reason| Error::field("content", reason))?;
    let (_, message) = changeable_message(app, account.user, id).await?;
    if message.author.id != account.user {
        return Err(Error::forbidden("only its author can edit a message"));
    }
    count_change(app, account.user).await?;
    let mentions = resolve_mentions(app, id.channel, account.user, &text).await?;
    let now = app.clock.now();
    let with_new_text = |before: &Message| {
        require_not_deleted(before)?;
        // a retry, or the same edit from two devices
        if before.content == text {
            return Ok(None);
        }
        Ok(Some(Message {
            content: text.clone(),
            mentions: mentions.clone(),
            edited_at: Some(now),
            ..before.clone()
        }))
    };
    let (RewriteOutcome::Changed(message) | RewriteOutcome::Unchanged(message)) =
        rewrite_message(app, message, None, with_new_text).await?;
    if message.edited_at.is_some() {
        // also for an unchanged message, because the job of the earlier edit may have been lost
        publish::publish_edited(app, &message).await;
    }
    Ok(load_view(app, &message, Some(account.user)).await?)
}
