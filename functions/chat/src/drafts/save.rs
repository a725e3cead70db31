use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId, ValidJson},
};
use garde::Validate;
use model::{ChannelId, Error, MessageId, Room};
use protocol::{Event, event::chat::DraftUpdated};
use serde::Deserialize;
use store::chat::chat_drafts::{self, ChatDraft};
use utoipa::ToSchema;

use crate::place;

#[derive(Debug, Deserialize, Validate, ToSchema)]
pub(crate) struct PutDraftRequest {
    /// As it stands there, however it is formatted; empty to clear the draft.
    #[garde(length(chars, max = model::message::MAX_CONTENT_LENGTH))]
    #[schema(max_length = 2000)]
    content: String,
    /// A message of the channel.
    #[garde(skip)]
    reply_to_id: Option<MessageId>,
}

/// Keeps what one has begun to write
///
/// `draft_updated` goes to all one's devices. The last one to write wins. Sending a message does not clear the draft: do it with
/// an empty one.
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
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn put_draft(
    State(app): State<App>,
    account: AccountCaller,
    PathId(channel): PathId<ChannelId>,
    ValidJson(new): ValidJson<PutDraftRequest>,
) -> ApiResult<Json<DraftUpdated>> {
    let (user, now) = (account.user, app.clock.now());
    place::find_membership(&app, user, channel).await?;
    if new.reply_to_id.is_some_and(|message| message.channel != channel) {
        return Err(Error::field("reply_to_id", "is no message of this channel").into());
    }
    let draft = ChatDraft { user, channel, content: new.content, reply_to: new.reply_to_id, updated_at: now };
    if draft.content.is_empty() {
        chat_drafts::delete(&app.store, user, channel).await?;
    } else {
        chat_drafts::put(&app.store, &draft).await?;
    }
    let view = super::draft_view(draft);
    let told = app.realtime.publish(Room::User(user), Event::DraftUpdated(view.clone()), now).await;
    if let Err(error) = told {
        // it is kept; the other devices see it when they open the channel
        tracing::warn!(%channel, %error, "a draft was not passed on");
    }
    Ok(Json(view))
}
