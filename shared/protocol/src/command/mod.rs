//! Everything a client can ask of a socket: one closed enum per door, so that a door has no message it does not know. The two
//! directions never share variants.

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

/// The messages of one door.
pub trait SocketCommand: Sized + Send {
    /// Every type of message, with the aliases of the originals: routes of the WebSocket API.
    const TYPES: &'static [&'static str];

    /// # Errors
    /// `None` for a type that this door does not know; `Invalid` naming the field that is missing or has the wrong type.
    fn parse(message: &IncomingFrame) -> Option<Result<Self, Error>>;
}

/// Which door takes which types.
pub const TYPES_BY_FUNCTION: [(&str, &[&str]); 3] = [
    ("socket-chat", ChatCommand::TYPES),
    ("socket-connections", ConnectionCommand::TYPES),
    ("socket-sessions", SessionCommand::TYPES),
];

/// Every type of message, sorted.
pub fn all_types() -> Vec<&'static str> {
    let mut types: Vec<_> = TYPES_BY_FUNCTION.into_iter().flat_map(|(_, types)| types).copied().collect();
    types.sort_unstable();
    types
}

/// Whether a message is one of any door; what it says is dropped.
///
/// # Errors
/// As [`Command::read`].
pub fn check(message: &IncomingFrame) -> Option<Result<(), Error>> {
    fn check_as<C: SocketCommand>(message: &IncomingFrame) -> Option<Result<(), Error>> {
        C::parse(message).map(|read| read.map(drop))
    }
    check_as::<ChatCommand>(message)
        .or_else(|| check_as::<ConnectionCommand>(message))
        .or_else(|| check_as::<SessionCommand>(message))
}

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
    fn a_wrong_field_is_named() {
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
