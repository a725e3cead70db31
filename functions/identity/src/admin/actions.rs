use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use garde::Validate;
use model::UserId;
use serde::Deserialize;
use store::{
    Page,
    identity::audit_log::{self, AuditFilter, AuditTarget},
};
use utoipa::IntoParams;

use super::view::AuditActionView;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListActionsQuery {
    /// Such as `ban_user`.
    #[garde(length(max = 100))]
    #[param(max_length = 100)]
    action: Option<String>,
    /// Same as `action`.
    #[garde(length(max = 100))]
    #[param(max_length = 100)]
    action_type: Option<String>,
    #[garde(skip)]
    target_type: Option<AuditTarget>,
    /// Who did it.
    #[garde(skip)]
    admin_id: Option<UserId>,
    /// From 1, in place of a cursor: reads the pages before it too.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    page: Option<usize>,
}

/// What staff have done, newest first
///
/// With a filter a page may come back short, with a `next`.
#[utoipa::path(
    get,
    path = "/v1/admin/actions",
    tag = "admin",
    operation_id = "admin_list_actions",
    params(ListQuery, AdminListActionsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<AuditActionView>),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub(crate) async fn admin_list_actions(
    State(app): State<App>,
    _staff: AdminCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(which): ValidQuery<AdminListActionsQuery>,
) -> ApiResult<Json<Page<AuditActionView>>> {
    let filter = AuditFilter {
        action: which.action.or(which.action_type),
        target_type: which.target_type,
        admin: which.admin_id,
    };
    let (limit, now) = (query.limit(), app.clock.now());
    let mut page = audit_log::page(&app.store, &filter, limit, query.cursor.as_deref(), now).await?;
    for _ in 1..which.page.unwrap_or(1) {
        page = match page.next {
            Some(next) => audit_log::page(&app.store, &filter, limit, Some(&next), now).await?,
            None => Page { items: Vec::new(), next: None },
        };
    }
    Ok(Json(page.map(AuditActionView::from)))
}
