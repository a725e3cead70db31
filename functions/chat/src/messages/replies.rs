use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PathId, ValidQuery},
};
use model::{Error, MessageId};
use protocol::event::chat::MessageView;
use store::{
    Page, ReadConsistency,
    chat::{memberships, message_replies, messages},
};

use crate::view::message_view;

/// Answers to a message, oldest first
///
/// As they are now; deleted ones too, without their content. A moment after it was sent an answer is here.
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
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_replies(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    const NONE: Error = Error::NotFound("message");
    let (user, now) = (account.user, app.clock.now());
    memberships::get_membership(&app.store, user, id.channel, now).await?.ok_or(NONE)?;
    messages::get(&app.store, id, now).await?.ok_or(NONE)?;
    let page = message_replies::page(&app.store, id, query.limit(), query.cursor.as_deref(), now).await?;
    let ids: Vec<MessageId> = page.items.iter().map(message_replies::MessageReply::message).collect();
    let found = messages::get_many(&app.store, &ids, ReadConsistency::Eventual, now).await?;
    let items = found.iter().map(|message| message_view(message, Some(user))).collect();
    Ok(Json(Page { items, next: page.next }))
}
