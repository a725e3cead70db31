use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PathId, ValidQuery},
};
use model::MessageId;
use protocol::event::chat::MessageView;
use store::{
    Page, ReadConsistency,
    chat::{message_replies, messages},
};

use super::message_access::visible_message;
use crate::view::{ReplyPreviews, message_view};

/// List the replies to a message
///
/// Returns current replies, the oldest first. Deleted replies are returned without their content. A reply is listed a
/// moment after it was sent.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}/replies",
    tag = "messages",
    operation_id = "list_replies",
    params(("id" = MessageId, Path), ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<MessageView>),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_replies(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    let user = account.user;
    let now = app.clock.now();
    let (_, replied) = visible_message(&app, user, id).await?;
    let previews = ReplyPreviews::of([&replied]);
    let page = message_replies::page(&app.store, id, &query.page(user, "list_replies"), now).await?;
    let ids: Vec<MessageId> = page.items.iter().map(message_replies::MessageReply::message).collect();
    let found = messages::get_many(&app.store, &ids, ReadConsistency::Eventual, now).await?;
    let items = found.iter().map(|message| message_view(message, &previews, Some(user))).collect();
    Ok(Json(Page { items, next: page.next }))
}
