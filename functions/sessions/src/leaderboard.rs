use axum::{Json, extract::State};
use entry::{
    App,
    http::{Answer, Caller, ErrorBody, Id},
};
use jiff::Timestamp;
use model::{SessionId, leaderboard::Entry};
use serde::Serialize;
use store::{
    seats::{self, Seat},
    sessions,
};
use utoipa::ToSchema;

/// Entries that are listed.
pub const LISTED: usize = 100;

#[derive(Debug, Serialize, ToSchema)]
pub struct Leaderboard {
    /// Best first, 100 at most; with names to the presenter only.
    pub entries: Vec<Entry>,
    /// How many have points at all.
    pub total: usize,
    /// Of the participant who asks.
    pub me: Option<Entry>,
    /// `null` where nothing was ranked yet.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub as_of: Option<Timestamp>,
}

/// An entry as it is told; names are for the presenter.
pub fn told(entry: &Entry, named: bool) -> Entry {
    Entry { display_name: entry.display_name.clone().filter(|_| named), ..entry.clone() }
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
        (status = 200, body = Leaderboard),
        (status = 401, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub async fn leaderboard(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<SessionId>,
) -> Answer<Json<Leaderboard>> {
    let now = app.clock.now();
    let (_, seat) = seats::find(&app.store, id, caller.into(), now).await?;
    let Some(found) = sessions::leaderboard(&app.store, id, now).await? else {
        return Ok(Json(Leaderboard { entries: Vec::new(), total: 0, me: None, as_of: None }));
    };
    let named = seat == Seat::Presenter;
    let me = match seat {
        Seat::Presenter => None,
        Seat::Participant { id, .. } => found.ranked.iter().find(|ranked| ranked.participant_id == id),
    };
    Ok(Json(Leaderboard {
        entries: found.ranked.iter().take(LISTED).map(|ranked| told(ranked, named)).collect(),
        total: found.ranked.len(),
        me: me.map(|ranked| told(ranked, false)),
        as_of: Timestamp::from_millisecond(found.as_of).ok(),
    }))
}
