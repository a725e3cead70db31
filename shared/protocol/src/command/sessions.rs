//! Commands of a live session, which the function `socket-sessions` handles.

use model::{Error, QuestionId, SlideId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

/// A command of a live session.
#[derive(Clone, Debug)]
pub enum SessionCommand {
    JoinSession(JoinSessionCommand),
    JoinAsPresenter(JoinAsPresenterCommand),
    SubmitResponse(SubmitResponseCommand),
    AskQuestion(AskQuestionCommand),
    UpvoteQuestion(UpvoteQuestionCommand),
}

/// Join the session as a participant
///
/// The message sets the participant's display name and requests the state. The connection keeps its participant. To
/// become an earlier participant again, join over HTTP with that participant's token. The answer is `session_state`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinSessionCommand {
    /// The new display name. An absent or blank name keeps the current one.
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
    /// The token of this connection's participant, from joining over HTTP.
    pub participant_token: Option<String>,
}

/// Join the session as its presenter
///
/// An older connection of the presenter is closed with an `error` of the code `superseded`. The answer is
/// `session_state`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinAsPresenterCommand {
    /// An access token of the session's owner.
    pub token: String,
}

/// Respond to the current slide
///
/// A later message replaces the earlier response. If a later response is already stored, the message is ignored and
/// answered by `response_superseded`, which has the response that counts. `submit_response` is an older name of this
/// message.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SubmitResponseCommand {
    pub slide_id: SlideId,
    /// The response in the form that the slide accepts. A choice or a quiz takes `{"selected": [option ids]}`, a text
    /// question `{"text": …}`, a scale `{"value": 4}`, and a ranking `{"ranking": [option ids, the best first]}`.
    #[schema(value_type = Object)]
    pub content: Value,
    /// A number that the client increases with every changed response, for example milliseconds since 1970. Without it,
    /// the order of arrival at the gateway decides.
    pub seq: Option<i64>,
}

/// Ask a question
///
/// The question is stored and published to the whole session. Repeating a question has no effect. `ask_question` is an
/// older name of this message. The answer is `question_updated`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct AskQuestionCommand {
    /// The slide that the question is about. The default is the current slide.
    pub slide_id: Option<SlideId>,
    #[serde(alias = "question")]
    #[schema(min_length = 1, max_length = 300)]
    pub question_text: String,
}

/// Vote for a question or withdraw the vote
///
/// Repeating a vote has no effect.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct UpvoteQuestionCommand {
    pub question_id: QuestionId,
    /// `false` withdraws the vote.
    #[serde(default = "default_true")]
    pub up: bool,
}

const fn default_true() -> bool {
    true
}

impl SocketCommand for SessionCommand {
    const TYPES: &'static [&'static str] = &[
        "ask_question",
        "join",
        "join_speaker",
        "question_asked",
        "response_submitted",
        "submit_response",
        "upvote_question",
    ];

    fn parse(message: &IncomingFrame) -> Option<Result<Self, Error>> {
        let payload = &message.payload;
        Some(match message.message_type.as_str() {
            "join" => fields(payload).map(Self::JoinSession),
            "join_speaker" => fields(payload).map(Self::JoinAsPresenter),
            "response_submitted" | "submit_response" => fields(payload).map(Self::SubmitResponse),
            "question_asked" | "ask_question" => fields(payload).map(Self::AskQuestion),
            "upvote_question" => fields(payload).map(Self::UpvoteQuestion),
            _ => return None,
        })
    }
}
