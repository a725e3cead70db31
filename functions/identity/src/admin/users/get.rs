use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, ErrorBody, ModeratorCaller, PathId},
};
use jiff::Timestamp;
use model::{PresentationId, UserId};
use serde::Serialize;
use store::{
    PageRequest,
    presentations::{self, PresentationFilter},
    sessions,
};
use utoipa::ToSchema;

use crate::admin::{audited_change::find_user, sessions::admin_session::AdminSession, view::AdminAccount};

/// Presentations and sessions that the response lists.
const MAX_LISTED: usize = 20;

/// An account with its presentations and sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminAccountDetail {
    #[serde(flatten)]
    account: AdminAccount,
    /// The 20 presentations that were changed last.
    presentations: Vec<AdminPresentation>,
    /// The 20 newest sessions.
    sessions: Vec<AdminSession>,
}

/// A presentation in the list of an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminPresentation {
    id: PresentationId,
    title: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// Get an account
///
/// Returns an account with its latest presentations and sessions. Also at `/v1/admin/speakers/{id}`. For moderators.
#[utoipa::path(
    get,
    path = "/v1/admin/users/{id}",
    tag = "admin",
    operation_id = "admin_get_user",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminAccountDetail),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn admin_get_user(
    State(app): State<App>,
    _staff: ModeratorCaller,
    PathId(id): PathId<UserId>,
) -> ApiResult<Json<AdminAccountDetail>> {
    let now = app.clock.now();
    let user = find_user(&app, id).await?;
    let every = PresentationFilter::default();
    let first = PageRequest::internal(MAX_LISTED);
    let (presentations, sessions) = tokio::try_join!(
        presentations::page(&app.store, id, &every, &first, now),
        sessions::page_by_owner(&app.store, id, None, &first, now),
    )?;
    let row = |it: presentations::Presentation| AdminPresentation {
        id: it.id,
        title: it.title,
        updated_at: it.updated_at,
    };
    Ok(Json(AdminAccountDetail {
        account: AdminAccount::of(&user, now),
        presentations: presentations.items.into_iter().map(row).collect(),
        sessions: sessions.items.into_iter().map(AdminSession::from).collect(),
    }))
}
