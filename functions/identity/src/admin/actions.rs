use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use garde::Validate;
use model::{UserId, text};
use serde::Deserialize;
use store::{
    Page,
    identity::audit_log::{self, AuditFilter, AuditTarget},
};
use utoipa::IntoParams;

use super::view::AuditActionView;

/// Filters of the audit log.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AdminListActionsQuery {
    /// The name of an action, such as `ban_user`.
    #[garde(length(max = 100), inner(custom(text::line)))]
    #[param(max_length = 100)]
    action: Option<String>,
    /// Same as `action`.
    #[garde(length(max = 100), inner(custom(text::line)))]
    #[param(max_length = 100)]
    action_type: Option<String>,
    /// The kind of the target.
    #[garde(skip)]
    target_type: Option<AuditTarget>,
    /// The admin who performed the action.
    #[garde(skip)]
    admin_id: Option<UserId>,
    /// A page number from 1, instead of a cursor. The request also reads the pages before it.
    #[garde(range(min = 1, max = 100))]
    #[param(minimum = 1, maximum = 100)]
    page: Option<usize>,
}

/// List admin actions
///
/// Returns the audit log, newest entry first. With a filter, a page may be short while `next` is set. Follow `next`
/// until it is null. For admins.
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
    AdminCaller(staff): AdminCaller,
    ValidQuery(query): ValidQuery<ListQuery>,
    ValidQuery(filters): ValidQuery<AdminListActionsQuery>,
) -> ApiResult<Json<Page<AuditActionView>>> {
    let filter = AuditFilter {
        action: filters.action.or(filters.action_type),
        target_type: filters.target_type,
        admin: filters.admin_id,
    };
    let request = query.page(staff.account.user, "admin_list_actions");
    let now = app.clock.now();
    let mut page = audit_log::page(&app.store, &filter, &request, now).await?;
    for _ in 1..filters.page.unwrap_or(1) {
        page = match page.next {
            Some(next) => audit_log::page(&app.store, &filter, &request.clone().at(Some(next)), now).await?,
            None => Page { items: Vec::new(), next: None },
        };
    }
    Ok(Json(page.map(AuditActionView::from)))
}
