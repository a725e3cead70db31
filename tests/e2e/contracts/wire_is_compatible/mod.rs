//! Wire formats stay compatible: events that clients read, commands that clients of the last release send, and jobs that the last
//! release left in a queue. Each domain has its examples in its own file.

mod chat;
mod identity;
mod questions;
mod sessions;
mod slides;
mod sockets;
mod votes;

use std::{collections::BTreeSet, fs};

use jiff::Timestamp;
use model::{Room, tally::Tally};
use protocol::{
    Event, IncomingFrame, Job, OutgoingFrame, command,
    event::{SessionSlideView, VoteUpdate},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use uuid::Uuid;

use super::operations_cost_what_costs_md_says::is_update_run;
use crate::world::repository;

/// The text of [`id`] for 1, 2 and 3.
const ONE: &str = "00000000-0000-0000-0000-000000000001";
const TWO: &str = "00000000-0000-0000-0000-000000000002";
const SLIDE: &str = "00000000-0000-0000-0000-000000000003";

fn id<T: From<Uuid>>(number: u128) -> T {
    Uuid::from_u128(number).into()
}

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn slide() -> SessionSlideView {
    SessionSlideView {
        id: id(3),
        order_index: 1,
        kind: "content".into(),
        content: json!({ "text": "Herons" }),
    }
}

fn votes() -> VoteUpdate {
    let tally = Tally::count(["a", "b"], [["a"], ["a"]]);
    VoteUpdate { slide_id: id(3), tally, as_of: now() }
}

/// Returns one event of each type. A new type does not compile until [`event_name`] contains it, and the test fails until it has
/// an example.
fn events() -> Vec<Event> {
    let of_talks = [sessions::events(), votes::events(), questions::events(), slides::events()];
    of_talks.into_iter().chain([sockets::events(), chat::events()]).flatten().collect()
}

fn event_name(event: &Event) -> &'static str {
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
        Event::SessionFull(_) => "session_full",
        Event::ResponseSubmitted(_) => "response_submitted",
        Event::ResponseSuperseded(_) => "response_superseded",
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
        Event::ConnectionEstablished(_) => "connection_established",
        Event::ChannelJoined(_) => "channel_joined",
        Event::ChannelLeft(_) => "channel_left",
        Event::ChannelChanges(_) => "channel_changes",
        Event::ResyncRequired(_) => "resync_required",
        Event::NewMessage(_) => "new_message",
        Event::MessageEdited(_) => "message_edited",
        Event::MessageDeleted(_) => "message_deleted",
        Event::MessageReaction(_) => "message_reaction",
        Event::TypingIndicator(_) => "typing_indicator",
        Event::UserStatus(_) => "user_status",
        Event::TeamPresence(_) => "team_presence",
        Event::OnlineUsers(_) => "online_users",
        Event::UserJoined(_) => "user_joined",
        Event::UserLeft(_) => "user_left",
        Event::MemberUpdated(_) => "member_updated",
        Event::MentionNotification(_) => "mention_notification",
        Event::ChannelCreated(_) => "channel_created",
        Event::ChannelUpdated(_) => "channel_updated",
        Event::ChannelDeleted(_) => "channel_deleted",
        Event::ReadMarked(_) => "read_marked",
        Event::DraftUpdated(_) => "draft_updated",
        Event::DirectChannelUpdated(_) => "direct_channel_updated",
        Event::BlockUpdated(_) => "block_updated",
        Event::ForceDisconnect(_) => "force_disconnect",
    }
}

#[test]
fn events_keep_their_shape() {
    let events = events();
    let names: BTreeSet<_> = events.iter().map(event_name).collect();
    assert_eq!(names.len(), 48, "every type of event needs one example: {names:?}");
    let mut golden: Vec<Value> = serde_json::from_str(protocol::asyncapi::GOLDEN_EVENTS).unwrap();
    let mut frames: Vec<Value> = events
        .into_iter()
        .map(|event| {
            let name = event_name(&event);
            let frame = OutgoingFrame::to_room(Room::Session(id(1)), event, now()).to_json().unwrap();
            let mut frame: Value = serde_json::from_str(&frame).unwrap();
            assert_eq!(frame["type"], name);
            frame.sort_all_objects();
            frame
        })
        .collect();
    // in the order of the file, with new events at the end
    frames.sort_by_key(|frame| {
        golden.iter().position(|old| old["type"] == frame["type"]).unwrap_or(golden.len())
    });
    if is_update_run() {
        let file = repository().join("shared/protocol/src/asyncapi/events.json");
        fs::write(file, serde_json::to_string_pretty(&frames).unwrap() + "\n").unwrap();
        return;
    }
    golden.iter_mut().for_each(Value::sort_all_objects);
    assert_eq!(
        serde_json::to_string_pretty(&frames).unwrap(),
        serde_json::to_string_pretty(&golden).unwrap(),
        "clients depend on shared/protocol/src/asyncapi/events.json: give a changed event a new name"
    );
}

/// Clients send the envelope, the flat form and the names of the original applications.
#[test]
fn commands_of_every_client_are_parsed() {
    let mut read = BTreeSet::new();
    for text in [sockets::commands(), votes::commands(), questions::commands(), chat::commands()].concat() {
        let message = IncomingFrame::parse(&text.to_string()).unwrap();
        command::check(&message).expect("a known type").unwrap_or_else(|error| panic!("{text}: {error}"));
        read.insert(message.message_type);
    }
    assert_eq!(
        read,
        command::all_types().into_iter().map(str::to_owned).collect(),
        "every command needs an example"
    );
}

fn check_job<J: Job + Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    job: &J,
    name: &str,
    golden: Value,
) {
    assert_eq!(J::NAME, name, "a changed job needs a new name, and its queue must be drained first");
    assert_eq!(serde_json::to_value(job).unwrap(), golden, "{name}");
    assert_eq!(*job, serde_json::from_value(golden).unwrap(), "{name}");
}

#[test]
fn jobs_keep_their_shape() {
    sockets::jobs();
    identity::jobs();
    sessions::jobs();
    votes::jobs();
    questions::jobs();
    slides::jobs();
    chat::jobs();
}
