//! The slide type `question_choice`, which is a vote.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AnswerContent, FieldResult, SlideTypeRules, not_blank,
    options::{self, ChoiceOption},
    tally::Tally,
    yes,
};
use crate::text;

/// The content of a slide with a vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct ChoiceQuestionContent {
    #[garde(length(chars, max = 500), custom(not_blank), custom(text::lines))]
    pub question: String,
    /// The options, 2 to 10, with unique ids.
    #[serde(deserialize_with = "options::read")]
    #[garde(length(min = 2, max = 10), custom(options::unique), dive)]
    pub options: Vec<ChoiceOption>,
    /// Whether a participant may choose several options.
    #[serde(default)]
    #[garde(skip)]
    pub allow_multiple: bool,
    /// Whether the audience sees the votes.
    #[serde(default = "yes")]
    #[garde(skip)]
    pub show_results: bool,
}

impl Default for ChoiceQuestionContent {
    fn default() -> Self {
        Self {
            question: "Your question".into(),
            options: options::default_options(),
            allow_multiple: false,
            show_results: true,
        }
    }
}

impl SlideTypeRules for ChoiceQuestionContent {
    /// Accepts `{"selected": ["opt1"]}`. Also accepts the forms of the originals, which are `{"selected": "opt1"}`,
    /// `{"selected_ids": […]}` and `{"option_id": "opt1"}`.
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let most = if self.allow_multiple { self.options.len() } else { 1 };
        let names = ["selected", "selected_ids", "option_id"];
        options::parse_selection(answer, &names, &options::ids(&self.options), most)
            .map(AnswerContent::Selected)
    }

    fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
        Some(Tally::of_choices(&options::ids(&self.options), answers))
    }

    fn shows_results(&self) -> bool {
        self.show_results
    }

    fn options(&self) -> &[ChoiceOption] {
        &self.options
    }

    fn texts(&self) -> Vec<&str> {
        options::texts(&self.question, &self.options)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    fn parse(value: &Value) -> FieldResult<SlideContent> {
        SlideContent::parse(SlideType::QuestionChoice, value)
    }

    fn fields(value: &Value) -> Vec<String> {
        parse(value).err().into_iter().flatten().map(|error| error.field).collect()
    }

    fn with(options: &Value) -> Value {
        json!({"question": "?", "options": options})
    }

    #[test]
    fn content_has_limits() {
        let option = |n: usize| json!({"id": format!("o{n}"), "text": "x".repeat(200), "order": n});
        for n in [2, 10] {
            assert_eq!(fields(&with(&(0..n).map(option).collect())), [""; 0]);
        }
        for (invalid, expected) in [
            (json!({"question": "?"}), "content.options"),
            (json!({"options": [{"text": "a"}, {"text": "b"}]}), "content.question"),
            (with(&json!([{"text": "a"}])), "content.options"),
            (with(&(0..11).map(option).collect()), "content.options"),
            (with(&json!([{"id": "a", "text": "a"}, {"id": "a", "text": "b"}])), "content.options"),
            (with(&json!([{"text": "a"}, {"text": ""}])), "content.options[1].text"),
            (with(&json!([{"text": "a"}, {"text": "x".repeat(201)}])), "content.options[1].text"),
            (with(&json!([{"text": "a"}, {"text": "b", "id": ""}])), "content.options[1].id"),
            (with(&json!([{"text": "a"}, {"text": "b", "id": "x".repeat(101)}])), "content.options[1].id"),
            (with(&json!([{"text": "a"}, {"text": 1}])), "content.options[1].text"),
            (with(&json!([{"text": "a"}, {"text": "b", "order": -1}])), "content.options[1].order"),
            (with(&json!([{"text": "a"}, {}])), "content.options[1].text"),
            (with(&json!([{"text": "a"}, "b"])), "content.options[1]"),
            (with(&json!("a,b")), "content.options"),
        ] {
            assert_eq!(fields(&invalid), [expected], "{invalid}");
        }
    }

    #[test]
    fn options_without_ids_get_free_ids() {
        let content =
            parse(&with(&json!([{"text": "a"}, {"text": "b", "id": "opt1"}, {"text": "c", "order": 9}])));
        let Ok(SlideContent::QuestionChoice(content)) = content else { panic!("{content:?}") };
        let options: Vec<_> = content.options.iter().map(|o| (o.id.as_str(), o.order)).collect();
        assert_eq!(options, [("opt2", 0), ("opt1", 1), ("opt3", 9)]);
    }

    #[test]
    fn every_form_of_a_vote_is_accepted() {
        let slide = ChoiceQuestionContent::default();
        let voted = Ok(AnswerContent::Selected(vec!["opt1".into()]));
        for vote in [
            json!({"selected": ["opt1"]}),
            json!({"selected": "opt1"}),
            json!({"option_id": "opt1"}),
            json!({"type": "choice", "selected_ids": ["opt1"]}),
        ] {
            assert_eq!(slide.accept(&vote), voted, "{vote}");
        }
    }

    #[test]
    fn a_vote_must_name_options_of_the_slide() {
        let one = ChoiceQuestionContent::default();
        let many = ChoiceQuestionContent { allow_multiple: true, ..ChoiceQuestionContent::default() };
        let invalid_field =
            |slide: &ChoiceQuestionContent, vote: &Value| slide.accept(vote).unwrap_err()[0].field.clone();
        assert_eq!(invalid_field(&one, &json!({"selected": ["opt1", "opt2"]})), "content.selected");
        assert!(many.accept(&json!({"selected": ["opt2", "opt1"]})).is_ok());
        assert_eq!(invalid_field(&many, &json!({"selected": ["opt1", "opt1"]})), "content.selected[1]");
        assert_eq!(invalid_field(&many, &json!({"selected": ["opt1", "opt3"]})), "content.selected[1]");
        assert_eq!(invalid_field(&many, &json!({"selected": vec!["opt1"; 1000]})), "content.selected");
        for slide in [&one, &many] {
            assert_eq!(invalid_field(slide, &json!({"selected": []})), "content.selected");
            assert_eq!(invalid_field(slide, &json!({"selected": ["opt9"]})), "content.selected[0]");
            assert_eq!(invalid_field(slide, &json!({"selected": [1]})), "content.selected[0]");
            assert_eq!(invalid_field(slide, &json!({"selected": null})), "content.selected");
            assert_eq!(invalid_field(slide, &json!({"option_id": "opt9"})), "content.option_id[0]");
            assert_eq!(invalid_field(slide, &json!({"text": "opt1"})), "content.selected");
            assert_eq!(invalid_field(slide, &json!("opt1")), "content");
        }
    }
}
