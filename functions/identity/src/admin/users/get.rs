use axum::{Json, extract::State};
use entry::{
    App,
    http::{Answer, ErrorBody, Id, Moderator},
};
use jiff::Timestamp;
use model::{PresentationId, UserId};
use serde::Serialize;
use store::{
    presentations::{self, Filter},
    sessions,
};
use utoipa::ToSchema;

use crate::admin::{deed::found, sessions::row::SessionRow, view::AccountView};

/// Of presentations and sessions the newest.
const SHOWN: usize = 20;

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GovernedAccountDetail)]
pub(crate) struct Detail {
    #[serde(flatten)]
    account: AccountView,
    /// The last changed, 20 at most.
    presentations: Vec<PresentationRow>,
    /// The newest, 20 at most.
    sessions: Vec<SessionRow>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PresentationRow {
    id: PresentationId,
    title: String,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
}

/// An account with its presentations and sessions; for moderators
#[utoipa::path(
    get,
    path = "/v1/admin/users/{id}",
    tag = "admin",
    operation_id = "admin_get_user",
    params(("id" = UserId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Detail),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn get_user(
    State(app): State<App>,
    _staff: Moderator,
    Id(id): Id<UserId>,
) -> Answer<Json<Detail>> {
    let now = app.clock.now();
    let user = found(&app, id).await?;
    let every = Filter::default();
    let (presentations, sessions) = tokio::try_join!(
        presentations::page(&app.store, id, &every, SHOWN, None, now),
        sessions::of_owner(&app.store, id, None, SHOWN, None, now),
    )?;
    let row = |it: presentations::Presentation| PresentationRow {
        id: it.id,
        title: it.title,
        updated_at: it.updated_at,
    };
    Ok(Json(Detail {
        account: AccountView::of(&user, now),
        presentations: presentations.items.into_iter().map(row).collect(),
        sessions: sessions.items.into_iter().map(SessionRow::from).collect(),
    }))
}
