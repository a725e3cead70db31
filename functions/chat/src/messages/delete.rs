use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidQuery},
};
use garde::Validate;
use jiff::Timestamp;
use model::{Error, MessageId, channel::ChannelPermission};
use serde::Deserialize;
use store::{chat::messages::Message, identity::audit_log::AuditEntry};
use utoipa::IntoParams;

use super::{
    DeleteMessageResponse, announce,
    rewrite::{RewriteOutcome, rewrite_message},
    seen::visible_message,
};
use crate::team::require_teammate;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeleteMessageQuery {
    /// Told to the channel.
    #[garde(length(chars, max = 500))]
    #[param(max_length = 500)]
    pub(super) reason: Option<String>,
}

/// Deletes a message: one's own, or as a moderator or owner of the channel somebody else's.
///
/// Its number stays, and that it was deleted; its words, mentions and reactions go. Deleted again it is deleted. What others
/// quoted of it in their answers stays theirs. 4 write units, 6 for one that was pinned.
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
        (status = 403, description = "somebody else's", body = ErrorBody),
        (status = 404, description = "one is not in its channel, or there is none", body = ErrorBody),
        (status = 422, description = "`reason` is too long", body = ErrorBody),
    )
)]
pub(crate) async fn delete_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(why): ValidQuery<DeleteMessageQuery>,
) -> ApiResult<Json<DeleteMessageResponse>> {
    let (place, message) = visible_message(&app, account.user, id).await?;
    // of two who talk nobody moderates the other
    let may_moderate = place.other_user.is_none() && place.role.allows(ChannelPermission::DeleteMessage);
    if message.author.id != account.user && !may_moderate {
        return Err(Error::forbidden("its author deletes a message, or whoever moderates the channel").into());
    }
    let author = require_teammate(&app, account.user).await?;
    erase_message(&app, message, None, author.username, why.reason).await?;
    Ok(Json(DeleteMessageResponse { message: "message deleted" }))
}

/// Leaves of a message that it was, and tells its channel.
pub(super) async fn erase_message(
    app: &App,
    message: Message,
    action: Option<&AuditEntry>,
    deleted_by: String,
    reason: Option<String>,
) -> Result<(), Error> {
    let now = app.clock.now();
    let wiped = |before: &Message| Ok(before.deleted_at.is_none().then(|| erased(before, now)));
    if let RewriteOutcome::Changed(message) = rewrite_message(app, message, action, wiped).await? {
        announce::publish_deleted(app, &message, now, deleted_by, reason).await;
    }
    Ok(())
}

/// What is left of a message. The name its client gave it is: sent once more, it does not come back.
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
