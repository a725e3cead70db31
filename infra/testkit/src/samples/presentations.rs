use jiff::Timestamp;
use model::{
    PresentationId, SlideId,
    slide::{SlideContent, SlideType},
};
use serde_json::json;
use store::presentations::slides::Slide;

/// Returns a choice slide with the options `a` and `b`.
pub fn choice_slide(id: SlideId, presentation: PresentationId, at: Timestamp) -> Slide {
    let options = ["a", "b"].map(|option| json!({ "id": option, "text": option }));
    let content = json!({ "question": "Which?", "options": options });
    Slide {
        id,
        presentation,
        content: SlideContent::parse(SlideType::QuestionChoice, &content).expect("valid content"),
        created_at: at,
        updated_at: at,
        version: 1,
    }
}
