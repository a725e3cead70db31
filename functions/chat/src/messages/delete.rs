use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidQuery},
};
use garde::Validate;
use jiff::Timestamp;
use model::{Error, MessageId, channel::ChannelPermission, text};
use serde::Deserialize;
use store::{chat::messages::Message, identity::audit_log::AuditEntry};
use utoipa::IntoParams;

use super::{
    DeleteMessageResponse,
    message_access::visible_message,
    publish,
    rewrite::{RewriteOutcome, rewrite_message},
};
use crate::team::require_teammate;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteMessageQuery {
    /// The reason. It is published to the channel.
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    #[serde(default, deserialize_with = "text::normalized")]
    #[param(max_length = 500)]
    pub(super) reason: Option<String>,
}

/// Delete a message
///
/// Authors can delete their own messages. Owners and moderators can delete every message of their channel, but not of a
/// direct channel. The message keeps its number and is marked as deleted. Its text, mentions and reactions are removed.
/// Previews of the message in replies have no text any more. Deleting a deleted message changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}",
    tag = "messages",
    operation_id = "delete_message",
    params(("id" = MessageId, Path), DeleteMessageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DeleteMessageResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is not the author of the message, and neither owner nor moderator of the channel.",
         body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 422, description = "`reason` is too long.", body = ErrorBody),
    )
)]
pub(crate) async fn delete_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(query): ValidQuery<DeleteMessageQuery>,
) -> ApiResult<Json<DeleteMessageResponse>> {
    let (membership, message) = visible_message(&app, account.user, id).await?;
    // the two members of a direct channel do not moderate each other
    let is_direct = membership.other_user.is_some();
    let may_moderate = !is_direct && membership.role.allows(ChannelPermission::DeleteMessage);
    if message.author.id != account.user && !may_moderate {
        let reason = "only its author, or an owner or moderator of the channel, can delete a message";
        return Err(Error::forbidden(reason).into());
    }
    let author = require_teammate(&app, account.user).await?;
    erase_message(&app, message, None, author.username, query.reason).await?;
    Ok(Json(DeleteMessageResponse { message: "message deleted" }))
}

/// Erases the content of a message, marks it as deleted, and publishes this. With an audit entry, both are written in one
/// transaction. Costs 4 write units, or 6 if the message was pinned.
pub(super) async fn erase_message(
    app: &App,
    message: Message,
    audit: Option<&AuditEntry>,
    deleted_by: String,
    reason: Option<String>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let erase = |before: &Message| Ok(before.deleted_at.is_none().then(|| erased(before, now)));
    if let RewriteOutcome::Changed(message) = rewrite_message(app, message, audit, erase).await? {
        publish::publish_deleted(app, &message, now, deleted_by, reason).await;
    }
    Ok(())
}

/// Returns what is stored of a deleted message. It keeps its `client_msg_id`, so that a retry does not send the message
/// again.
fn erased(before: &Message, now: Timestamp) -> Message {
    Message {
        content: String::new(),
        mentions: Vec::new(),
        reactions: Vec::new(),
        pinned_at: None,
        deleted_at: Some(now),
        ..before.clone()
    }
}
