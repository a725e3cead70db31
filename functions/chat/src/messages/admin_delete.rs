use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, ModeratorCaller, PathId, ValidQuery},
};
use model::{Error, MessageId, channel::ChannelKind};
use serde_json::json;
use store::{
    ReadConsistency,
    chat::{channels, messages},
    identity::{
        audit_log::{AuditEntry, AuditTarget},
        users,
    },
};

use super::{
    DeleteMessageResponse,
    delete::{DeleteMessageQuery, erase_message},
};

/// Delete any message (moderators)
///
/// Moderators and admins of the deployment can delete every message outside direct channels. The same transaction
/// writes an audit entry with the actor, the message id and the reason. The text is not logged.
#[utoipa::path(
    delete,
    path = "/v1/admin/messages/{id}",
    tag = "admin",
    operation_id = "admin_delete_message",
    params(("id" = MessageId, Path), DeleteMessageQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DeleteMessageResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The caller is neither moderator nor admin of the deployment.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or its channel is direct.", body = ErrorBody),
        (status = 422, description = "`reason` is too long.", body = ErrorBody),
    )
)]
pub(crate) async fn admin_delete_message(
    State(app): State<App>,
    ModeratorCaller(staff): ModeratorCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(query): ValidQuery<DeleteMessageQuery>,
) -> ApiResult<Json<DeleteMessageResponse>> {
    const NOT_FOUND: Error = Error::NotFound("message");
    let now = app.clock.now();
    let (channel, message, user) = futures::try_join!(
        channels::get(&app.store, id.channel, ReadConsistency::Eventual, now),
        messages::get(&app.store, id, now),
        users::get(&app.store, staff.account.user, now),
    )?;
    let channel = match channel {
        Some(channel) => Some(channel),
        // the eventually consistent read may be older than the channel, so it can accept but not reject
        None => channels::get(&app.store, id.channel, ReadConsistency::Strong, now).await?,
    };
    let channel = channel.filter(|channel| channel.channel_kind != ChannelKind::Direct).ok_or(NOT_FOUND)?;
    let message = message.ok_or(NOT_FOUND)?;
    let audit = AuditEntry {
        id: app.clock.new_id(),
        action: "delete_message".into(),
        target_type: AuditTarget::Message,
        target: id.to_string(),
        admin: staff.account.user,
        reason: query.reason.clone(),
        metadata: json!({ "channel_id": channel.id, "user_id": message.author.id }),
        created_at: now,
    };
    // a moderator of the deployment may have no user name
    let deleted_by =
        user.and_then(|user| user.username).map_or_else(|| "staff".into(), |name| name.to_string());
    erase_message(&app, message, Some(&audit), deleted_by, query.reason).await?;
    Ok(Json(DeleteMessageResponse { message: "message deleted" }))
}
