use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{Account, Answer, ErrorBody, Id},
};
use model::{Error, SessionId, SlideId, session::Status};
use serde::Serialize;
use store::{participants, sessions};
use utoipa::ToSchema;

#[derive(Debug, Serialize, ToSchema)]
pub struct Statistics {
    pub session_id: SessionId,
    pub status: Status,
    /// Everyone who ever joined.
    pub participant_count: u64,
    /// Connected when last counted.
    pub connected_count: u64,
    pub total_responses: u64,
    pub responses_per_slide: BTreeMap<String, u64>,
    /// `null` before the start; runs until the end.
    pub duration_seconds: Option<i64>,
}

macro_rules! statistics {
    ($($(#[$doc:meta])* $name:ident, $path:literal, $id:literal;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(
            get,
            path = $path,
            tag = "sessions",
            operation_id = $id,
            params(("id" = SessionId, Path)),
            security(("bearer" = []), ("cookie" = [])),
            responses(
                (status = 200, body = Statistics),
                (status = 401, body = ErrorBody),
                (status = 404, body = ErrorBody),
            )
        )]
        pub async fn $name(
            State(app): State<App>,
            account: Account,
            Id(id): Id<SessionId>,
        ) -> Answer<Json<Statistics>> {
            Ok(Json(of(&app, account, id).await?))
        }
    )*};
}

statistics! {
    /// What has happened in a session so far.
    statistics, "/v1/sessions/{id}/statistics", "session_statistics";
    /// What has happened in a session so far; the short spelling.
    stats, "/v1/sessions/{id}/stats", "session_stats";
}

async fn of(app: &App, account: Account, id: SessionId) -> Result<Statistics, Error> {
    let now = app.clock.now();
    let counted = sessions::with_counts(&app.store, account.user, id, now).await?;
    let responses_per_slide: BTreeMap<String, u64> = counted
        .snapshots
        .iter()
        .map(|snapshot| (SlideId::to_string(&snapshot.slide), snapshot.responses))
        .collect();
    let until = counted.session.ended_at.unwrap_or(now);
    Ok(Statistics {
        session_id: id,
        status: counted.session.status,
        participant_count: participants::count(&app.store, id).await?,
        connected_count: counted.presence.map_or(0, |presence| presence.participants),
        total_responses: responses_per_slide.values().sum(),
        responses_per_slide,
        duration_seconds: counted.session.started_at.map(|started| until.duration_since(started).as_secs()),
    })
}
