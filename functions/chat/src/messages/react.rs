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
    announce,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
    seen::{changeable_message, require_not_deleted},
};
use crate::{team::require_teammate, view::reaction_views};

/// Different emoji on a message (contract chat 1.4).
const MAX_EMOJI: usize = 20;
/// Reactions to a message in all: they lie in its item, 40 bytes each.
const MAX_REACTIONS: usize = 500;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct ReactionRequest {
    #[garde(skip)]
    message_id: MessageId,
    /// One emoji, or a `:short_name:`.
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 32)]
    emoji: String,
    /// Left out, it is taken back where it is there: a request that is sent twice undoes itself. Say what is meant.
    #[garde(skip)]
    action: Option<ReactionAction>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReactionResponse {
    /// What was done, in words.
    message: &'static str,
    action: ReactionAction,
    /// All reactions to the message as they are now.
    reactions: Vec<ReactionView>,
}

/// Reacts to a message of a channel that one is in, or takes that back.
///
/// 5 write units, 4 read units; and as much again for each who is quicker at that moment.
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
        (status = 404, description = "one is not in its channel, or there is none", body = ErrorBody),
        (status = 409, description = "`MESSAGE_DELETED`, `CHANNEL_ARCHIVED`; `LIMIT_REACHED` above 20 different emoji or \
                                      500 reactions", body = ErrorBody),
        (status = 422, description = "`emoji`", body = ErrorBody),
        (status = 429, description = "too many changes of one member", body = ErrorBody),
    )
)]
pub(crate) async fn toggle_reaction(
    State(app): State<App>,
    account: AccountCaller,
    ValidJson(input): ValidJson<ReactionRequest>,
) -> ApiResult<Json<ReactionResponse>> {
    Ok(Json(apply_reaction(&app, account, input.message_id, &input.emoji, input.action).await?))
}

macro_rules! reactions {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $id:literal, $action:expr;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/v1/messages/{id}/reactions/{emoji}",
            tag = "messages",
            operation_id = $id,
            params(("id" = MessageId, Path), ("emoji" = String, Path, description = "percent-encoded")),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, description = "however often it is said", body = ReactionResponse),
                (status = 401, body = ErrorBody),
                (status = 404, description = "one is not in its channel, or there is none", body = ErrorBody),
                (status = 409, description = "`MESSAGE_DELETED`, `CHANNEL_ARCHIVED`, `LIMIT_REACHED`", body = ErrorBody),
                (status = 422, description = "`emoji`", body = ErrorBody),
                (status = 429, description = "too many changes of one member", body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            path: Result<Path<(String, String)>, PathRejection>,
        ) -> ApiResult<Json<ReactionResponse>> {
            const NONE: Error = Error::NotFound("message");
            let Path((id, emoji)) = path.map_err(|_| NONE)?;
            let id = id.parse().map_err(|_| NONE)?;
            Ok(Json(apply_reaction(&app, account, id, &emoji, Some($action)).await?))
        }
    )*};
}

reactions! {
    /// Reacts to a message.
    add_reaction, put, "add_reaction", ReactionAction::Add;
    /// Takes a reaction of one's own back.
    remove_reaction, delete, "remove_reaction", ReactionAction::Remove;
}

async fn apply_reaction(
    app: &App,
    account: AccountCaller,
    id: MessageId,
    typed: &str,
    action: Option<ReactionAction>,
) -> Result<ReactionResponse, Error> {
    let emoji = emoji::normalize(typed).map_err(|why| Error::field("emoji", why))?;
    let (found, author) =
        futures::join!(changeable_message(app, account.user, id), require_teammate(app, account.user));
    let (_, message) = found?;
    let author = author?;
    count_change(app, account.user).await?;
    // what they saw decides what they mean, however often others are quicker
    let is_there_already = has_reaction(&message.reactions, &emoji, account.user);
    let meant = if is_there_already { ReactionAction::Remove } else { ReactionAction::Add };
    let action = action.unwrap_or(meant);
    let one_more = |before: &Message| {
        require_not_deleted(before)?;
        with_reaction(before, &emoji, account.user, action)
    };
    let message = match rewrite_message(app, message, None, one_more).await? {
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
            announce::publish_or_log(app, id.channel, event).await;
            message
        }
    };
    let said = match action {
        ReactionAction::Add => "reaction added",
        ReactionAction::Remove => "reaction removed",
    };
    Ok(ReactionResponse {
        message: said,
        action,
        reactions: reaction_views(&message.reactions, Some(account.user)),
    })
}

fn has_reaction(reactions: &[StoredReaction], emoji: &str, user: UserId) -> bool {
    reactions.iter().any(|reaction| reaction.emoji == emoji && reaction.users.contains(&user))
}

/// A message with a reaction more or less; `None` where it is so already.
///
/// # Errors
/// `LIMIT_REACHED`
fn with_reaction(
    before: &Message,
    emoji: &str,
    user: UserId,
    action: ReactionAction,
) -> Result<Option<Message>, Error> {
    let is_wanted = action == ReactionAction::Add;
    if has_reaction(&before.reactions, emoji, user) == is_wanted {
        return Ok(None);
    }
    let mut after = before.clone();
    if !is_wanted {
        for reaction in after.reactions.iter_mut().filter(|reaction| reaction.emoji == emoji) {
            reaction.users.retain(|other| *other != user);
        }
        after.reactions.retain(|reaction| !reaction.users.is_empty());
        return Ok(Some(after));
    }
    let all: usize = after.reactions.iter().map(|reaction| reaction.users.len()).sum();
    let full = |why: String| Err(Error::conflict(ErrorCode::LimitReached, why));
    if all >= MAX_REACTIONS {
        return full(format!("a message has {MAX_REACTIONS} reactions at most"));
    }
    let kinds = after.reactions.len();
    match after.reactions.iter_mut().find(|reaction| reaction.emoji == emoji) {
        Some(reaction) => reaction.users.push(user),
        None if kinds >= MAX_EMOJI => {
            return full(format!("a message has {MAX_EMOJI} different emoji at most"));
        }
        None => after.reactions.push(StoredReaction { emoji: emoji.into(), users: vec![user] }),
    }
    Ok(Some(after))
}
