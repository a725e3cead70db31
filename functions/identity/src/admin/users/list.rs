use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, ListQuery, ModeratorCaller, PageNumbers, ValidQuery},
};
use futures::{StreamExt, TryStreamExt, stream};
use garde::Validate;
use jiff::Timestamp;
use model::{Error, plan::Plan, text, user::UserRole};
use serde::{Deserialize, Serialize};
use store::{
    identity::{
        log_ins,
        users::{self, User},
    },
    presentations, sessions,
};
use utoipa::{IntoParams, ToSchema};

use crate::admin::view::{AccountStatus, AdminAccount};

/// Accounts that a numbered page reads. `is_complete` reports whether these are all.
pub(crate) const MAX_ACCOUNTS: usize = 5_000;
/// Accounts of a page whose details are read concurrently.
const READ_CONCURRENCY: usize = 10;

/// Filters, the order and the page of the list of accounts.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListUsersQuery {
    /// A text that the name, the user name or the e-mail address contains, regardless of upper and lower case.
    #[garde(length(chars, max = 200), inner(custom(text::line)))]
    #[param(max_length = 200)]
    search: Option<String>,
    #[garde(skip)]
    status: Option<AccountStatus>,
    #[garde(skip)]
    role: Option<UserRole>,
    #[garde(skip)]
    plan: Option<Plan>,
    /// The order. It makes the list numbered.
    #[garde(skip)]
    #[param(inline)]
    sort: Option<AccountSort>,
    /// A page number from 1. It makes the list numbered.
    #[garde(range(min = 1, max = 100_000))]
    #[param(minimum = 1, maximum = 100_000)]
    page: Option<usize>,
    /// Items on a numbered page, 1 to 100.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<usize>,
}

/// The field that orders the list. `-` reverses the order.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
enum AccountSort {
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "-name")]
    NameDown,
    #[serde(rename = "email")]
    Email,
    #[serde(rename = "-email")]
    EmailDown,
    #[serde(rename = "role")]
    Role,
    #[serde(rename = "-role")]
    RoleDown,
    #[serde(rename = "plan")]
    Plan,
    #[serde(rename = "-plan")]
    PlanDown,
    #[serde(rename = "status")]
    Status,
    #[serde(rename = "-status")]
    StatusDown,
    #[serde(rename = "created_at")]
    Created,
    #[serde(rename = "-created_at")]
    CreatedDown,
    #[serde(rename = "updated_at")]
    Updated,
    #[serde(rename = "-updated_at")]
    UpdatedDown,
}

/// An account in the list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminAccountRow {
    #[serde(flatten)]
    account: AdminAccount,
    presentation_count: u64,
    session_count: u64,
    /// When a login session last refreshed its tokens. `null` if the account has no login session.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_active_at: Option<Timestamp>,
}

/// A page of accounts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminAccountList {
    items: Vec<AdminAccountRow>,
    /// The cursor of the next page. `null` on the last page and on numbered pages.
    next: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = PageNumbers)]
    numbers: Option<PageNumbers>,
    /// Present on numbered pages. `false` if there are more accounts than the request reads. The oldest ones are
    /// missing then.
    #[serde(skip_serializing_if = "Option::is_none")]
    is_complete: Option<bool>,
}

/// List accounts
///
/// Returns accounts, newest first. The list is paged by cursor, or by number with `page`, `page_size`, a filter or an
/// order. A numbered list reads the newest 5,000 accounts. Also at `/v1/admin/speakers`. For moderators.
#[utoipa::path(
    get,
    path = "/v1/admin/users",
    tag = "admin",
    operation_id = "admin_list_users",
    params(ListQuery, AdminListUsersQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminAccountList),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_list_users(
    State(app): State<App>,
    ModeratorCaller(staff): ModeratorCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(filters): ValidQuery<AdminListUsersQuery>,
) -> ApiResult<Json<AdminAccountList>> {
    let now = app.clock.now();
    if !filters.is_numbered() {
        let page = users::page(&app.store, &query.page(staff.account.user, "admin_list_users"), now).await?;
        let items = account_rows(&app, page.items, now).await?;
        return Ok(Json(AdminAccountList { items, next: page.next, numbers: None, is_complete: None }));
    }
    let (mut found, is_complete) =
        users::list_matching(&app.store, MAX_ACCOUNTS, now, |user| filters.matches(user, now)).await?;
    if let Some(sort) = filters.sort {
        sort.apply(&mut found, now);
    }
    let page_size = filters.page_size.unwrap_or_else(|| query.limit());
    let (shown, numbers) = PageNumbers::paginate(found, filters.page.unwrap_or(1), page_size);
    let items = account_rows(&app, shown, now).await?;
    Ok(Json(AdminAccountList { items, next: None, numbers: Some(numbers), is_complete: Some(is_complete) }))
}

impl AdminListUsersQuery {
    const fn is_numbered(&self) -> bool {
        self.page.is_some()
            || self.page_size.is_some()
            || self.search.is_some()
            || self.status.is_some()
            || self.role.is_some()
            || self.plan.is_some()
            || self.sort.is_some()
    }

    fn matches(&self, user: &User, now: Timestamp) -> bool {
        let has = |text: &str, search: &str| text.to_lowercase().contains(search);
        let searched = self.search.as_deref().map(|search| search.trim().to_lowercase());
        let is_found = searched.is_none_or(|search| {
            has(&user.name, &search)
                || user.email.as_ref().is_some_and(|email| has(email.as_str(), &search))
                || user.username.as_ref().is_some_and(|name| has(name.as_str(), &search))
        });
        is_found
            && self.status.is_none_or(|status| AccountStatus::of(user, now) == status)
            && self.role.is_none_or(|role| user.role == role)
            && self.plan.is_none_or(|plan| user.plan == plan)
    }
}

impl AccountSort {
    fn apply(self, users: &mut [User], now: Timestamp) {
        let email = |user: &User| user.email.as_ref().map(ToString::to_string);
        match self {
            Self::Name | Self::NameDown => users.sort_by_cached_key(|user| user.name.to_lowercase()),
            Self::Email | Self::EmailDown => users.sort_by_cached_key(email),
            Self::Role | Self::RoleDown => users.sort_by_key(|user| user.role),
            Self::Plan | Self::PlanDown => users.sort_by_key(|user| user.plan),
            Self::Status | Self::StatusDown => users.sort_by_key(|user| AccountStatus::of(user, now)),
            Self::Created | Self::CreatedDown => users.sort_by_key(|user| user.created_at),
            Self::Updated | Self::UpdatedDown => users.sort_by_key(|user| user.updated_at),
        }
        let is_down = matches!(
            self,
            Self::NameDown
                | Self::EmailDown
                | Self::RoleDown
                | Self::PlanDown
                | Self::StatusDown
                | Self::CreatedDown
                | Self::UpdatedDown
        );
        if is_down {
            users.reverse();
        }
    }
}

async fn account_rows(app: &App, users: Vec<User>, now: Timestamp) -> Result<Vec<AdminAccountRow>, Error> {
    stream::iter(users).map(|user| account_row(app, user, now)).buffered(READ_CONCURRENCY).try_collect().await
}

async fn account_row(app: &App, user: User, now: Timestamp) -> Result<AdminAccountRow, Error> {
    let (presentation_count, session_count, logins) = tokio::try_join!(
        presentations::count(&app.store, user.id),
        sessions::count_by_owner(&app.store, user.id),
        log_ins::list(&app.store, user.id, now),
    )?;
    let last_active_at = logins.into_iter().map(|login| login.rotated_at).max();
    Ok(AdminAccountRow {
        account: AdminAccount::of(&user, now),
        presentation_count,
        session_count,
        last_active_at,
    })
}
