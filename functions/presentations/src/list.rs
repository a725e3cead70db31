use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PageNumbers, ValidQuery},
};
use garde::Validate;
use model::{presentation::PresentationStatus, text};
use serde::{Deserialize, Serialize};
use store::presentations::{self, PresentationFilter};
use utoipa::{IntoParams, ToSchema};

use crate::view::PresentationView;

/// Filters and the page of the caller's presentations.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListPresentationsQuery {
    /// A text that the title or the description contains, regardless of upper and lower case.
    #[garde(length(chars, max = 200), inner(custom(text::line)))]
    #[param(max_length = 200)]
    search: Option<String>,
    #[garde(skip)]
    status: Option<PresentationStatus>,
    /// A page number from 1. The response then contains `total`, `page`, `page_size` and `total_pages`. The request
    /// reads all presentations to count them.
    #[garde(range(min = 1))]
    #[param(minimum = 1)]
    page: Option<usize>,
    /// Items on a numbered page, 1 to 100.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    page_size: Option<usize>,
}

/// A page of presentations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentationList {
    items: Vec<PresentationView>,
    /// The cursor of the next page. `null` on the last page and on numbered pages.
    next: Option<String>,
    #[serde(flatten)]
    #[schema(value_type = PageNumbers)]
    numbers: Option<PageNumbers>,
}

/// List my presentations
///
/// Returns the caller's presentations, last changed first. The list is paged by cursor, or by number with `page` or
/// `page_size`. With `search` or `status`, a page by cursor may be short while `next` is set. Follow `next` until it is
/// null.
#[utoipa::path(
    get,
    path = "/v1/presentations",
    tag = "presentations",
    operation_id = "list_presentations",
    params(ListQuery, ListPresentationsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = PresentationList),
        (status = 401, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn list_presentations(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(filters): ValidQuery<ListPresentationsQuery>,
) -> ApiResult<Json<PresentationList>> {
    let now = app.clock.now();
    let filter = PresentationFilter { search: filters.search, status: filters.status };
    if filters.page.is_none() && filters.page_size.is_none() {
        let request = query.page(account.user, "list_presentations").filtered_by(&filter);
        let page = presentations::page(&app.store, account.user, &filter, &request, now).await?;
        let page = page.map(PresentationView::from);
        return Ok(Json(PresentationList { items: page.items, next: page.next, numbers: None }));
    }
    let all = presentations::list(&app.store, account.user, &filter, now).await?;
    let page_size = filters.page_size.unwrap_or_else(|| query.limit());
    let (items, numbers) = PageNumbers::paginate(all, filters.page.unwrap_or(1), page_size);
    let items = items.into_iter().map(PresentationView::from).collect();
    Ok(Json(PresentationList { items, next: None, numbers: Some(numbers) }))
}
