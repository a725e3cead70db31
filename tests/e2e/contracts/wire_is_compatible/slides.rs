use model::assistant::GenerationStatus;
use protocol::{Event, event::GenerationUpdated, job::GenerateSlide};
use serde_json::json;

use super::{ONE, TWO, check_job, id, now};

pub(super) fn events() -> Vec<Event> {
    let (session_id, timestamp) = (id(1), now());
    vec![Event::GenerationUpdated(GenerationUpdated {
        session_id,
        slide_id: id(3),
        status: GenerationStatus::Failed,
        requested_at: timestamp,
        error: Some("no participant has answered yet".into()),
    })]
}

pub(super) fn jobs() {
    let asked = GenerateSlide { session: id(1), slide: id(2) };
    check_job(&asked, "generate_slide.v1", json!({ "session": ONE, "slide": TWO }));
}
