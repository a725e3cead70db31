use axum::{
    Json,
    extract::{Path, State, rejection::PathRejection},
};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidJson},
};
use garde::Validate;
use model::{Error, ErrorCode, MessageId, UserId, message::emoji};
use protocol::{
    Event,
    event::chat::{MessageReaction, ReactionAction, ReactionView},
};
use serde::{Deserialize, Serialize};
use store::chat::messages::{Message, StoredReaction};
use utoipa::ToSchema;

use super::{
    message_access::{changeable_message, require_not_deleted},
    publish,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
};
use crate::{team::require_teammate, view::reaction_views};

/// Different emoji on a message (contract chat 1.4).
const MAX_EMOJI: usize = 20;
/// Reactions to a message in all. They are stored in the message's item and take 40 bytes each.
const MAX_REACTIONS: usize = 500;

/// A reaction to add or to remove.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReactionRequest {
    /// The message to react to.
    #[garde(skip)]
    message_id: MessageId,
    /// One emoji, or a `:short_name:`.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 32)]
    emoji: String,
    /// What to do. Without it the request toggles the reaction, so that a repeated request undoes the first one.
    #[garde(skip)]
    action: Option<ReactionAction>,
}

/// The reactions to a message after a change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReactionResponse {
    /// A sentence for people: the reaction was added, or was removed.
    message: &'static str,
    /// What was done.
    action: ReactionAction,
    /// All current reactions to the message.
    reactions: Vec<ReactionView>,
}

/// Add, remove or toggle a reaction
///
/// Adds the caller's reaction to a message or removes it. Without `action` the reaction is toggled.
#[utoipa::path(
    post,
    path = "/v1/messages/reactions",
    tag = "messages",
    operation_id = "toggle_reaction",
    request_body = ReactionRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = ReactionResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`. `LIMIT_REACHED`: the message has 20 different emoji or \
                                      500 reactions.", body = ErrorBody),
        (status = 422, description = "`emoji` is not an emoji.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn toggle_reaction(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<ReactionRequest>,
) -> ApiResult<Json<ReactionResponse>> {
    Ok(Json(apply_reaction(&app, account, input.message_id, &input.emoji, input.action).await?))
}

/// React to a message
///
/// Adds the caller's reaction. Adding it again changes nothing.
#[utoipa::path(
    put,
    path = "/v1/messages/{id}/reactions/{emoji}",
    tag = "messages",
    operation_id = "add_reaction",
    params(("id" = MessageId, Path), ("emoji" = String, Path, description = "The emoji, percent-encoded.")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The message has this reaction of the caller.", body = ReactionResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`. `LIMIT_REACHED`: the message has 20 different emoji or \
                                      500 reactions.", body = ErrorBody),
        (status = 422, description = "`emoji` is not an emoji.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn add_reaction(
    State(app): State<App>,
    account: AccountCaller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<Json<ReactionResponse>> {
    let (id, emoji) = parse_reaction_path(path)?;
    Ok(Json(apply_reaction(&app, account, id, &emoji, Some(ReactionAction::Add)).await?))
}

/// Remove a reaction
///
/// Removes the caller's reaction. Removing it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/messages/{id}/reactions/{emoji}",
    tag = "messages",
    operation_id = "remove_reaction",
    params(("id" = MessageId, Path), ("emoji" = String, Path, description = "The emoji, percent-encoded.")),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The message does not have this reaction of the caller.", body = ReactionResponse),
        (status = 401, body = ErrorBody),
        (status = 403, description = "The other member of the direct channel does not receive messages.", body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`. `CHANNEL_ARCHIVED`.", body = ErrorBody),
        (status = 422, description = "`emoji` is not an emoji.", body = ErrorBody),
        (status = 429, description = "The caller changed more than 120 messages within a minute.", body = ErrorBody),
    )
)]
pub(crate) async fn remove_reaction(
    State(app): State<App>,
    account: AccountCaller,
    path: Result<Path<(String, String)>, PathRejection>,
) -> ApiResult<Json<ReactionResponse>> {
    let (id, emoji) = parse_reaction_path(path)?;
    Ok(Json(apply_reaction(&app, account, id, &emoji, Some(ReactionAction::Remove)).await?))
}

/// # Errors
/// `NotFound` if the path contains no message id.
fn parse_reaction_path(
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<(MessageId, String), Error> {
    const NOT_FOUND: Error = Error::NotFound("message");
    let Path((id, emoji)) = path.map_err(|_| NOT_FOUND)?;
    Ok((id.parse().map_err(|_| NOT_FOUND)?, emoji))
}

/// Adds, removes or toggles a reaction, and publishes it. Costs 5 write units and 4 read units, and as much again for
/// each concurrent change that came first.
async fn apply_reaction(
    app: &App,
    account: AccountCaller,
    id: MessageId,
    emoji: &str,
    action: Option<ReactionAction>,
) -> Result<ReactionResponse, Error> {
    let emoji = emoji::normalize(emoji).map_err(|reason| Error::field("emoji", reason))?;
    let (message, author) =
        futures::join!(changeable_message(app, account.user, id), require_teammate(app, account.user));
    let (_, message) = message?;
    let author = author?;
    count_change(app, account.user).await?;
    // The toggle is decided once, by the message that was read first. Retries after concurrent changes do not reverse it.
    let toggled = if has_reaction(&message.reactions, &emoji, account.user) {
        ReactionAction::Remove
    } else {
        ReactionAction::Add
    };
    let action = action.unwrap_or(toggled);
    let with_change = |before: &Message| {
        require_not_deleted(before)?;
        with_reaction(before, &emoji, account.user, action)
    };
    let message = match rewrite_message(app, message, None, with_change).await? {
        RewriteOutcome::Unchanged(message) => message,
        RewriteOutcome::Changed(message) => {
            let event = Event::MessageReaction(MessageReaction {
                message_id: id,
                channel_id: message.channel,
                seq: message.seq,
                version: message.version,
                change: message.change,
                emoji,
                user_id: author.id,
                username: author.username,
                action,
                reactions: reaction_views(&message.reactions, None),
            });
            publish::publish_or_log(app, id.channel, event).await;
            message
        }
    };
    let summary = match action {
        ReactionAction::Add => "reaction added",
        ReactionAction::Remove => "reaction removed",
    };
    Ok(ReactionResponse {
        message: summary,
        action,
        reactions: reaction_views(&message.reactions, Some(account.user)),
    })
}

fn has_reaction(reactions: &[StoredReaction], emoji: &str, user: UserId) -> bool {
    reactions.iter().any(|reaction| reaction.emoji == emoji && reaction.users.contains(&user))
}

/// Returns the message with the reaction added or removed, or `None` if nothing changes.
///
/// # Errors
/// `LIMIT_REACHED` if the message has the maximum number of reactions or of different emoji.
fn with_reaction(
    before: &Message,
    emoji: &str,
    user: UserId,
    action: ReactionAction,
) -> Result<Option<Message>, Error> {
    let is_added = action == ReactionAction::Add;
    if has_reaction(&before.reactions, emoji, user) == is_added {
        return Ok(None);
    }
    let mut after = before.clone();
    if !is_added {
        for reaction in after.reactions.iter_mut().filter(|reaction| reaction.emoji == emoji) {
            reaction.users.retain(|other| *other != user);
        }
        after.reactions.retain(|reaction| !reaction.users.is_empty());
        return Ok(Some(after));
    }
    let total: usize = after.reactions.iter().map(|reaction| reaction.users.len()).sum();
    let limit_error = |reason: String| Err(Error::conflict(ErrorCode::LimitReached, reason));
    if total >= MAX_REACTIONS {
        return limit_error(format!("a message can have at most {MAX_REACTIONS} reactions"));
    }
    let emoji_count = after.reactions.len();
    match after.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
        Some(reaction) => reaction.users.push(user),
        None if emoji_count >= MAX_EMOJI => {
            return limit_error(format!("a message can have at most {MAX_EMOJI} different emoji"));
        }
        None => after.reactions.push(StoredReaction { emoji: emoji.into(), users: vec![user] }),
    }
    Ok(Some(after))
}
