use std::collections::BTreeMap;

use axum::{Json, extract::State};
use entry::{
    App,
    http::{AdminCaller, ApiResult, ErrorBody, PathId},
};
use jiff::Timestamp;
use model::{Error, ParticipantId, SessionId};
use serde::Serialize;
use store::{
    PageRequest,
    identity::plan_usage::{self, AiUsage},
    sessions::{
        self,
        participants::{self, Participant},
    },
};
use utoipa::ToSchema;

use super::admin_session::AdminSession;

/// Participants that the response lists.
const MAX_LISTED_PARTICIPANTS: usize = 100;

/// A session with its participants and counts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminSessionDetail {
    #[serde(flatten)]
    session: AdminSession,
    /// Participants that have ever joined.
    participant_count: u64,
    /// Participants that are connected, as last counted.
    connected_count: u64,
    /// Joins that were refused because the session was full. A person who tried again counts again.
    turned_away: u64,
    /// The first 100 participants.
    participants: Vec<AdminParticipant>,
    total_responses: u64,
    /// Responses by the id of their slide.
    responses_per_slide: BTreeMap<String, u64>,
    ai: AiUsage,
}

/// A participant as admins see them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AdminParticipant {
    id: ParticipantId,
    display_name: Option<String>,
    is_guest: bool,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

impl From<Participant> for AdminParticipant {
    fn from(participant: Participant) -> Self {
        Self {
            id: participant.id,
            display_name: participant.display_name,
            is_guest: participant.user.is_none(),
            joined_at: participant.joined_at,
        }
    }
}

/// Get a session
///
/// Returns a session of any owner with its first 100 participants, its responses per slide and its AI usage. For
/// admins.
#[utoipa::path(
    get,
    path = "/v1/admin/sessions/{id}",
    tag = "admin",
    operation_id = "admin_get_session",
    params(("id" = SessionId, Path)),
    security(("bearer" = []), ("cookie" = [])),
    responses(
        (status = 200, body = AdminSessionDetail),
        (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody),
    )
)]
pub(crate) async fn admin_get_session(
    State(app): State<App>,
    _staff: AdminCaller,
    PathId(id): PathId<SessionId>,
) -> ApiResult<Json<AdminSessionDetail>> {
    let now = app.clock.now();
    let first = PageRequest::internal(MAX_LISTED_PARTICIPANTS);
    let (counted, participant_count, named, ai) = tokio::try_join!(
        sessions::get_with_counts(&app.store, id, now),
        participants::count(&app.store, id),
        participants::page(&app.store, id, &first, now),
        plan_usage::sum_ai_usage(&app.store, id, now),
    )?;
    let counted = counted.ok_or(Error::NotFound("session"))?;
    let responses_per_slide: BTreeMap<String, u64> =
        counted.snapshots.iter().map(|snapshot| (snapshot.slide.to_string(), snapshot.responses)).collect();
    Ok(Json(AdminSessionDetail {
        session: counted.session.into(),
        participant_count,
        connected_count: counted.presence.map_or(0, |presence| presence.participants),
        turned_away: counted.turned_away,
        participants: named.items.into_iter().map(AdminParticipant::from).collect(),
        total_responses: responses_per_slide.values().sum(),
        responses_per_slide,
        ai,
    }))
}
