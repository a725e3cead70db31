//! What falls due in this area.

use model::{ParticipantId, QuestionId, SessionId, SlideId};

use crate::{
    Item,
    dynamodb::{
        due::DueItem,
        key::{session_of, session_of_questions},
    },
    sessions::{Session, participants::Participant, questions::Question, slide_generations::SlideGeneration},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionsDueWork {
    /// The session needs its regular check.
    Session(SessionId),
    /// The question waits for the assistant.
    Question(SessionId, QuestionId),
    /// The participant was removed, and their sockets may be open.
    RemovedParticipant(SessionId, ParticipantId),
    /// The slide waits for the text of a model.
    SlideGeneration(SessionId, SlideId),
}

impl SessionsDueWork {
    pub(crate) fn from_item(item: &DueItem) -> Option<Self> {
        match item.kind_and_id()? {
            (Session::KIND, id) => Some(Self::Session(id.into())),
            (Question::KIND, id) => Some(Self::Question(session_of_questions(item.partition())?, id.into())),
            (Participant::KIND, id) => {
                Some(Self::RemovedParticipant(session_of(item.partition())?, id.into()))
            }
            (SlideGeneration::KIND, id) => {
                Some(Self::SlideGeneration(session_of(item.partition())?, id.into()))
            }
            _ => None,
        }
    }
}
