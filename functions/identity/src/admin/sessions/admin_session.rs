//! A session as admins see it. It has no join code, because the code admits participants.

use jiff::Timestamp;
use model::{
    PresentationId, SessionId, UserId,
    plan::Plan,
    session::{EndReason, SessionKind, SessionStatus},
};
use serde::Serialize;
use store::sessions::Session;
use utoipa::ToSchema;

/// A session as admins see it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct AdminSession {
    id: SessionId,
    kind: SessionKind,
    owner_id: UserId,
    presentation_id: PresentationId,
    presentation_title: String,
    status: SessionStatus,
    /// The owner's plan when the session was created. Its limits apply to the session.
    plan: Plan,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
    end_reason: Option<EndReason>,
}

impl From<Session> for AdminSession {
    fn from(session: Session) -> Self {
        Self {
            id: session.id,
            kind: session.kind,
            owner_id: session.owner,
            presentation_id: session.presentation,
            presentation_title: session.presentation_title,
            status: session.status,
            plan: session.plan,
            created_at: session.created_at,
            started_at: session.started_at,
            ended_at: session.ended_at,
            end_reason: session.end_reason,
        }
    }
}
