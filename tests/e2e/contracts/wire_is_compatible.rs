//! What crosses a wire keeps its shape: events that clients read, commands that clients of the last release send, jobs
//! that the last release left in a queue.

use std::{collections::BTreeSet, fs};

use jiff::Timestamp;
use model::{
    FieldError, Room,
    assistant::{Assistance, Citation, CitationSource, GenerationStatus},
    join_code::JoinCode,
    leaderboard::Entry,
    question::Status as QuestionStatus,
    session::{AiAnswers, EndReason, Pacing, SessionKind, Status},
    tally::Tally,
    tick::Tick,
};
use protocol::{
    Event, Incoming, Job, Outgoing, command,
    event::{
        AiResponse, ErrorEvent, GenerationUpdated, LeaderboardUpdated, OwnResponse, ParticipantCount,
        ParticipantJoined, ParticipantLeft, Pong, QuestionAnswer, QuestionView, ReportReady,
        ResponseSubmitted, ResultsChanged, SessionEnded, SessionMoved, SessionRole, SessionStarted,
        SessionState, SessionUpdated, SlideChanged, SlideView, VoteUpdate,
    },
    job::{
        AnswerQuestion, Broadcast, CheckSession, CountPresence, CountUpvotes, CountVotes, EndLogin,
        EndSession, GenerateSlide, Greet, Letter, RankQuiz, SendMail, Told, WriteReport,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::operations_cost_what_the_table_says::updating;
use crate::world::repository;

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn slide() -> SlideView {
    SlideView { id: id(3), order_index: 1, kind: "content".into(), content: json!({ "text": "Herons" }) }
}

fn votes() -> VoteUpdate {
    let tally = Tally::count(["a", "b"], [["a"], ["a"]]);
    VoteUpdate { slide_id: id(3), tally, as_of: now() }
}

fn answer() -> QuestionAnswer {
    QuestionAnswer {
        response_text: "In high trees.".into(),
        is_ai: true,
        provider: Some("extractive".into()),
        citations: vec![Citation {
            source: CitationSource::Slide,
            slide_id: Some(id(3)),
            quote: Some("Herons nest in high trees.".into()),
        }],
        answered_at: now(),
    }
}

fn question(answer: Option<QuestionAnswer>) -> QuestionView {
    QuestionView {
        question_id: id(6),
        slide_id: Some(id(3)),
        question_text: Some("Where do they nest?".into()),
        status: QuestionStatus::Queued,
        merged_into: None,
        is_pinned: false,
        upvotes: 3,
        assistant: Assistance::Drafted,
        answer,
        version: 2,
        created_at: now(),
        participant_id: Some(id(4)),
        display_name: Some("Bo".into()),
        is_flagged: Some(false),
        draft: None,
    }
}

/// One of each. A new kind of event does not compile until it has its place in [`name`], and fails here until it has its
/// example.
fn events() -> Vec<Event> {
    let (session_id, version, timestamp) = (id(1), 7, now());
    let moved = SessionMoved { session_id, version, timestamp };
    vec![
        Event::SessionState(Box::new(SessionState {
            session_id,
            kind: SessionKind::Presentation,
            join_code: JoinCode::typed("K7M2QX").unwrap(),
            status: Status::Active,
            version,
            presentation_title: "Herons".into(),
            current_slide: Some(slide()),
            total_slides: 2,
            participant_count: 5,
            started_at: Some(timestamp),
            ended_at: None,
            role: SessionRole::Audience,
            pace: Pacing::Presenter,
            ai_answers: AiAnswers::Automatic,
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
        Event::SlideChanged(SlideChanged { session_id, version, slide: slide(), slide_index: 1 }),
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
        Event::ResponseSubmitted(ResponseSubmitted {
            response_id: id(5),
            slide_id: id(3),
            participant_id: id(4),
            display_name: Some("Bo".into()),
            content: json!({ "text": "by the river" }),
            created_at: timestamp,
            is_hidden: false,
            is_flagged: false,
        }),
        Event::VoteUpdate(votes()),
        Event::Error(ErrorEvent {
            code: "invalid_request",
            message: "slide_id: is required".into(),
            fatal: false,
            fields: vec![FieldError::new("slide_id", "is required")],
            reference: Some(json!(9)),
            retry_after: Some(1),
        }),
        Event::Pong(Pong { timestamp, reference: Some(json!("r")) }),
    ]
    .into_iter()
    .chain(newer_events())
    .collect()
}

/// Of the presenter's and the assistant's doings.
fn newer_events() -> Vec<Event> {
    let (session_id, version, timestamp) = (id(1), 7, now());
    vec![
        Event::SessionUpdated(SessionUpdated {
            session_id,
            version,
            pace: Pacing::Participant,
            ai_answers: AiAnswers::OnApproval,
        }),
        Event::ResultsChanged(Box::new(ResultsChanged {
            session_id,
            version,
            slide_id: id(3),
            visible: true,
            reset_at: Some(timestamp),
            slide: Some(slide()),
            votes: Some(votes()),
        })),
        Event::LeaderboardUpdated(LeaderboardUpdated {
            session_id,
            entries: vec![Entry {
                rank: 1,
                participant_id: id(4),
                display_name: Some("Bo".into()),
                points: 950,
            }],
            total: 5,
            as_of: timestamp,
        }),
        Event::QuestionAsked(Box::new(question(None))),
        Event::QuestionUpdated(Box::new(question(Some(answer())))),
        Event::AiResponse(Box::new(AiResponse {
            question_id: id(6),
            slide_id: Some(id(3)),
            question_text: "Where do they nest?".into(),
            response_text: "In high trees.".into(),
            is_streaming: false,
            is_complete: true,
            is_ai: true,
            provider: Some("extractive".into()),
            citations: answer().citations,
        })),
        Event::GenerationUpdated(GenerationUpdated {
            session_id,
            slide_id: id(3),
            status: GenerationStatus::Failed,
            requested_at: timestamp,
            error: Some("nobody has answered yet".into()),
        }),
        Event::ReportReady(ReportReady { session_id, created_at: timestamp }),
    ]
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::SessionState(_) => "session_state",
        Event::SlideChanged(_) => "slide_changed",
        Event::SessionStarted(_) => "session_started",
        Event::SessionPaused(_) => "session_paused",
        Event::SessionResumed(_) => "session_resumed",
        Event::SessionEnded(_) => "session_ended",
        Event::ParticipantCount(_) => "participant_count",
        Event::ParticipantJoined(_) => "participant_joined",
        Event::ParticipantLeft(_) => "participant_left",
        Event::ResponseSubmitted(_) => "response_submitted",
        Event::VoteUpdate(_) => "vote_update",
        Event::SessionUpdated(_) => "session_updated",
        Event::ResultsChanged(_) => "results_changed",
        Event::LeaderboardUpdated(_) => "leaderboard_updated",
        Event::QuestionAsked(_) => "question_asked",
        Event::QuestionUpdated(_) => "question_updated",
        Event::AiResponse(_) => "ai_response",
        Event::GenerationUpdated(_) => "generation_updated",
        Event::ReportReady(_) => "report_ready",
        Event::Error(_) => "error",
        Event::Pong(_) => "pong",
        _ => "of the team",
    }
}

#[test]
fn events_keep_their_shape() {
    let events = events();
    let names: BTreeSet<_> = events.iter().map(name).collect();
    assert_eq!(names.len(), 21, "one example of each: {names:?}");
    let frames: Vec<Value> = events
        .into_iter()
        .map(|event| {
            let name = name(&event);
            let frame = Outgoing::to_room(Room::Session(id(1)), event, now()).json().unwrap();
            let mut frame: Value = serde_json::from_str(&frame).unwrap();
            assert_eq!(frame["type"], name);
            frame.sort_all_objects();
            frame
        })
        .collect();
    if updating() {
        let file = repository().join("shared/protocol/src/asyncapi/events.json");
        fs::write(file, serde_json::to_string_pretty(&frames).unwrap() + "\n").unwrap();
        return;
    }
    let mut golden: Value = serde_json::from_str(protocol::asyncapi::GOLDEN_EVENTS).unwrap();
    golden.sort_all_objects();
    assert_eq!(
        serde_json::to_string_pretty(&frames).unwrap(),
        serde_json::to_string_pretty(&golden).unwrap(),
        "shared/protocol/src/asyncapi/events.json is what clients rely on: a changed event is a new one"
    );
}

/// Frames that clients in the field send: the envelope, the flat form, the originals' names.
#[test]
fn commands_of_every_client_are_read() {
    let slide = "00000000-0000-0000-0000-000000000003";
    let mut read = BTreeSet::new();
    for text in [
        json!({ "type": "join", "payload": { "display_name": "Bo" }, "timestamp": "2026-01-31T12:00:00Z" }),
        json!({ "type": "join" }),
        json!({ "type": "join_speaker", "token": "t" }),
        json!({ "type": "subscribe", "payload": { "since": 3 } }),
        json!({ "type": "subscribe" }),
        json!({ "type": "ping" }),
        json!({ "type": "ping", "payload": { "version": 3 }, "ref": "r" }),
        json!({ "type": "response_submitted", "payload": { "slide_id": slide, "content": { "selected": ["a"] } } }),
        json!({ "type": "question_asked", "payload": { "slide_id": slide, "question_text": "Why?" } }),
        json!({ "type": "ask_question", "question_text": "Why?" }),
        json!({ "type": "upvote_question", "question_id": slide }),
        json!({ "type": "upvote_question", "payload": { "question_id": slide, "up": false } }),
        json!({ "type": "join_channel", "channel_id": slide }),
        json!({ "type": "join_channel", "channel_id": slide, "last_seq": 3 }),
        json!({ "type": "join_channel", "payload": { "channel_id": slide, "since": { "seq": 3, "change": 0 } } }),
        json!({ "type": "leave_channel", "channel_id": slide }),
        json!({ "type": "typing_indicator", "channel_id": slide, "is_typing": false }),
        json!({ "type": "get_online_users", "channel_id": slide }),
        json!({ "type": "submit_response", "slide_id": slide, "content": { "text": "x" }, "seq": 5 }),
    ] {
        let message = Incoming::parse(&text.to_string()).unwrap();
        command::read(&message).expect("a known type").unwrap_or_else(|error| panic!("{text}: {error}"));
        read.insert(message.kind);
    }
    assert_eq!(read, command::types().into_iter().map(str::to_owned).collect(), "an example of each");
}

fn job<J: Job + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    job: &J,
    name: &str,
    golden: Value,
) {
    assert_eq!(J::NAME, name, "a changed job is a new name; the old one is drained first");
    assert_eq!(serde_json::to_value(job).unwrap(), golden, "{name}");
    assert_eq!(*job, serde_json::from_value(golden).unwrap(), "{name}");
}

#[test]
fn jobs_keep_their_shape() {
    let (one, two) = ("00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002");
    job(
        &Greet { connection: "c=".into(), arrived: true, opening: false },
        "greet.v1",
        json!({ "connection": "c=", "arrived": true }),
    );
    job(&EndLogin { user: id(1), login: id(2) }, "end_login.v1", json!({ "user": one, "login": two }));
    job(&CheckSession { session: id(1) }, "check_session.v1", json!({ "session": one }));
    job(
        &AnswerQuestion { session: id(1), question: id(2) },
        "answer_question.v1",
        json!({ "session": one, "question": two }),
    );
    job(
        &GenerateSlide { session: id(1), slide: id(2) },
        "generate_slide.v1",
        json!({ "session": one, "slide": two }),
    );
    job(&RankQuiz { session: id(1) }, "rank_quiz.v1", json!({ "session": one }));
    let report = WriteReport { session: id(1), counting: true };
    job(&report, "write_report.v1", json!({ "session": one, "counting": true }));
    let upvotes = CountUpvotes { session: id(1), question: id(2) };
    job(&upvotes, "count_upvotes.v1", json!({ "session": one, "question": two }));
    job(&EndSession { session: id(1) }, "end_session.v1", json!({ "session": one }));
    let votes = CountVotes {
        session: id(1),
        slide: id(2),
        tick: Tick(9),
        told: Told::Presenter,
        tries: 0,
        since: None,
    };
    job(&votes, "count_votes.v1", json!({ "session": one, "slide": two, "tick": 9, "told": "presenter" }));
    let again = CountVotes { tries: 2, since: Some(5), ..votes };
    let golden = json!({
        "session": one, "slide": two, "tick": 9, "told": "presenter", "tries": 2, "since": 5,
    });
    job(&again, "count_votes.v1", golden);
    let presence = CountPresence { session: id(1), tick: Tick(9), told: Told::Everyone, tries: 0 };
    job(&presence, "count_presence.v1", json!({ "session": one, "tick": 9, "told": "everyone" }));
    let broadcast =
        Broadcast { room: Room::Session(id(1)), shard: Some(3), frame: "{}".into(), close: false };
    let golden = json!({ "room": format!("session:{one}"), "shard": 3, "frame": "{}", "close": false });
    job(&broadcast, "broadcast.v1", golden);
    let mail = |letter| SendMail { id: "m".into(), user: id(2), letter };
    let reset = mail(Letter::PasswordReset { token: "t".into() });
    job(
        &reset,
        "send_mail.v1",
        json!({ "id": "m", "user": two, "letter": { "letter": "password_reset", "token": "t" } }),
    );
    let changed = mail(Letter::PasswordChanged);
    job(
        &changed,
        "send_mail.v1",
        json!({ "id": "m", "user": two, "letter": { "letter": "password_changed" } }),
    );
    let ready = mail(Letter::ReportReady { session: id(1), title: "Herons".into() });
    let letter = json!({ "letter": "report_ready", "session": one, "title": "Herons" });
    job(&ready, "send_mail.v1", json!({ "id": "m", "user": two, "letter": letter }));
}
