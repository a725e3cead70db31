use jiff::Timestamp;
use model::{ParticipantId, ResponseId, SessionId, SlideId, slide::AnswerContent};
use store::sessions::{participants::Participant, responses::SlideResponse};

/// Returns a participant without an account and a name.
pub const fn participant(session: SessionId, id: ParticipantId, at: Timestamp) -> Participant {
    Participant { session, id, display_name: None, user: None, joined_at: at, removed_at: None }
}

/// Returns a vote for an option of a choice slide. It was received and stored at this time in milliseconds.
pub fn vote(
    session: SessionId,
    slide: SlideId,
    participant: ParticipantId,
    option: &str,
    millis: i64,
) -> SlideResponse {
    SlideResponse {
        id: ResponseId::derive(session, slide, participant),
        session,
        slide,
        participant,
        display_name: None,
        answer: AnswerContent::Selected(vec![option.into()]),
        seq: None,
        received: millis,
        stored: millis,
        hidden: false,
        flagged: false,
    }
}
