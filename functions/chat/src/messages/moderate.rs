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

/// Deletes a message of any channel but of two who talk, by one's role in the deployment.
///
/// It is written down with who, which and why, in the same transaction; not what it said.
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
        (status = 403, description = "moderators and above only", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "`reason` is too long", body = ErrorBody),
    )
)]
pub(crate) async fn admin_delete_message(
    State(app): State<App>,
    ModeratorCaller(staff): ModeratorCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(why): ValidQuery<DeleteMessageQuery>,
) -> ApiResult<Json<DeleteMessageResponse>> {
    const NONE: Error = Error::NotFound("message");
    let now = app.clock.now();
    let (channel, message, user) = futures::try_join!(
        channels::get(&app.store, id.channel, ReadConsistency::Eventual, now),
        messages::get(&app.store, id, now),
        users::get(&app.store, staff.account.user, now),
    )?;
    let channel = match channel {
        Some(channel) => Some(channel),
        // what was read may be from before it was made: it may accept, never refuse
        None => channels::get(&app.store, id.channel, ReadConsistency::Strong, now).await?,
    };
    let channel = channel.filter(|channel| channel.channel_kind != ChannelKind::Direct).ok_or(NONE)?;
    let message = message.ok_or(NONE)?;
    let action = AuditEntry {
        id: app.clock.new_id(),
        action: "delete_message".into(),
        target_type: AuditTarget::Message,
        target: id.to_string(),
        admin: staff.account.user,
        reason: why.reason.clone(),
        metadata: json!({ "channel_id": channel.id, "user_id": message.author.id }),
        created_at: now,
    };
    // staff need not be of the team
    let called = user.and_then(|user| user.username).map_or_else(|| "staff".into(), |name| name.to_string());
    erase_message(&app, message, Some(&action), called, why.reason).await?;
    Ok(Json(DeleteMessageResponse { message: "message deleted" }))
}
