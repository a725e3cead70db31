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
    Page, ReadConsistency, StoreError,
    chat::{memberships, mentions, messages},
};
use utoipa::IntoParams;

use crate::view::message_view;

/// How often it is looked further where mentions are not shown: a page may come back short, with a `next`.
const MAX_PAGES_READ: usize = 5;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListMentionsQuery {
    /// Items on a page, 1 to 50; 20 where nothing is said.
    #[garde(range(min = 1, max = 50))]
    #[param(minimum = 1, maximum = 50)]
    limit: Option<usize>,
    /// `next` of the page before.
    #[garde(length(max = 2000))]
    #[param(max_length = 2000)]
    cursor: Option<String>,
}

/// Messages that mention one, the last sent first
///
/// As they are now: not those that were deleted, that mention one no longer, or of channels that one has left. A moment after it
/// was sent a message is here, and for a year.
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
    ValidQuery(which): ValidQuery<ListMentionsQuery>,
) -> ApiResult<Json<Page<MessageView>>> {
    let (user, now, limit) = (account.user, app.clock.now(), which.limit.unwrap_or(20));
    let places = memberships::list_memberships(&app.store, user, now).await?;
    let channels: HashSet<ChannelId> = places.into_iter().map(|place| place.channel).collect();
    let (mut items, mut cursor) = (Vec::new(), which.cursor);
    for _ in 0..MAX_PAGES_READ {
        let wanted = limit - items.len();
        let page = mentions::page(&app.store, user, wanted, cursor.as_deref(), now).await?;
        let ids = page.items.into_iter().map(|mention| mention.message);
        let ids: Vec<MessageId> = ids.filter(|id| channels.contains(&id.channel)).collect();
        items.extend(visible_mentions(&app, user, &ids).await?);
        cursor = page.next;
        if cursor.is_none() || items.len() == limit {
            break;
        }
    }
    Ok(Json(Page { items, next: cursor }))
}

async fn visible_mentions(
    app: &App,
    user: UserId,
    ids: &[MessageId],
) -> Result<Vec<MessageView>, StoreError> {
    let found = messages::get_many(&app.store, ids, ReadConsistency::Eventual, app.clock.now()).await?;
    let still = found.iter().filter(|message| message.is_mention_of(user));
    Ok(still.map(|message| message_view(message, Some(user))).collect())
}
