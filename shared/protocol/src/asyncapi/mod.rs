//! The AsyncAPI 3.0 document of the socket, made from the types of [`command`](crate::command) and [`event`](crate::event): a
//! new variant of [`Event`](crate::Event) is a new message of it, and its documentation is the message's.
//!
//! Schemas come from the derive that those types have already for OpenAPI, so that a type has one. Not by `asyncapi-rust`:
//! it wants a second derive (schemars) on every type, knows no bindings of WebSocket, and takes a message to be the whole
//! frame, while here an envelope is around all of them.
//!
//! A message is called as on the wire with its direction behind it: `response_submitted` goes both ways.

mod commands;
mod events;
mod schemas;

use serde_json::{Map, Value, json};

use crate::envelope::{MAX_FRAME_BYTES, MAX_MESSAGE_BYTES};
use schemas::{AsyncApiSchemas, to_paragraph};

/// Frames of every event, as clients rely on them: the examples of the document, and what a test holds events against.
pub const GOLDEN_EVENTS: &str = include_str!("events.json");

/// Where the committed document is served; a deployment says its own.
pub const EXAMPLE_URL: &str = "wss://socket.example.com/live";

/// What API Gateway and we take of one client.
const LIMITS: [(&str, usize, &str); 6] = [
    ("frame_bytes", MAX_FRAME_BYTES, "Bytes of a frame; more closes the connection"),
    ("message_bytes", MAX_MESSAGE_BYTES, "Bytes of a message, which may be several frames"),
    ("idle_seconds", 600, "Seconds of silence, both ways, that end a connection"),
    ("life_seconds", 7200, "Seconds that a connection lives at most"),
    ("messages_at_once", 40, "Messages at once; more are refused with `rate_limited`"),
    ("messages_per_second", 10, "Messages per second, on and on"),
];

/// Codes with which a socket is closed, and what a client makes of them. API Gateway lets no server choose one: whatever
/// we have to say is an `error` event before it.
const CLOSE_CODES: [(u16, &str); 6] = [
    (
        1000,
        "We closed it: after `session_ended`, or after an `error` that is `fatal`. Do not come back by yourself.",
    ),
    (1001, "Silent for too long, or too old. Come back with a new ticket."),
    (1003, "A binary frame came; messages are text."),
    (1006, "No close at all: the network. Come back with a new ticket, after a random moment."),
    (1007, "Text that is not UTF-8."),
    (1009, "A frame or message that is too large."),
];

const DESCRIPTION: &str = "\
Events of live sessions, and what a client may ask for. Requests are at [`/redoc`](/redoc).

**Connecting**: `POST /v1/realtime/tickets` (or joining a session) answers with a `websocket_url`, good for one connection \
within 60 seconds. A refused handshake is an HTTP status: 401 no ticket that counts, 403 a foreign origin, 404 no such \
session, 409 the session has ended, 429 too often.

**Envelope**: every event is `{type, sid, room, payload, timestamp}`. A message of a client is `{type, payload, ref}`, or has \
its fields beside `type`; an answer that belongs to one message carries its `ref`.

**State, not changes**: an event carries what is now, with its `version`, `as_of` or `created_at`. Keep the newest and drop \
what is older: late, doubled and reordered events do no harm. A reconnect loses nothing, since `session_state` comes first.

**Staying**: a `ping` every few minutes keeps the connection (10 minutes of silence end it), and with the `version` one has \
it also finds out what was missed. Connections live two hours at most.";

/// The document, for sockets at this `ws://` or `wss://` URL.
pub fn document(socket_url: &str) -> Value {
    let mut schemas = AsyncApiSchemas::default();
    let (mut messages, mut operations) = (Map::new(), Map::new());
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
            "title": "Colloquy: the socket",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0" },
            "tags": [
                { "name": "commands", "description": "What a client sends" },
                { "name": "events", "description": "What a client is told" },
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

/// A message and the operation that carries it, under the name of both.
struct AsyncApiMessage {
    key: String,
    message: Value,
    operation: Value,
}

impl AsyncApiMessage {
    /// `about` is documentation of the code: a summary, and the rest.
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
        "title": "The socket",
        "summary": "The one connection of a client",
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

/// The limits and close codes, for people.
fn quotas() -> String {
    let limits = LIMITS.map(|(_, limit, about)| format!("| {about} | {limit} |"));
    let codes = CLOSE_CODES.map(|(code, meaning)| format!("| {code} | {meaning} |"));
    format!(
        "| limit | |\n| --- | --- |\n{}\n\n| closed with | means |\n| --- | --- |\n{}",
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
                "description": "The session to be in. With a ticket it may be left out; without a session the socket is the \
                                account's own.",
            },
            "ticket": {
                "type": "string",
                "description": "From `POST /v1/realtime/tickets` or joining a session; part of their `websocket_url`.",
            },
            "token": {
                "type": "string",
                "description": "A ticket under its older name. An access or participant token only where the deployment \
                                takes tokens in URLs, which end up in logs.",
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
            "Origin": { "type": "string", "description": "Set by browsers; must be one that the deployment allows." },
        },
    })
}

fn security_schemes() -> Value {
    json!({
        "ticket": { "type": "httpApiKey", "in": "query", "name": "ticket", "description": "Once, within 60 seconds" },
        "token": { "type": "httpApiKey", "in": "query", "name": "token", "description": "Where the deployment allows it" },
        "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "An access or participant token" },
    })
}
