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
    announce,
    mentioned::resolve_mentions,
    rewrite::{RewriteOutcome, count_change, rewrite_message},
    seen::{changeable_message, require_not_deleted},
};
use crate::view::message_view;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct EditMessageRequest {
    #[garde(skip)]
    #[schema(min_length = 1, max_length = 2_000)]
    content: String,
}

macro_rules! edits {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $id:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            $method,
            path = "/v1/messages/{id}",
            tag = "messages",
            operation_id = $id,
            params(("id" = MessageId, Path)),
            request_body = EditMessageRequest,
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = MessageView),
                (status = 401, body = ErrorBody),
                (status = 403, description = "somebody else's", body = ErrorBody),
                (status = 404, description = "one is not in its channel, or there is none", body = ErrorBody),
                (status = 409, description = "`MESSAGE_DELETED`, `CHANNEL_ARCHIVED`", body = ErrorBody),
                (status = 422, description = "`content`", body = ErrorBody),
                (status = 429, description = "too many changes of one member", body = ErrorBody),
            )
        )]
        pub(crate) async fn $name(
            State(app): State<App>,
            account: AccountCaller,
            PathId(id): PathId<MessageId>,
            ValidJson(input): ValidJson<EditMessageRequest>,
        ) -> ApiResult<Json<MessageView>> {
            let message = apply_edit(&app, account, id, &input.content).await?;
            Ok(Json(message_view(&message, Some(account.user))))
        }
    )*};
}

edits! {
    /// Says something else in a message of one's own, while one is in its channel.
    ///
    /// Reactions stay; whoever is mentioned for the first time is notified. 5 write units, and 2.5 read units with 1 for each
    /// mentioned name.
    edit_message, patch, "edit_message";
    /// Says something else in a message of one's own, as `PATCH` does.
    replace_message, put, "replace_message";
}

async fn apply_edit(app: &App, account: AccountCaller, id: MessageId, typed: &str) -> Result<Message, Error> {
    let text = content::normalize(typed).map_err(|why| Error::field("content", why))?;
    let (_, message) = changeable_message(app, account.user, id).await?;
    if message.author.id != account.user {
        return Err(Error::forbidden("only its author edits a message"));
    }
    count_change(app, account.user).await?;
    let mentions = resolve_mentions(app, id.channel, account.user, &text).await?;
    let now = app.clock.now();
    let other_words = |before: &Message| {
        require_not_deleted(before)?;
        // as two devices say it at once, or as a repetition does
        let is_so = before.content == text;
        let after = Message {
            content: text.clone(),
            mentions: mentions.clone(),
            edited_at: Some(now),
            ..before.clone()
        };
        Ok((!is_so).then_some(after))
    };
    let (RewriteOutcome::Changed(message) | RewriteOutcome::Unchanged(message)) =
        rewrite_message(app, message, None, other_words).await?;
    if message.edited_at.is_some() {
        // also of one that was so already: what follows from it may have been lost
        announce::publish_edited(app, &message).await;
    }
    Ok(message)
}
