//! The slide type `question_text`, which is a question with free-text responses.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerContent, FieldResult, SlideTypeRules, not_blank, tally::Tally};
use crate::{FieldError, text};

/// The maximum length of a response in characters, if the slide has no limit.
const MAX_ANSWER_LENGTH: u32 = 5000;

/// The content of a slide with a free-text question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct TextQuestionContent {
    #[garde(length(chars, max = 500), custom(not_blank), custom(text::lines))]
    pub question: String,
    /// The text that the empty input shows.
    #[serde(default)]
    #[garde(length(chars, max = 200), inner(custom(text::line)))]
    pub placeholder: Option<String>,
    /// The maximum length of a response in characters. `null` means 5,000.
    #[serde(default = "default_max_length")]
    #[garde(range(min = 1, max = MAX_ANSWER_LENGTH))]
    pub max_length: Option<u32>,
    /// Whether a blank response is refused.
    #[serde(default)]
    #[garde(skip)]
    pub required: bool,
    /// Whether the audience sees the word cloud. It is off by default, because it shows what participants wrote.
    #[serde(default)]
    #[garde(skip)]
    pub show_results: bool,
}

/// Returns the default of `max_length`.
#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
const fn default_max_length() -> Option<u32> {
    Some(500)
}

impl Default for TextQuestionContent {
    fn default() -> Self {
        Self {
            question: "Your question".into(),
            placeholder: None,
            max_length: default_max_length(),
            required: false,
            show_results: false,
        }
    }
}

impl SlideTypeRules for TextQuestionContent {
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let invalid = |message: String| Err(vec![FieldError::new("content.text", message)]);
        let Some(fields) = answer.as_object() else {
            return Err(vec![FieldError::new("content", "must be an object with `text`")]);
        };
        let Some(text) = fields.get("text") else { return invalid("is required".into()) };
        let Some(text) = text.as_str() else { return invalid("must be a string".into()) };
        let most = self.max_length.unwrap_or(MAX_ANSWER_LENGTH) as usize;
        if self.required && text.trim().is_empty() {
            return invalid("must not be blank".into());
        }
        // check bytes first, so that a megabyte is refused without counting its characters
        if text.len() > most * 4 || text.chars().count() > most {
            return invalid(format!("must have at most {most} characters"));
        }
        if let Err(reason) = text::require_lines(text) {
            return invalid(reason.into());
        }
        Ok(AnswerContent::Text(text::normalize_line_breaks(text)))
    }

    fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
        Some(Tally::of_texts(answers.iter().map(|answer| answer.text())))
    }

    fn shows_results(&self) -> bool {
        self.show_results
    }

    fn texts(&self) -> Vec<&str> {
        vec![&self.question]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    fn fields(value: &Value) -> Vec<String> {
        match SlideContent::parse(SlideType::QuestionText, value) {
            Ok(_) => vec![],
            Err(errors) => errors.into_iter().map(|error| error.field).collect(),
        }
    }

    #[test]
    fn content_has_limits() {
        assert_eq!(
            fields(&json!({"question": "?".repeat(500), "max_length": 5000, "placeholder": null})),
            [""; 0]
        );
        assert_eq!(fields(&json!({"question": "?", "max_length": null})), [""; 0]);
        assert_eq!(fields(&json!({"required": true})), ["content.question"]);
        for (invalid, field) in [
            (json!({"question": ""}), "content.question"),
            (json!({"question": " \n"}), "content.question"),
            (json!({"question": "?".repeat(501)}), "content.question"),
            (json!({"question": "?", "placeholder": "x".repeat(201)}), "content.placeholder"),
            (json!({"question": "?", "placeholder": "a\nb"}), "content.placeholder"),
            (json!({"question": "a\0b"}), "content.question"),
            (json!({"question": "?", "max_length": 0}), "content.max_length"),
            (json!({"question": "?", "max_length": 5001}), "content.max_length"),
            (json!({"question": "?", "max_length": -1}), "content.max_length"),
            (json!({"question": "?", "required": "yes"}), "content.required"),
        ] {
            assert_eq!(fields(&invalid), [field], "{invalid}");
        }
    }

    #[test]
    fn responses_obey_the_limits_of_the_slide() {
        let slide =
            TextQuestionContent { max_length: Some(3), required: true, ..TextQuestionContent::default() };
        assert_eq!(slide.accept(&json!({"text": "äöü"})), Ok(AnswerContent::Text("äöü".into())));
        assert_eq!(slide.accept(&json!({"text": "a\r\n"})), Ok(AnswerContent::Text("a\n".into())));
        for invalid in [
            json!({"text": "a\0b"}),
            json!({"text": "a\u{85}b"}),
            json!({"text": "abcd"}),
            json!({"text": " "}),
            json!({"text": 1}),
            json!({}),
            json!({"selected": []}),
        ] {
            assert_eq!(slide.accept(&invalid).unwrap_err()[0].field, "content.text", "{invalid}");
        }
        for invalid in [json!("text"), json!(null), json!([])] {
            assert_eq!(slide.accept(&invalid).unwrap_err()[0].field, "content", "{invalid}");
        }
        let free = TextQuestionContent { max_length: None, required: false, ..slide };
        assert!(free.accept(&json!({"text": ""})).is_ok());
        assert!(free.accept(&json!({"text": "x".repeat(5000)})).is_ok());
        assert!(free.accept(&json!({"text": "x".repeat(5001)})).is_err());
    }
}
