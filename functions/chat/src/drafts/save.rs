use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{ChannelId, Error, MessageId, Room, text};
use protocol::{Event, event::chat::DraftUpdated};
use serde::Deserialize;
use store::chat::chat_drafts::{self, ChatDraft};
use utoipa::ToSchema;

use crate::membership_update::find_membership;

/// A draft.
#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct PutDraftRequest {
    /// The text, in any format. An empty text clears the draft.
    #[garde(length(chars, max = model::message::MAX_CONTENT_LENGTH), custom(text::lines))]
    #[serde(deserialize_with = "text::normalized")]
    #[schema(max_length = 2000)]
    content: String,
    /// The message of this channel that the draft replies to.
    #[garde(skip)]
    reply_to_id: Option<MessageId>,
}

/// Store my draft of a channel
///
/// Replaces the caller's draft and publishes `draft_updated` to all devices of the caller. The last write wins. Sending
/// a message does not clear the draft. To clear it, store an empty text.
#[utoipa::path(
    put,
    path = "/v1/channels/{id}/draft",
    tag = "channels",
    operation_id = "put_draft",
    params(("id" = ChannelId, Path)),
    request_body = PutDraftRequest,
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = DraftUpdated),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The channel does not exist, or the caller is not a member.", body = ErrorBody),
        (status = 422, description = "`content` is too long, or `reply_to_id` is a message of another channel.", body = ErrorBody),
    )
)]
pub(crate) async fn put_draft(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
    ValidJson(input): ValidJson<PutDraftRequest>,
) -> ApiResult<Json<DraftUpdated>> {
    let user = account.user;
    let now = app.clock.now();
    find_membership(&app, user, channel).await?;
    if input.reply_to_id.is_some_and(|message| message.channel != channel) {
        return Err(Error::field("reply_to_id", "must be a message of this channel").into());
    }
    let draft =
        ChatDraft { user, channel, content: input.content, reply_to: input.reply_to_id, updated_at: now };
    if draft.content.is_empty() {
        chat_drafts::delete(&app.store, user, channel).await?;
    } else {
        chat_drafts::put(&app.store, &draft).await?;
    }
    let view = super::draft_view(draft);
    let published = app.realtime.publish(Room::User(user), Event::DraftUpdated(view.clone()), now).await;
    if let Err(error) = published {
        // the draft is stored, and other devices read it when they open the channel
        tracing::warn!(%channel, %error, "a draft was not published");
    }
    Ok(Json(view))
}
