//! The JSON of a session, for its owner and for the audience.

use jiff::Timestamp;
use model::{
    PresentationId, SessionId, SlideId,
    join_code::JoinCode,
    join_key::JoinKey,
    session::{AiAnswerMode, EndReason, SessionKind, SessionStatus, SlidePacing},
};
use serde::Serialize;
use store::sessions::{Session, SessionWithCounts};
use utoipa::ToSchema;

/// A session, for its owner.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionView {
    pub id: SessionId,
    pub kind: SessionKind,
    pub presentation_id: PresentationId,
    pub presentation_title: String,
    pub presentation_slug: String,
    pub join_code: JoinCode,
    /// The key of the join link. Add it to the link or QR code that the audience opens, and send it as `k` with the
    /// requests that contain the join code. The limits on typed codes do not apply then.
    pub join_key: JoinKey,
    pub status: SessionStatus,
    /// Increases by one with every change of the session. Events carry it.
    pub version: u64,
    pub current_slide_id: Option<SlideId>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
    pub end_reason: Option<EndReason>,
    pub ai_answers: AiAnswerMode,
    pub pace: SlidePacing,
    pub blocked_words: Vec<String>,
    /// Participants who were connected at the last count. It is 0 in lists and in responses to changes.
    pub participant_count: u64,
    /// Answers at the last count. It is 0 in lists and in responses to changes.
    pub response_count: u64,
    /// Joins that were refused because the session was full, at the last count. A person who tries again counts again. It is 0 in
    /// lists and in responses to changes.
    pub turned_away: u64,
}

impl SessionView {
    /// Creates the view with counts of 0, for a session that has no counts or whose counts were not read.
    pub fn without_counts(session: Session) -> Self {
        Self {
            id: session.id,
            kind: session.kind,
            presentation_id: session.presentation,
            presentation_title: session.presentation_title,
            presentation_slug: session.presentation_slug,
            join_code: session.join_code,
            join_key: session.join_key,
            status: session.status,
            version: session.version,
            current_slide_id: session.current_slide,
            created_at: session.created_at,
            started_at: session.started_at,
            ended_at: session.ended_at,
            end_reason: session.end_reason,
            ai_answers: session.ai_answers,
            pace: session.pace,
            blocked_words: session.blocked_words.iter().map(str::to_owned).collect(),
            participant_count: 0,
            response_count: 0,
            turned_away: 0,
        }
    }
}

impl From<SessionWithCounts> for SessionView {
    fn from(counted: SessionWithCounts) -> Self {
        Self {
            participant_count: counted.presence.map_or(0, |presence| presence.participants),
            response_count: counted.snapshots.iter().map(|snapshot| snapshot.responses).sum(),
            turned_away: counted.turned_away,
            ..Self::without_counts(counted.session)
        }
    }
}

/// A session, for a person who knows its join code.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PublicSession {
    pub id: SessionId,
    /// The same as `id`.
    pub session_id: SessionId,
    pub kind: SessionKind,
    pub join_code: JoinCode,
    pub presentation_title: String,
    pub status: SessionStatus,
    pub version: u64,
    /// The position of the current slide, from 0. `null` if no slide is shown.
    pub current_slide_order: Option<usize>,
    pub pace: SlidePacing,
}

impl PublicSession {
    /// Creates the view of a session whose current slide has this position.
    pub fn new(session: &Session, current_slide_order: Option<usize>) -> Self {
        Self {
            id: session.id,
            session_id: session.id,
            kind: session.kind,
            join_code: session.join_code.clone(),
            presentation_title: session.presentation_title.clone(),
            status: session.status,
            version: session.version,
            current_slide_order,
            pace: session.pace,
        }
    }
}
