//! `question_text`: a question answered in one's own words.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerContent, FieldResult, SlideTypeRules, not_blank};
use crate::{FieldError, tally::Tally};

/// The most an answer may have where the slide sets no length of its own.
const MAX_ANSWER_LENGTH: u32 = 5000;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct TextQuestionContent {
    #[garde(length(chars, max = 500), custom(not_blank))]
    pub question: String,
    /// Shown in the empty input.
    #[serde(default)]
    #[garde(length(chars, max = 200))]
    pub placeholder: Option<String>,
    /// Characters of an answer; `null` is as long as any may be.
    #[serde(default = "usual_length")]
    #[garde(range(min = 1, max = MAX_ANSWER_LENGTH))]
    pub max_length: Option<u32>,
    /// A blank answer is none.
    #[serde(default)]
    #[garde(skip)]
    pub required: bool,
    /// May the audience see the cloud? Not unless it is said: it shows what people wrote.
    #[serde(default)]
    #[garde(skip)]
    pub show_results: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the type of the field")]
const fn usual_length() -> Option<u32> {
    Some(500)
}

impl Default for TextQuestionContent {
    fn default() -> Self {
        Self {
            question: "Your question".into(),
            placeholder: None,
            max_length: usual_length(),
            required: false,
            show_results: false,
        }
    }
}

impl SlideTypeRules for TextQuestionContent {
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let wrong = |message: String| Err(vec![FieldError::new("content.text", message)]);
        let Some(fields) = answer.as_object() else {
            return Err(vec![FieldError::new("content", "must be an object with a text")]);
        };
        let Some(text) = fields.get("text") else { return wrong("is required".into()) };
        let Some(text) = text.as_str() else { return wrong("must be a string".into()) };
        let most = self.max_length.unwrap_or(MAX_ANSWER_LENGTH) as usize;
        if self.required && text.trim().is_empty() {
            return wrong("must not be blank".into());
        }
        // bytes first: counting the characters of a megabyte to refuse it would be work for nothing
        if text.len() > most * 4 || text.chars().count() > most {
            return wrong(format!("has {most} characters at most"));
        }
        Ok(AnswerContent::Text(text.to_owned()))
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
    fn limits() {
        assert_eq!(
            fields(&json!({"question": "?".repeat(500), "max_length": 5000, "placeholder": null})),
            [""; 0]
        );
        assert_eq!(fields(&json!({"question": "?", "max_length": null})), [""; 0]);
        assert_eq!(fields(&json!({"required": true})), ["content.question"]);
        for (wrong, field) in [
            (json!({"question": ""}), "content.question"),
            (json!({"question": " \n"}), "content.question"),
            (json!({"question": "?".repeat(501)}), "content.question"),
            (json!({"question": "?", "placeholder": "x".repeat(201)}), "content.placeholder"),
            (json!({"question": "?", "max_length": 0}), "content.max_length"),
            (json!({"question": "?", "max_length": 5001}), "content.max_length"),
            (json!({"question": "?", "max_length": -1}), "content.max_length"),
            (json!({"question": "?", "required": "yes"}), "content.required"),
        ] {
            assert_eq!(fields(&wrong), [field], "{wrong}");
        }
    }

    #[test]
    fn answers_keep_to_the_slide() {
        let slide =
            TextQuestionContent { max_length: Some(3), required: true, ..TextQuestionContent::default() };
        assert_eq!(slide.accept(&json!({"text": "äöü"})), Ok(AnswerContent::Text("äöü".into())));
        for wrong in [
            json!({"text": "abcd"}),
            json!({"text": " "}),
            json!({"text": 1}),
            json!({}),
            json!({"selected": []}),
        ] {
            assert_eq!(slide.accept(&wrong).unwrap_err()[0].field, "content.text", "{wrong}");
        }
        for wrong in [json!("text"), json!(null), json!([])] {
            assert_eq!(slide.accept(&wrong).unwrap_err()[0].field, "content", "{wrong}");
        }
        let free = TextQuestionContent { max_length: None, required: false, ..slide };
        assert!(free.accept(&json!({"text": ""})).is_ok());
        assert!(free.accept(&json!({"text": "x".repeat(5000)})).is_ok());
        assert!(free.accept(&json!({"text": "x".repeat(5001)})).is_err());
    }
}
