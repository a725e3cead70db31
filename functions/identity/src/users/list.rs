//! The team's directory, ordered by user name.

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use store::{Page, identity::users::directory};

use crate::profile::UserProfile;

/// Contract chat 1.3: 50 without a `limit`.
const DEFAULT_PAGE_SIZE: usize = 50;

/// List the team
///
/// Returns the users of the team, ordered by user name. A page has 50 users without a `limit`. Users without a user
/// name are not part of the team. Disabled, banned and suspended users are left out, so a page may be short while
/// `next` is set. Follow `next` until it is null.
#[utoipa::path(
    get,
    path = "/v1/users",
    tag = "identity",
    operation_id = "list_users",
    params(ListQuery),
    responses(
        (status = 200, description = "Public profiles, without e-mail addresses.", body = Page<UserProfile>),
        (status = 401, body = ErrorBody),
        (status = 422, description = "`limit` or `cursor` is invalid.", body = ErrorBody),
    )
)]
pub(crate) async fn list_users(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<UserProfile>>> {
    let limit = query.limit.unwrap_or(DEFAULT_PAGE_SIZE);
    let request = query.page(account.user, "list_users").with_limit(limit);
    let page = directory::page(&app.store, &request, app.clock.now()).await?;
    Ok(Json(page.map(UserProfile::from)))
}
