//! What a participant says to a slide.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An answer that its slide has accepted: `{"selected": ["opt1"]}` or `{"text": "…"}`. A point on a scale is a choice of one,
/// a ranking a choice in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnswerContent {
    /// Ids of the options chosen, in the order they were given.
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

    /// The options chosen: none by a text.
    pub fn selected_options(&self) -> &[String] {
        match self {
            Self::Selected(ids) => ids,
            Self::Text(_) => &[],
        }
    }

    /// What was written: nothing by a choice.
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
    fn an_answer_reads_as_it_is_written() {
        for answer in
            [AnswerContent::Selected(vec!["a".into(), "b".into()]), AnswerContent::Text("so".into())]
        {
            assert_eq!(serde_json::from_value::<AnswerContent>(answer.to_value()).unwrap(), answer);
            assert_eq!(serde_json::to_value(&answer).unwrap(), answer.to_value());
        }
    }
}
