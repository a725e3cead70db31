use model::{AccountLogin, ConnectionIdentity, FieldError, Room};
use protocol::{
    Event,
    event::{ErrorEvent, PongEvent},
    job::{
        BroadcastFrame, ConnectionClosed, ConnectionOpened, ConnectionUnreachable, ConnectionsEnded,
        OpenedReason,
    },
};
use serde_json::{Value, json};

use super::{ONE, TWO, check_job, id, now};

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
    let identity = ConnectionIdentity::Participant { participant: id(2), session: id(1), by: None };
    let golden_identity = json!({ "participant": { "participant": TWO, "session": ONE, "by": null } });
    let opened =
        ConnectionOpened { connection: "c=".into(), identity, reason: OpenedReason::RetryAfterOpening };
    let golden = json!({ "connection": "c=", "identity": golden_identity, "reason": "retry_after_opening" });
    check_job(&opened, "connection_opened.v1", golden);
    let login = AccountLogin { user: id(1), login: id(2) };
    let identity = ConnectionIdentity::Account { user: login.user, login: login.login, presents: None };
    let closed = ConnectionClosed { connection: "c=".into(), identity, others: Vec::new() };
    let golden_identity = json!({ "account": { "user": ONE, "login": TWO, "presents": null } });
    let golden = json!({ "connection": "c=", "identity": golden_identity });
    check_job(&closed, "connection_closed.v1", golden);
    let closed = ConnectionClosed { others: vec!["d=".into()], ..closed };
    let golden = json!({ "connection": "c=", "identity": golden_identity, "others": ["d="] });
    check_job(&closed, "connection_closed.v1", golden);
    let ended = ConnectionsEnded { connections: vec!["c=".into(), "d=".into()], identity };
    let golden = json!({ "connections": ["c=", "d="], "identity": golden_identity });
    check_job(&ended, "connections_ended.v1", golden);
    let unreachable = ConnectionUnreachable { connection: "c=".into(), is_opening: true };
    let golden = json!({ "connection": "c=", "is_opening": true });
    check_job(&unreachable, "connection_unreachable.v1", golden);
    let broadcast =
        BroadcastFrame { room: Room::Session(id(1)), shard: Some(3), frame: "{}".into(), close: false };
    let golden = json!({ "room": format!("session:{ONE}"), "shard": 3, "frame": "{}", "close": false });
    check_job(&broadcast, "broadcast_frame.v1", golden);
}
