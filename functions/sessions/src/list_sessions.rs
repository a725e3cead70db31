use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, ValidQuery},
};
use garde::Validate;
use model::{PresentationId, session::SessionStatus};
use serde::Deserialize;
use store::{Page, presentations, sessions};
use utoipa::IntoParams;

use crate::session_view::SessionView;

#[derive(Debug, Deserialize, Validate, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListSessionsQuery {
    /// Returns only sessions of this presentation.
    #[garde(skip)]
    pub presentation_id: Option<PresentationId>,
    /// Returns only sessions with this status.
    #[garde(skip)]
    pub status: Option<SessionStatus>,
}

/// List my sessions
///
/// Returns the sessions of the caller, newest first, without their counts. A page may be short or even empty while
/// `next` is set. Follow `next` until it is null.
#[utoipa::path(
    get,
    path = "/v1/sessions",
    tag = "sessions",
    operation_id = "list_sessions",
    params(ListQuery, ListSessionsQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<SessionView>),
        (status = 401, body = ErrorBody),
        (status = 404, description = "The caller has no such presentation", body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn list_sessions(
    State(app): State<App>,
    account: AccountCaller,
    ValidQuery(page): ValidQuery<ListQuery>,
    ValidQuery(query): ValidQuery<ListSessionsQuery>,
) -> ApiResult<Json<Page<SessionView>>> {
    let now = app.clock.now();
    let request = page.page(account.user, "list_sessions").filtered_by(&query);
    let Some(presentation) = query.presentation_id else {
        let found = sessions::page_by_owner(&app.store, account.user, query.status, &request, now).await?;
        return Ok(Json(found.map(SessionView::without_counts)));
    };
    presentations::get_owned(&app.store, account.user, presentation, now).await?;
    let mut found = sessions::page_by_presentation(&app.store, presentation, &request, now).await?;
    found.items.retain(|session| query.status.is_none_or(|status| session.status == status));
    Ok(Json(found.map(SessionView::without_counts)))
}
