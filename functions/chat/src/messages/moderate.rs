use axum::{Json, extract::State};
use entry::{
    App,
    http::{Answer, ErrorBody, Id, Moderator, Params},
};
use model::{Error, MessageId, channel::Kind};
use serde_json::json;
use store::{
    Freshness,
    audit::{Action, Target},
    channels, messages, users,
};

use super::{
    Said,
    delete::{Why, wipe},
};

/// Deletes a message of any channel but of two who talk, by one's role in the deployment.
///
/// It is written down with who, which and why, in the same transaction; not what it said.
#[utoipa::path(
    delete,
    path = "/v1/admin/messages/{id}",
    tag = "admin",
    operation_id = "admin_delete_message",
    params(("id" = MessageId, Path), Why),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Said),
        (status = 401, body = ErrorBody),
        (status = 403, description = "moderators and above only", body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, description = "`reason` is too long", body = ErrorBody),
    )
)]
pub(crate) async fn admin_delete_message(
    State(app): State<App>,
    Moderator(staff): Moderator,
    Id(id): Id<MessageId>,
    Params(why): Params<Why>,
) -> Answer<Json<Said>> {
    const NONE: Error = Error::NotFound("message");
    let now = app.clock.now();
    let (channel, message, user) = futures::try_join!(
        channels::get(&app.store, id.channel, Freshness::Eventual, now),
        messages::get(&app.store, id, now),
        users::get(&app.store, staff.account.user, now),
    )?;
    let channel = match channel {
        Some(channel) => Some(channel),
        // what was read may be from before it was made: it may accept, never refuse
        None => channels::get(&app.store, id.channel, Freshness::Strong, now).await?,
    };
    let channel = channel.filter(|channel| channel.channel_kind != Kind::Direct).ok_or(NONE)?;
    let message = message.ok_or(NONE)?;
    let action = Action {
        id: app.clock.id(),
        action: "delete_message".into(),
        target_type: Target::Message,
        target: id.to_string(),
        admin: staff.account.user,
        reason: why.reason.clone(),
        metadata: json!({ "channel_id": channel.id, "user_id": message.author.id }),
        created_at: now,
    };
    // staff need not be of the team
    let called = user.and_then(|user| user.username).map_or_else(|| "staff".into(), |name| name.to_string());
    wipe(&app, message, Some(&action), called, why.reason).await?;
    Ok(Json(Said { message: "message deleted" }))
}
