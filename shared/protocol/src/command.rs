//! Everything a client can ask of a socket. A second, smaller enum: the two directions never share variants.

use model::{Error, FieldError, QuestionId, SlideId};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use utoipa::ToSchema;

use crate::Incoming;

#[derive(Clone, Debug)]
pub enum Command {
    Join(Join),
    JoinSpeaker(JoinSpeaker),
    Subscribe(Subscribe),
    Respond(Respond),
    Ask(Ask),
    Upvote(Upvote),
    Ping(Ping),
}

/// Be a participant
///
/// Renames oneself, and asks for the state anew. A connection stays whose it is: to be another participant again, join by
/// HTTP with its token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Join {
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
    /// Of this participant, as joining by HTTP gave it.
    pub participant_token: Option<String>,
}

/// Be the presenter
///
/// The presenter's older connection is closed, with an `error` that is `superseded`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinSpeaker {
    /// An access token of the session's owner.
    pub token: String,
}

/// Ask for the state of the session
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Subscribe {
    /// The `version` that the client has.
    pub since: Option<u64>,
}

/// Answer the current slide
///
/// A changed mind is a new message; the last one counts. `submit_response` is its older name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Respond {
    pub slide_id: SlideId,
    /// As the slide has it: `{"selected": [option ids]}` of a choice or a quiz, `{"text": …}`, `{"value": 4}` on a scale,
    /// `{"ranking": [option ids, the best first]}`.
    #[schema(value_type = Object)]
    pub content: Value,
    /// Any number that grows with every change of mind; milliseconds since 1970 do. Without it the order in which the
    /// gateway received decides.
    pub seq: Option<i64>,
}

/// Ask a question
///
/// Stored and seen by all, with its state; the same one of the same participant is one. `ask_question` is its older name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Ask {
    /// What it is about; the slide that is shown where it is left out.
    pub slide_id: Option<SlideId>,
    #[serde(alias = "question")]
    #[schema(min_length = 1, max_length = 300)]
    pub question_text: String,
}

/// Want a question answered, or no longer
///
/// However often it is said.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Upvote {
    pub question_id: QuestionId,
    #[serde(default = "yes")]
    pub up: bool,
}

const fn yes() -> bool {
    true
}

/// Is anybody there?
///
/// Keeps the connection; with a `version` that is old it is answered by `session_state` too.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct Ping {
    /// The `version` that the client has.
    pub version: Option<u64>,
}

impl Command {
    /// Every type of message, with the aliases of the originals: the routes of the WebSocket API.
    pub const TYPES: &'static [&'static str] = &[
        "ask_question",
        "join",
        "join_speaker",
        "ping",
        "question_asked",
        "response_submitted",
        "submit_response",
        "subscribe",
        "upvote_question",
    ];

    /// # Errors
    /// `None` for a type nobody knows; `Invalid` naming the field that is missing or has the wrong type.
    pub fn read(message: &Incoming) -> Option<Result<Self, Error>> {
        let payload = &message.payload;
        Some(match message.kind.as_str() {
            "join" => fields(payload).map(Self::Join),
            "join_speaker" => fields(payload).map(Self::JoinSpeaker),
            "subscribe" => fields(payload).map(Self::Subscribe),
            "response_submitted" | "submit_response" => fields(payload).map(Self::Respond),
            "question_asked" | "ask_question" => fields(payload).map(Self::Ask),
            "upvote_question" => fields(payload).map(Self::Upvote),
            "ping" => fields(payload).map(Self::Ping),
            _ => return None,
        })
    }
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
        ] {
            let message = Incoming::parse(&message.to_string()).unwrap();
            let Some(Err(error)) = Command::read(&message) else { panic!("{message:?}") };
            assert_eq!(error.fields()[0].field, field, "{error}");
        }
    }
}
