//! The content of a participant's response.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The content of a response that its slide has accepted, either `{"selected": ["opt1"]}` or `{"text": "…"}`. A value
/// on a scale is a choice of one option, a ranking is a choice in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerContent {
    /// The ids of the chosen options, in the given order.
    Selected(Vec<String>),
    Text(String),
}

impl AnswerContent {
    pub fn to_value(&self) -> Value {
        match self {
            Self::Selected(ids) => serde_json::json!({ "selected": ids }),
            Self::Text(text) => serde_json::json!({ "text": text }),
        }
    }

    /// Returns the chosen options. The list is empty for a text.
    pub fn selected_options(&self) -> &[String] {
        match self {
            Self::Selected(ids) => ids,
            Self::Text(_) => &[],
        }
    }

    /// Returns the text. It is empty for a choice.
    pub fn text(&self) -> &str {
        match self {
            Self::Selected(_) => "",
            Self::Text(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_one_form() {
        for answer in
            [AnswerContent::Selected(vec!["a".into(), "b".into()]), AnswerContent::Text("so".into())]
        {
            assert_eq!(serde_json::from_value::<AnswerContent>(answer.to_value()).unwrap(), answer);
            assert_eq!(serde_json::to_value(&answer).unwrap(), answer.to_value());
        }
    }
}
