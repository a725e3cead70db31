use axum::{Json, extract::State};
use entry::{
    App,
    http::{AccountCaller, ApiResult, ErrorBody, ListQuery, PathId, ValidQuery},
};
use jiff::Timestamp;
use model::{ParticipantId, SessionId};
use serde::Serialize;
use store::{
    Page, ReadConsistency,
    sessions::{self, participants},
};
use utoipa::ToSchema;

/// A participant of a session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Participant)]
pub struct ParticipantView {
    pub id: ParticipantId,
    /// The name that the participant chose. `null` if they are anonymous.
    pub display_name: Option<String>,
    pub is_anonymous: bool,
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
    /// When the presenter removed the participant. `null` if they were not removed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub removed_at: Option<Timestamp>,
}

/// List the participants of a session
///
/// Returns every participant who joined a session of the caller, removed ones too.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/participants",
    tag = "sessions",
    operation_id = "list_participants",
    params(("id" = SessionId, Path), ListQuery),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = Page<ParticipantView>),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
        (status = 422, body = ErrorBody),
    )
)]
pub async fn list_participants(
    State(app): State<App>,
    account: AccountCaller,
    PathId(id): PathId<SessionId>,
    ValidQuery(page): ValidQuery<ListQuery>,
) -> ApiResult<Json<Page<ParticipantView>>> {
    let now = app.clock.now();
    sessions::get_owned(&app.store, account.user, id, ReadConsistency::Eventual, now).await?;
    let request = page.page(account.user, "list_participants");
    let found = participants::page(&app.store, id, &request, now).await?;
    Ok(Json(found.map(|participant| ParticipantView {
        id: participant.id,
        is_anonymous: participant.display_name.is_none(),
        display_name: participant.display_name,
        joined_at: participant.joined_at,
        removed_at: participant.removed_at,
    })))
}
