use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, PathId},
};
use model::MessageId;
use protocol::event::chat::MessageView;

use super::message_access::visible_message;
use crate::view::load_view;

/// Get a message
///
/// A deleted message is returned without its content.
#[utoipa::path(
    get,
    path = "/v1/messages/{id}",
    tag = "messages",
    operation_id = "get_message",
    params(("id" = MessageId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = MessageView),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The message does not exist, or the caller is not a member of its channel.", body = ErrorBody),
    )
)]
pub(crate) async fn get_message(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<MessageId>,
) -> ApiResult<Json<MessageView>> {
    let (_, message) = visible_message(&app, account.user, id).await?;
    Ok(Json(load_view(&app, &message, Some(account.user)).await?))
}
