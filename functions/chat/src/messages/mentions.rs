use std::collections::HashSet;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ValidQuery},
};
use garde::Validate;
use model::{ChannelId, MessageId, UserId};
use protocol::event::chat::MessageView;
use serde::Deserialize;
use store::{
    Page, PageRequest, ReadConsistency, StoreError,
    chat::{
        memberships, mentions,
        messages::{self, Message},
    },
};
use utoipa::IntoParams;

use crate::view::load_views;

/// Pages of mentions that one request reads to fill a page. A page can be short and have a `next`.
const MAX_PAGES_READ: usize = 5;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMentionsQuery {
    /// Items on a page, 1 to 50. 20 by default.
    #[garde(range(min = 1, max = 50))]
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// `next` of the previous page.
    #[garde(length(max = 2000))]
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// List messages that mention me
///
/// Returns current messages, the newest first. Messages that were deleted, that no longer mention the caller, or whose
/// channel the caller has left, are left out. So a page can be short or empty while `next` is set. A message is listed
/// a moment after it was sent, for one year.
#[utoipa::path(
    get,
    path = "/v1/messages/mentions/my",
    tag = "messages",
    operation_id = "list_my_mentions",
    params(ListMentionsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<MessageView>),
        (status = 401, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_my_mentions(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<ListMentionsQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    let user = account.user;
    let now = app.clock.now();
    let limit = query.limit.unwrap_or(20);
    let memberships = memberships::list_memberships(&app.store, user, now).await?;
    let channels: HashSet<ChannelId> = memberships.into_iter().map(|membership| membership.channel).collect();
    let mut items = Vec::new();
    let mut request = PageRequest::new(user, "list_my_mentions", limit, query.cursor);
    for _ in 0..MAX_PAGES_READ {
        let page = mentions::page(&app.store, user, &request, now).await?;
        let ids = page.items.into_iter().map(|mention| mention.message);
        let ids: Vec<MessageId> = ids.filter(|id| channels.contains(&id.channel)).collect();
        items.extend(visible_mentions(&app, user, &ids).await?);
        request = request.at(page.next).with_limit(limit - items.len());
        if request.cursor.is_none() || items.len() == limit {
            break;
        }
    }
    Ok(Json(Page { items, next: request.cursor }))
}

async fn visible_mentions(
    app: &App,
    user: UserId,
    ids: &[MessageId],
) -> Result<Vec<MessageView>, StoreError> {
    let found = messages::get_many(&app.store, ids, ReadConsistency::Eventual, app.clock.now()).await?;
    let visible: Vec<Message> = found.into_iter().filter(|message| message.is_mention_of(user)).collect();
    load_views(app, &visible, Some(user)).await
}
