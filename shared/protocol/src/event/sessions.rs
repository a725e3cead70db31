//! Events of a live session.

use jiff::Timestamp;
use model::{
    ParticipantId, ResponseId, SessionId, SlideId,
    join_code::JoinCode,
    leaderboard::LeaderboardEntry,
    session::{AiAnswerMode, EndReason, SessionKind, SessionStatus, SlidePacing},
    tally::Tally,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// A slide as the audience sees it, without notes and without the correct options of a quiz. The presenter's own
/// `session_state` has the whole slide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SessionSlideView {
    pub id: SlideId,
    /// The index of the slide, from 0.
    pub order_index: usize,
    #[serde(rename = "type")]
    pub kind: String,
    #[schema(value_type = Object)]
    pub content: Value,
}

/// The role of a connection in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionRole {
    Presenter,
    Audience,
}

/// The state of a session for one connection.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionState {
    pub session_id: SessionId,
    pub kind: SessionKind,
    pub join_code: JoinCode,
    pub status: SessionStatus,
    pub version: u64,
    pub presentation_title: String,
    pub current_slide: Option<SessionSlideView>,
    pub total_slides: usize,
    pub participant_count: u64,
    /// For the presenter: joins that were refused because the session was full.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turned_away: Option<u64>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub role: ConnectionRole,
    pub pace: SlidePacing,
    pub ai_answers: AiAnswerMode,
    /// Whether the audience sees the results of the current slide.
    pub results_visible: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_id: Option<ParticipantId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub participant_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// The participant's own responses to the current slide.
    pub my_responses: Vec<OwnResponse>,
    /// The votes of the current slide, if this connection may see results.
    pub votes: Option<VoteUpdate>,
}

/// A participant's own response.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OwnResponse {
    pub response_id: ResponseId,
    pub slide_id: SlideId,
    #[schema(value_type = Object)]
    pub content: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    pub created_at: Timestamp,
}

/// The participant's response that counts instead of the one that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ResponseSuperseded {
    #[serde(flatten)]
    pub response: OwnResponse,
    /// The `ref` of the message that this answers.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = crate::envelope::reference_schema)]
    pub reference: Option<Value>,
}

/// The current slide of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CurrentSlideChanged {
    pub session_id: SessionId,
    pub version: u64,
    pub slide: SessionSlideView,
    /// The index of the slide, from 0.
    pub slide_index: usize,
}

/// The start of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionStarted {
    pub session_id: SessionId,
    pub version: u64,
    pub started_at: Timestamp,
    pub current_slide: Option<SessionSlideView>,
}

/// A pause or a resumption of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionStatusChanged {
    pub session_id: SessionId,
    pub version: u64,
    pub timestamp: Timestamp,
}

/// The end of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionEnded {
    pub session_id: SessionId,
    pub version: u64,
    pub ended_at: Timestamp,
    pub end_reason: EndReason,
    pub summary_available: bool,
}

/// The number of connected participants. A participant with several tabs counts once.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ParticipantCount {
    pub session_id: SessionId,
    pub participant_count: u64,
    pub as_of: Timestamp,
}

/// The joins that a full session has refused. The highest `turned_away` is the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SessionFull {
    pub session_id: SessionId,
    /// The participants that the presenter's plan allows.
    pub capacity: u32,
    /// Joins that were refused since the session was created. A person who tries again counts again, because a person who has not
    /// joined has no id. A retry with the same `Idempotency-Key` does not count again.
    pub turned_away: u64,
}

/// A participant who connected.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ParticipantJoined {
    pub participant_id: ParticipantId,
    pub display_name: Option<String>,
    pub is_anonymous: bool,
    /// The last counted number. `participant_count` follows.
    pub participant_count: u64,
}

/// A participant who disconnected.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ParticipantLeft {
    pub participant_id: ParticipantId,
    /// The last counted number. `participant_count` follows.
    pub participant_count: u64,
}

/// A participant's response. A changed response keeps its `response_id`, and the newest `created_at` counts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResponseSubmitted {
    pub response_id: ResponseId,
    pub slide_id: SlideId,
    pub participant_id: ParticipantId,
    pub display_name: Option<String>,
    #[schema(value_type = Object)]
    pub content: Value,
    /// The client's own order, if it sent one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    /// When the gateway received the response.
    pub created_at: Timestamp,
    /// Whether the response is left out of counts and word clouds.
    pub is_hidden: bool,
    pub is_flagged: bool,
}

/// The tally of a slide's responses. The newest `as_of` is the current one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VoteUpdate {
    pub slide_id: SlideId,
    #[serde(flatten)]
    pub tally: Tally,
    pub as_of: Timestamp,
}

/// The settings of a session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionUpdated {
    pub session_id: SessionId,
    pub version: u64,
    pub pace: SlidePacing,
    pub ai_answers: AiAnswerMode,
}

/// The results of a slide.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResultsChanged {
    pub session_id: SessionId,
    pub version: u64,
    pub slide_id: SlideId,
    /// Whether the audience sees the results.
    pub visible: bool,
    /// When the results were reset. Earlier responses are not counted.
    pub reset_at: Option<Timestamp>,
    /// The slide as the audience sees it now. A quiz has its correct options if the results are visible.
    pub slide: Option<SessionSlideView>,
    /// The last counted votes, if the results are visible.
    pub votes: Option<VoteUpdate>,
}

/// The leaderboard of a session's quizzes.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LeaderboardUpdated {
    pub session_id: SessionId,
    /// The best ten participants, best first.
    pub entries: Vec<LeaderboardEntry>,
    /// The number of participants with points.
    pub total: usize,
    pub as_of: Timestamp,
}

/// The session whose report is available.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReportReady {
    pub session_id: SessionId,
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model::tally::WordCount;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::{Event, OutgoingFrame, envelope::MAX_MESSAGE_BYTES};

    /// Returns the longest text of so many characters in JSON, where a control character takes six bytes.
    fn longest(characters: usize) -> String {
        "\u{1}".repeat(characters)
    }

    /// The largest event has a slide of 10,000 characters (contract presentations A3.1), a response of 5,000, and every
    /// name at its limit.
    #[test]
    fn the_largest_event_fits_a_message() {
        let now = Timestamp::UNIX_EPOCH;
        let id = Uuid::from_u128(u128::MAX);
        let votes: BTreeMap<_, _> =
            (0..10).map(|option| (format!("{}{option}", longest(63)), u64::MAX)).collect();
        let word = WordCount { word: "𐐨".repeat(40), count: u64::MAX };
        let state = SessionState {
            session_id: id.into(),
            kind: SessionKind::Presentation,
            join_code: JoinCode::parse("K7M2QX").unwrap(),
            status: SessionStatus::Active,
            version: u64::MAX,
            presentation_title: longest(200),
            current_slide: Some(SessionSlideView {
                id: id.into(),
                order_index: usize::MAX,
                kind: "content".into(),
                content: json!({"text": longest(10_000), "image_url": longest(2_000), "layout": "text-only"}),
            }),
            total_slides: usize::MAX,
            participant_count: u64::MAX,
            turned_away: Some(u64::MAX),
            started_at: Some(now),
            ended_at: Some(now),
            role: ConnectionRole::Audience,
            pace: SlidePacing::Participant,
            ai_answers: AiAnswerMode::Automatic,
            results_visible: true,
            participant_id: Some(id.into()),
            participant_token: Some("x".repeat(1_000)),
            display_name: Some(longest(100)),
            my_responses: vec![OwnResponse {
                response_id: id.into(),
                slide_id: id.into(),
                content: json!({"text": longest(5_000)}),
                seq: Some(i64::MIN),
                created_at: now,
            }],
            votes: Some(VoteUpdate {
                slide_id: id.into(),
                tally: Tally {
                    votes: votes.clone(),
                    total_votes: u64::MAX,
                    total_voters: u64::MAX,
                    words: Some(vec![word; 50]),
                    average: Some(f64::MAX),
                    points: Some(votes),
                },
                as_of: now,
            }),
        };
        let frame = OutgoingFrame::to_connection(Some(id.into()), Event::SessionState(Box::new(state)), now)
            .to_json()
            .unwrap();
        assert!(frame.len() <= MAX_MESSAGE_BYTES, "{} bytes", frame.len());
    }
}
