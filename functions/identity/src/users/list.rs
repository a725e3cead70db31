//! The team, by user name.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use store::{Page, identity::users::directory};

use crate::profile::UserProfile;

/// Contract chat 1.3: 50 where nothing is said.
const DEFAULT_PAGE_SIZE: usize = 50;

#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "identity",
    operation_id = "list_users",
    summary = "The team: everybody who has a user name, by that",
    description = "50 on a page where no `limit` is given. Whoever has no user name is in no team and not listed; nor is \
                   who is disabled, banned or suspended, while that holds, for which a page may come back short, with a \
                   `next`.",
    params(ListQuery),
    responses(
        (status = 200, description = "Cards, without addresses", body = Page<UserProfile>),
        (status = 401, description = "Not signed in", body = ErrorBody),
        (status = 422, description = "`limit` or `cursor` is wrong", body = ErrorBody),
        (status = 503, description = "A dependency failed", body = ErrorBody),
    )
)]
pub(crate) async fn list_users(
    State(app): State<App>,
    _account: AccountCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<UserProfile>>> {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
    let page = directory::page(&app.store, limit, query.cursor.as_deref(), app.clock.now()).await?;
    Ok(Json(page.map(UserProfile::from)))
}
