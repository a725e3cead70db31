use model::{FieldError, Room};
use protocol::{
    Event,
    event::{ErrorEvent, PongEvent},
    job::{BroadcastFrame, SendSessionState},
};
use serde_json::{Value, json};

use super::{ONE, check_job, id, now};

pub(super) fn events() -> Vec<Event> {
    let timestamp = now();
    vec![
        Event::Error(ErrorEvent {
            code: "invalid_request",
            message: "slide_id: is required".into(),
            fatal: false,
            fields: vec![FieldError::new("slide_id", "is required")],
            reference: Some(json!(9)),
            retry_after: Some(1),
        }),
        Event::Pong(PongEvent { timestamp, reference: Some(json!("r")) }),
    ]
}

pub(super) fn commands() -> Vec<Value> {
    vec![
        json!({ "type": "join", "payload": { "display_name": "Bo" }, "timestamp": "2026-01-31T12:00:00Z" }),
        json!({ "type": "join" }),
        json!({ "type": "join_speaker", "token": "t" }),
        json!({ "type": "subscribe", "payload": { "since": 3 } }),
        json!({ "type": "subscribe" }),
        json!({ "type": "ping" }),
        json!({ "type": "ping", "payload": { "version": 3 }, "ref": "r" }),
    ]
}

pub(super) fn jobs() {
    check_job(
        &SendSessionState { connection: "c=".into(), arrived: true, opening: false },
        "send_session_state.v1",
        json!({ "connection": "c=", "arrived": true }),
    );
    let broadcast =
        BroadcastFrame { room: Room::Session(id(1)), shard: Some(3), frame: "{}".into(), close: false };
    let golden = json!({ "room": format!("session:{ONE}"), "shard": 3, "frame": "{}", "close": false });
    check_job(&broadcast, "broadcast_frame.v1", golden);
}
