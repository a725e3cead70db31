//! What is said in a live session: `socket-sessions`.

use model::{Error, QuestionId, SlideId};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{SocketCommand, fields};
use crate::IncomingFrame;

#[derive(Clone, Debug)]
pub enum SessionCommand {
    JoinSession(JoinSessionCommand),
    JoinAsPresenter(JoinAsPresenterCommand),
    SubmitResponse(SubmitResponseCommand),
    AskQuestion(AskQuestionCommand),
    UpvoteQuestion(UpvoteQuestionCommand),
}

/// Be a participant
///
/// Renames oneself, and asks for the state anew. A connection stays whose it is: to be another participant again, join by
/// HTTP with its token.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinSessionCommand {
    #[schema(max_length = 100)]
    pub display_name: Option<String>,
    /// Of this participant, as joining by HTTP gave it.
    pub participant_token: Option<String>,
}

/// Be the presenter
///
/// The presenter's older connection is closed, with an `error` that is `superseded`.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct JoinAsPresenterCommand {
    /// An access token of the session's owner.
    pub token: String,
}

/// Answer the current slide
///
/// A changed mind is a new message; the last one counts. `submit_response` is its older name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct SubmitResponseCommand {
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
pub struct AskQuestionCommand {
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
pub struct UpvoteQuestionCommand {
    pub question_id: QuestionId,
    #[serde(default = "yes")]
    pub up: bool,
}

const fn yes() -> bool {
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
