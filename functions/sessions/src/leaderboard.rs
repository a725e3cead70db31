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

/// Entries that are listed.
pub const MAX_LISTED_ENTRIES: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
pub struct LeaderboardResponse {
    /// Best first, 100 at most; with names to the presenter only.
    pub entries: Vec<LeaderboardEntry>,
    /// How many have points at all.
    pub total: usize,
    /// Of the participant who asks.
    pub me: Option<LeaderboardEntry>,
    /// `null` where nothing was ranked yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
}

/// An entry as it is told; names are for the presenter.
pub fn visible_entry(entry: &LeaderboardEntry, named: bool) -> LeaderboardEntry {
    LeaderboardEntry { display_name: entry.display_name.clone().filter(|_| named), ..entry.clone() }
}

/// Who leads in the quizzes of a session whose results were shown.
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
    let (_, seat) = roles::get_with_role(&app.store, id, caller.into(), now).await?;
    let Some(found) = sessions::get_leaderboard(&app.store, id, now).await? else {
        return Ok(Json(LeaderboardResponse { entries: Vec::new(), total: 0, me: None, as_of: None }));
    };
    let named = seat == SessionRole::Presenter;
    let me = match seat {
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
