//! The AsyncAPI 3.0 document of the socket. It is made from the types of [`command`](crate::command) and
//! [`event`](crate::event). A new variant of [`Event`](crate::Event) becomes a new message, and its doc comment becomes
//! the text of the message.
//!
//! The schemas come from the `utoipa` derives that the types already have for OpenAPI. The crate `asyncapi-rust` was
//! rejected. It needs a second derive (schemars) on every type, has no WebSocket bindings, and takes a message for the
//! whole frame, while here every message has an envelope.
//!
//! A message has its name on the wire with its direction behind it, because `response_submitted` exists in both
//! directions.

mod commands;
mod events;
mod schemas;

use serde_json::{Map, Value, json};

use crate::envelope::{MAX_FRAME_BYTES, MAX_MESSAGE_BYTES};
use schemas::{AsyncApiSchemas, to_paragraph};

/// Example frames of every event. They are the examples of the document, and a test compares events with them, because
/// clients rely on them.
pub const GOLDEN_EVENTS: &str = include_str!("events.json");

/// The socket URL in the committed document. A deployment serves the document with its own URL.
pub const EXAMPLE_URL: &str = "wss://socket.example.com/live";

/// The limits of API Gateway and of the socket functions for one client.
const LIMITS: [(&str, usize, &str); 6] = [
    ("frame_bytes", MAX_FRAME_BYTES, "Bytes of a frame. A larger frame closes the connection."),
    ("message_bytes", MAX_MESSAGE_BYTES, "Bytes of a message, which may have several frames."),
    (
        "idle_seconds",
        600,
        "Seconds without a message in either direction after which a connection is closed.",
    ),
    ("life_seconds", 7200, "Seconds after which every connection is closed."),
    ("messages_at_once", 40, "Messages in a burst. Further messages are refused with `rate_limited`."),
    ("messages_per_second", 10, "Messages per second in the long run."),
];

/// The codes with which a socket is closed, and the client's reaction to each. API Gateway does not let a server choose
/// the code, so the server sends an `error` event first.
const CLOSE_CODES: [(u16, &str); 6] = [
    (
        1000,
        "The server closed the connection after `session_ended` or a `fatal` `error`. The client must not reconnect automatically.",
    ),
    (
        1001,
        "The connection was idle for too long or reached its maximum age. The client reconnects with a new ticket.",
    ),
    (1003, "The client sent a binary frame. Messages must be text."),
    (
        1006,
        "The network failed without a close, or the handshake was refused. The client requests a new ticket after a random delay, and stops if the response is 404 or 409.",
    ),
    (1007, "The client sent text that is not UTF-8."),
    (1009, "A frame or message was too large."),
];

const DESCRIPTION: &str = "\
The events of live sessions and of the team chat, and the messages that a client may send. The HTTP API is described at \
[`/redoc`](/redoc).

**Connecting.** `POST /v1/realtime/tickets`, or joining a session, returns a `websocket_url`. It opens one connection within \
60 seconds. A refused handshake has an HTTP status. It is 401 for an invalid ticket, 403 for an origin that is not allowed, 404 \
for an unknown session, 409 for a session that has ended, and 429 for too many attempts. A script in a browser does not see the \
status. It sees only that the socket closes with 1006. So a client that lost its socket requests a new ticket, and the response to \
that request says what to do. After 201 the client reconnects. After 404 it was removed and after 409 the session has ended, and \
it stops.

**Envelope.** Every event is `{type, sid, room, payload, timestamp}`. A client sends `{type, payload, ref}`, or its fields beside \
`type`. An event that answers a message carries its `ref`.

**State, not changes.** An event carries the current state with its `version`, `as_of` or `created_at`. A client keeps the newest \
state and drops older ones, so late, repeated and reordered events do no harm. A `version` belongs to one thing, which the event \
names by its id: a message, a question or the session. A client keeps one number for each of them, never one for all.

**After a reconnect to a session.** `session_state` is the first event of a connection to a session. It contains the current \
slide, its results and the state of the session, but no questions. The questions that were asked, answered or moderated in the \
meantime are at `GET /v1/sessions/{id}/questions`. A client reads them after every `session_state`, and then keeps the highest \
`version` of each question, whether it comes from the list or from an event. An answer of the assistant is a part of its question.

**The first event.** A connection to a session receives `session_state`, and an account's own connection \
`connection_established`. A client that has received neither after five seconds sends `subscribe`.

**Staying connected.** A client sends `ping` every 30 seconds. A connection without any message for 10 minutes is closed, and \
every connection is closed after two hours. A `ping` with the client's `version` also requests what the client missed.

**Who is online.** A change of presence is published within a second. A connection receives it in one of two forms. By default it \
receives one `user_status` for each user, and of two statuses of a user the one with the later `as_of` is the current one. If the \
ticket was requested with `presence: state`, it receives one `team_presence` for all changes of a second. Clients of a large team \
request it, because two hundred people who arrive together are forty thousand `user_status`, but a few `team_presence` for each \
of them. Such a client receives the whole presence after each `connection_established`. Other clients read \
`GET /v1/channels/online`.

**Staying complete in a channel.** A client keeps two numbers per channel, `seq` for messages and `change` for changes, and moves \
each of them only past what it has applied. `seq` moves to the next number only if the client has the message with that number. \
`change` moves to the next number only if the client has applied the change with that number. `new_message` and `message_edited` \
contain the whole message, so a client can always apply them, and it keeps the highest `version`. `message_deleted` and \
`message_reaction` contain a part of the message, so a client can apply them only if it has the message in the `version` before \
the event's. They count as applied if the client has the event's `version` or a later one. A change that the client cannot apply, \
because the message is missing or has an earlier `version` than the one before the event's, must not move `change`. The client \
then sends `join_channel` with its numbers as `since` and applies the replay. It keeps the highest `version` of every message in \
`channel_changes`. If it received all `replayed` messages, it takes the `seq` and `change` of `channel_joined`, and otherwise it \
sends `join_channel` with its old numbers again. On `resync_required`, it reads the history with \
`GET /v1/messages/channel/{id}` and starts from the `seq` and `change` of the first response. A client also sends `join_channel` \
after every reconnect.";

/// Returns the document for sockets at this `ws://` or `wss://` URL.
pub fn document(socket_url: &str) -> Value {
    let mut schemas = AsyncApiSchemas::default();
    let mut messages = Map::new();
    let mut operations = Map::new();
    for AsyncApiMessage { key, operation, message } in
        commands::command_messages(&mut schemas).into_iter().chain(events::event_messages(&mut schemas))
    {
        operations.insert(key.replacen('.', "_", 1), operation);
        messages.insert(key, message);
    }
    let references: Map<String, Value> = messages
        .keys()
        .map(|key| (key.clone(), json!({ "$ref": format!("#/components/messages/{key}") })))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Colloquy socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0" },
            "tags": [
                { "name": "commands", "description": "Messages that a client sends" },
                { "name": "events", "description": "Messages that a client receives" },
            ],
        },
        "defaultContentType": "application/json",
        "servers": { "socket": server(socket_url) },
        "channels": { "socket": channel(&references) },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": schemas.into_json(),
            "securitySchemes": security_schemes(),
        },
    })
}

/// A message and the operation that carries it. Both have the same name.
struct AsyncApiMessage {
    key: String,
    message: Value,
    operation: Value,
}

impl AsyncApiMessage {
    /// Makes a message from a doc comment, whose first paragraph is the summary and whose rest is the description.
    fn new(action: &str, name: &str, about: &str, payload: &Value, examples: &[Value]) -> Self {
        let (direction, tag) = if action == "send" { ("event", "events") } else { ("command", "commands") };
        let about = to_paragraph(about);
        let (summary, description) = about.split_once("\n\n").unwrap_or((&about, ""));
        let key = format!("{name}.{direction}");
        let examples: Vec<Value> =
            examples.iter().map(|frame| json!({ "name": name, "payload": frame })).collect();
        let message = json!({
            "name": name,
            "title": name,
            "summary": summary,
            "description": description,
            "payload": payload,
            "examples": examples,
            "tags": [{ "name": tag }],
        });
        let operation = json!({
            "action": action,
            "title": name,
            "channel": { "$ref": "#/channels/socket" },
            "summary": summary,
            "description": description,
            "messages": [{ "$ref": format!("#/channels/socket/messages/{key}") }],
            "tags": [{ "name": tag }],
        });
        Self { key, message, operation }
    }
}

fn server(url: &str) -> Value {
    let (protocol, rest) = url.split_once("://").unwrap_or(("wss", url));
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let security = ["ticket", "token", "bearer"]
        .map(|name| json!({ "$ref": format!("#/components/securitySchemes/{name}") }));
    json!({
        "host": host,
        "pathname": format!("/{path}"),
        "protocol": protocol,
        "security": security,
    })
}

fn channel(messages: &Map<String, Value>) -> Value {
    json!({
        "address": "/",
        "title": "Socket",
        "summary": "The connection of a client",
        "description": quotas(),
        "servers": [{ "$ref": "#/servers/socket" }],
        "messages": messages,
        "bindings": { "ws": { "method": "GET", "query": query(), "headers": headers(), "bindingVersion": "0.1.0" } },
        "x-limits": LIMITS
            .into_iter()
            .map(|(name, limit, _)| (name.to_owned(), json!(limit)))
            .collect::<Map<_, _>>(),
        "x-close-codes": CLOSE_CODES
            .into_iter()
            .map(|(code, meaning)| (code.to_string(), json!(meaning)))
            .collect::<Map<_, _>>(),
    })
}

/// Returns the limits and close codes as Markdown tables.
fn quotas() -> String {
    let limits = LIMITS.map(|(_, limit, about)| format!("| {about} | {limit} |"));
    let codes = CLOSE_CODES.map(|(code, meaning)| format!("| {code} | {meaning} |"));
    format!(
        "| limit | value |\n| --- | --- |\n{}\n\n| close code | meaning |\n| --- | --- |\n{}",
        limits.join("\n"),
        codes.join("\n")
    )
}

fn query() -> Value {
    json!({
        "type": "object",
        "properties": {
            "session_id": {
                "type": "string",
                "format": "uuid",
                "description": "The session to join. It is optional with a ticket. Without a session, the connection \
                                belongs to the account.",
            },
            "ticket": {
                "type": "string",
                "description": "The ticket from `POST /v1/realtime/tickets` or from joining a session. It is part of \
                                `websocket_url`.",
            },
            "presence": {
                "type": "string",
                "enum": ["events", "state"],
                "description": "The form in which the connection of an account receives presence: `user_status` for each change, \
                                or `team_presence`. It is part of `websocket_url` if the ticket was requested with it.",
            },
            "token": {
                "type": "string",
                "description": "An older name of `ticket`. A deployment may also allow an access or participant token \
                                here, although URLs appear in logs.",
            },
        },
    })
}

fn headers() -> Value {
    json!({
        "type": "object",
        "properties": {
            "Authorization": {
                "type": "string",
                "description": "`Bearer` and an access or participant token, for clients that can set headers.",
            },
            "Origin": { "type": "string", "description": "The origin, which browsers set. The deployment must allow it." },
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "ticket": { "type": "httpApiKey", "in": "query", "name": "ticket", "description": "A ticket for one connection within 60 seconds" },
        "token": { "type": "httpApiKey", "in": "query", "name": "token", "description": "An older name of the ticket, or a token if the deployment allows it" },
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access or participant token" },
    })
}
