use axum::{Json, extract::State};
use entry::{
    App,
    http::{ApiResult, Caller, ErrorBody, PathId},
};
use jiff::Timestamp;
use model::{SessionId, leaderboard::LeaderboardEntry};
use serde::Serialize;
use store::sessions::{
    self,
    roles::{self, SessionRole},
};
use utoipa::ToSchema;

/// Entries in a response.
pub const MAX_LISTED_ENTRIES: usize = 100;

/// The participants with the most points.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderboardResponse {
    /// At most 100 entries, the best first. Only the presenter sees the names.
    pub entries: Vec<LeaderboardEntry>,
    /// Participants who have points.
    pub total: usize,
    /// The entry of the participant who sent the request.
    pub me: Option<LeaderboardEntry>,
    /// When the ranking was computed. `null` if there is none yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
}

/// Returns an entry with its name, or without it if `named` is false. Only the presenter sees names.
pub fn visible_entry(entry: &LeaderboardEntry, named: bool) -> LeaderboardEntry {
    LeaderboardEntry { display_name: entry.display_name.clone().filter(|_| named), ..entry.clone() }
}

/// Get the leaderboard of a session
///
/// Returns the ranking of the participants by their points in the quizzes whose results were shown.
#[utoipa::path(
    get,
    path = "/v1/sessions/{id}/leaderboard",
    tag = "sessions",
    operation_id = "get_leaderboard",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = []), ("participant" = [])),
    responses(
        (status = 200, body = LeaderboardResponse),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn get_leaderboard(
    State(app): State<App>,
    caller: Caller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<LeaderboardResponse>> {
    let now = app.clock.now();
    let (_, role) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let Some(found) = sessions::get_leaderboard(&app.store, id, now).await? else {
        return Ok(Json(LeaderboardResponse { entries: Vec::new(), total: 0, me: None, as_of: None }));
    };
    let named = role == SessionRole::Presenter;
    let me = match role {
        SessionRole::Presenter => None,
        SessionRole::Participant { id, .. } => found.ranked.iter().find(|ranked| ranked.participant_id == id),
    };
    Ok(Json(LeaderboardResponse {
        entries: found
            .ranked
            .iter()
            .take(MAX_LISTED_ENTRIES)
            .map(|ranked| visible_entry(ranked, named))
            .collect(),
        total: found.ranked.len(),
        me: me.map(|ranked| visible_entry(ranked, false)),
        as_of: Timestamp::from_millisecond(found.as_of).ok(),
    }))
}
