//! The commands that clients send over a socket, one closed enum per Lambda function. Commands and events never share a
//! type.
//!
//! # Recipe: a new socket message
//!
//! 1. Add a struct with a summary, a description and `ToSchema` to the file of the function that handles it.
//! 2. Add its variant, its name in `TYPES`, and its line in `parse`.
//! 3. Add it to `asyncapi/commands.rs` with an example and the events that answer it.
//! 4. Add the route to the template. A contract test compares the template with [`TYPES_BY_FUNCTION`].

mod chat;
mod connections;
mod sessions;

use model::{Error, FieldError};
use serde::de::DeserializeOwned;
use serde_json::Value;

pub use self::{
    chat::{
        ChatCommand, GetOnlineUsersCommand, JoinChannelCommand, LeaveChannelCommand, TypingIndicatorCommand,
    },
    connections::{ConnectionCommand, PingCommand, SubscribeCommand},
    sessions::{
        AskQuestionCommand, JoinAsPresenterCommand, JoinSessionCommand, SessionCommand,
        SubmitResponseCommand, UpvoteQuestionCommand,
    },
};
use crate::IncomingFrame;

/// The commands of one function.
pub trait SocketCommand: Sized + Send {
    /// The names of the messages, including those of the originals. They are routes of the WebSocket API.
    const TYPES: &'static [&'static str];

    /// Parses a message. Returns `None` if the function does not know its type.
    ///
    /// # Errors
    /// Returns `Invalid` with the field that is missing or has the wrong type.
    fn parse(message: &IncomingFrame) -> Option<Result<Self, Error>>;
}

/// The message types of each function.
pub const TYPES_BY_FUNCTION: [(&str, &[&str]); 3] = [
    ("socket-chat", ChatCommand::TYPES),
    ("socket-connections", ConnectionCommand::TYPES),
    ("socket-sessions", SessionCommand::TYPES),
];

/// Returns all message types, sorted.
pub fn all_types() -> Vec<&'static str> {
    let mut types: Vec<_> = TYPES_BY_FUNCTION.into_iter().flat_map(|(_, types)| types).copied().collect();
    types.sort_unstable();
    types
}

/// Checks whether a message is a valid command of any function.
///
/// # Errors
/// Returns the error of [`SocketCommand::parse`].
pub fn check(message: &IncomingFrame) -> Option<Result<(), Error>> {
    fn check_as<C: SocketCommand>(message: &IncomingFrame) -> Option<Result<(), Error>> {
        C::parse(message).map(|read| read.map(drop))
    }
    check_as::<ChatCommand>(message)
        .or_else(|| check_as::<ConnectionCommand>(message))
        .or_else(|| check_as::<SessionCommand>(message))
}

/// Deserializes a payload and names the invalid field.
fn fields<T: DeserializeOwned>(payload: &Value) -> Result<T, Error> {
    serde_path_to_error::deserialize(payload).map_err(|error| {
        let path = error.path().to_string();
        let message = error.into_inner().to_string();
        let missing = message.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
        Error::Invalid(vec![match missing {
            Some(field) => FieldError::new(field, "is required"),
            None => FieldError::new(path, message),
        }])
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_invalid_field_is_named() {
        for (message, field) in [
            (json!({"type": "response_submitted", "content": {}}), "slide_id"),
            (json!({"type": "response_submitted", "slide_id": 3, "content": {}}), "slide_id"),
            (json!({"type": "join", "display_name": true}), "display_name"),
            (json!({"type": "subscribe", "since": "x"}), "since"),
            (json!({"type": "join_speaker"}), "token"),
            (json!({"type": "question_asked"}), "question_text"),
            (json!({"type": "ask_question", "question_text": ["?"]}), "question_text"),
            (json!({"type": "upvote_question", "question_id": "x"}), "question_id"),
            (json!({"type": "join_channel"}), "channel_id"),
            (json!({"type": "typing_indicator", "channel_id": "x"}), "channel_id"),
        ] {
            let message = IncomingFrame::parse(&message.to_string()).unwrap();
            let Some(Err(error)) = check(&message) else { panic!("{message:?}") };
            assert_eq!(error.fields()[0].field, field, "{error}");
        }
    }
}
