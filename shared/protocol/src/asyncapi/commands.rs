//! The messages that a client sends.

use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{AsyncApiMessage, schemas::AsyncApiSchemas};
use crate::{
    command::{
        AskQuestionCommand, GetOnlineUsersCommand, JoinAsPresenterCommand, JoinChannelCommand,
        JoinSessionCommand, LeaveChannelCommand, PingCommand, SubmitResponseCommand, SubscribeCommand,
        TypingIndicatorCommand, UpvoteQuestionCommand,
    },
    envelope::reference_schema,
};

/// Returns the messages of all commands. `submit_response` and `ask_question` are the originals' names of
/// `response_submitted` and `question_asked`.
pub(super) fn command_messages(schemas: &mut AsyncApiSchemas) -> Vec<AsyncApiMessage> {
    let state = &["session_state"];
    let answer = json!({
        "slide_id": "00000000-0000-0000-0000-000000000003",
        "content": { "selected": ["a"] },
        "seq": 1_795_262_400_000_i64,
    });
    let question = json!({
        "slide_id": "00000000-0000-0000-0000-000000000003",
        "question_text": "Does it run on ARM?",
    });
    let upvote = json!({ "question_id": "00000000-0000-0000-0000-000000000006", "up": true });
    let asked = &["question_updated"];
    let superseded = &["response_superseded"];
    let id = "00000000-0000-0000-0000-000000000009";
    let channel = json!({ "channel_id": id });
    let since = json!({ "channel_id": id, "since": { "seq": 41, "change": 7 } });
    let typing = json!({ "channel_id": id, "is_typing": true });
    let replayed = &["channel_changes", "channel_joined", "resync_required"];
    vec![
        command_message::<AskQuestionCommand>(schemas, "ask_question", asked, &question),
        command_message::<GetOnlineUsersCommand>(schemas, "get_online_users", &["online_users"], &channel),
        command_message::<JoinChannelCommand>(schemas, "join_channel", replayed, &since),
        command_message::<LeaveChannelCommand>(schemas, "leave_channel", &["channel_left"], &channel),
        command_message::<TypingIndicatorCommand>(schemas, "typing_indicator", &[], &typing),
        command_message::<JoinSessionCommand>(schemas, "join", state, &json!({ "display_name": "Bo" })),
        command_message::<JoinAsPresenterCommand>(
            schemas,
            "join_speaker",
            state,
            &json!({ "token": "eyJhbGciOiJFZERTQSJ9…" }),
        ),
        command_message::<PingCommand>(schemas, "ping", &["pong"], &json!({ "version": 7 })),
        command_message::<AskQuestionCommand>(schemas, "question_asked", asked, &question),
        command_message::<SubmitResponseCommand>(schemas, "response_submitted", superseded, &answer),
        command_message::<SubmitResponseCommand>(schemas, "submit_response", superseded, &answer),
        command_message::<SubscribeCommand>(schemas, "subscribe", state, &json!({ "since": 7 })),
        command_message::<UpvoteQuestionCommand>(schemas, "upvote_question", &[], &upvote),
    ]
}

/// Describes a message with the payload `T` and the events that answer it. Every message may also be answered by
/// `error`.
fn command_message<T: ToSchema>(
    schemas: &mut AsyncApiSchemas,
    name: &str,
    answers: &[&str],
    payload: &Value,
) -> AsyncApiMessage {
    let (schema, about) = schemas.add::<T>();
    let example = json!({ "type": name, "payload": payload, "ref": 1 });
    let mut exchange = AsyncApiMessage::new("receive", name, &about, &envelope(name, &schema), &[example]);
    let answers: Vec<Value> = answers
        .iter()
        .chain(&["error"])
        .map(|name| json!({ "$ref": format!("#/channels/socket/messages/{name}.event") }))
        .collect();
    exchange.operation["reply"] = json!({ "channel": { "$ref": "#/channels/socket" }, "messages": answers });
    exchange
}

/// Describes the envelope that [`IncomingFrame`](crate::IncomingFrame) reads. The flat form has the fields of `payload`
/// beside `type`.
fn envelope(name: &str, payload: &Value) -> Value {
    let mut answered = json!(reference_schema());
    answered["description"] = json!("A value of the client, which every answer to this message carries.");
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "type": "string", "const": name },
            "payload": payload,
            "ref": answered,
        },
    })
}
