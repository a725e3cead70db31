//! The slide type `conclusion`, which shows the takeaways of a presentation.

use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};

use super::SlideTypeRules;
use crate::{SessionId, text};

/// The maximum length of a conclusion in characters (contract presentations A3.1). Longer text is truncated, so that
/// generated text always fits.
const MAX_CONCLUSION_LENGTH: usize = 500;

/// The content of a conclusion slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(default)]
pub struct ConclusionContent {
    #[garde(length(chars, max = 200), custom(text::line))]
    pub title: String,
    /// The conclusions, at most 10. Each is truncated to 500 characters.
    #[serde(deserialize_with = "truncate_each")]
    #[garde(length(max = 10), inner(custom(text::lines)))]
    pub conclusions: Vec<String>,
    /// The session in which the conclusions were generated. Other sessions do not show them. It is absent if the
    /// presenter wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub generated_in: Option<SessionId>,
    #[garde(skip)]
    pub auto_generate: bool,
    #[garde(length(chars, max = 500), inner(custom(text::lines)))]
    pub thank_you_message: Option<String>,
}

/// Deserializes conclusions and truncates each of them.
fn truncate_each<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(deserializer)?;
    Ok(all.into_iter().map(|conclusion| conclusion.chars().take(MAX_CONCLUSION_LENGTH).collect()).collect())
}

impl Default for ConclusionContent {
    fn default() -> Self {
        Self {
            title: "Key Takeaways".into(),
            conclusions: Vec::new(),
            generated_in: None,
            auto_generate: false,
            thank_you_message: None,
        }
    }
}

impl SlideTypeRules for ConclusionContent {
    fn clear_other_sessions(&mut self, session: SessionId) {
        if self.generated_in.is_some_and(|other| other != session) {
            self.conclusions.clear();
            self.generated_in = None;
        }
    }

    fn texts(&self) -> Vec<&str> {
        let conclusions = self.conclusions.iter().map(String::as_str);
        std::iter::once(self.title.as_str())
            .chain(conclusions)
            .chain(self.thank_you_message.as_deref())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::slide::{SlideContent, SlideType};

    #[test]
    fn limits() {
        let parse = |value| SlideContent::parse(SlideType::Conclusion, &value);
        let cut = parse(json!({"conclusions": vec!["ü".repeat(501); 10]})).unwrap();
        assert_eq!(cut.to_value()["conclusions"][9].as_str().unwrap().chars().count(), 500);
        assert_eq!(cut.to_value()["title"], "Key Takeaways");
        for (invalid, field) in [
            (json!({"conclusions": vec!["x"; 11]}), "content.conclusions"),
            (json!({"conclusions": ["x", 1]}), "content.conclusions[1]"),
            (json!({"conclusions": null}), "content.conclusions"),
            (json!({"title": "x".repeat(201)}), "content.title"),
            (json!({"thank_you_message": "x".repeat(501)}), "content.thank_you_message"),
        ] {
            let errors = parse(invalid.clone()).unwrap_err();
            assert_eq!(errors[0].field, field, "{invalid}: {errors:?}");
        }
    }
}
