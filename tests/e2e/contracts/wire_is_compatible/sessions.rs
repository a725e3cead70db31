use model::{
    join_code::JoinCode,
    session::{AiAnswerMode, EndReason, SessionKind, SessionStatus, SlidePacing},
    tick::Tick,
};
use protocol::{
    Event,
    event::{
        ConnectionRole, CurrentSlideChanged, OwnResponse, ParticipantCount, ParticipantJoined,
        ParticipantLeft, ReportReady, SessionEnded, SessionFull, SessionStarted, SessionState,
        SessionStatusChanged, SessionUpdated,
    },
    job::{
        CheckSession, CountPresence, CountRecipients, CountTurnedAway, EndSession, FinishRemoval, WriteReport,
    },
};
use serde_json::json;

use super::{ONE, TWO, check_job, id, now, slide, votes};

pub(super) fn events() -> Vec<Event> {
    let (session_id, version, timestamp) = (id(1), 7, now());
    let moved = SessionStatusChanged { session_id, version, timestamp };
    vec![
        Event::SessionState(Box::new(SessionState {
            session_id,
            kind: SessionKind::Presentation,
            join_code: JoinCode::parse("K7M2QX").unwrap(),
            status: SessionStatus::Active,
            version,
            presentation_title: "Herons".into(),
            current_slide: Some(slide()),
            total_slides: 2,
            participant_count: 5,
            turned_away: None,
            started_at: Some(timestamp),
            ended_at: None,
            role: ConnectionRole::Audience,
            pace: SlidePacing::Presenter,
            ai_answers: AiAnswerMode::Automatic,
            results_visible: true,
            participant_id: Some(id(4)),
            participant_token: Some("token".into()),
            display_name: Some("Bo".into()),
            my_responses: vec![OwnResponse {
                response_id: id(5),
                slide_id: id(3),
                content: json!({ "selected": ["a"] }),
                seq: Some(2),
                created_at: timestamp,
            }],
            votes: Some(votes()),
        })),
        Event::SlideChanged(CurrentSlideChanged { session_id, version, slide: slide(), slide_index: 1 }),
        Event::SessionStarted(SessionStarted {
            session_id,
            version,
            started_at: timestamp,
            current_slide: Some(slide()),
        }),
        Event::SessionPaused(moved.clone()),
        Event::SessionResumed(moved),
        Event::SessionEnded(SessionEnded {
            session_id,
            version,
            ended_at: timestamp,
            end_reason: EndReason::Expired,
            summary_available: false,
        }),
        Event::ParticipantCount(ParticipantCount { session_id, participant_count: 5, as_of: timestamp }),
        Event::ParticipantJoined(ParticipantJoined {
            participant_id: id(4),
            display_name: None,
            is_anonymous: true,
            participant_count: 5,
        }),
        Event::ParticipantLeft(ParticipantLeft { participant_id: id(4), participant_count: 4 }),
        Event::SessionFull(SessionFull { session_id, capacity: 25, turned_away: 12 }),
        Event::SessionUpdated(SessionUpdated {
            session_id,
            version,
            pace: SlidePacing::Participant,
            ai_answers: AiAnswerMode::OnApproval,
        }),
        Event::ReportReady(ReportReady { session_id, created_at: timestamp }),
    ]
}

pub(super) fn jobs() {
    check_job(&CheckSession { session: id(1) }, "check_session.v1", json!({ "session": ONE }));
    check_job(&EndSession { session: id(1) }, "end_session.v1", json!({ "session": ONE }));
    let removal = FinishRemoval { session: id(1), participant: id(2) };
    check_job(&removal, "finish_removal.v1", json!({ "session": ONE, "participant": TWO }));
    let report = WriteReport { session: id(1), counting: true };
    check_job(&report, "write_report.v1", json!({ "session": ONE, "counting": true }));
    let turned_away = CountTurnedAway { session: id(1), tick: Tick(7) };
    check_job(&turned_away, "count_turned_away.v1", json!({ "session": ONE, "tick": 7 }));
    let presence =
        CountPresence { session: id(1), tick: Tick(9), recipients: CountRecipients::Everyone, tries: 0 };
    check_job(&presence, "count_presence.v1", json!({ "session": ONE, "tick": 9, "told": "everyone" }));
}
