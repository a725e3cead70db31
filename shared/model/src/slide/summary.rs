//! The slide type `summary`, which sums up the audience's responses.

use garde::Validate;
use serde::{Deserialize, Serialize};

use super::SlideTypeRules;
use crate::{SessionId, SlideId, text};

/// The content of a summary slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
#[serde(default)]
pub struct SummaryContent {
    #[garde(length(chars, max = 200), custom(text::line))]
    pub title: String,
    #[garde(length(chars, max = 10_000), inner(custom(text::lines)))]
    pub summary_text: Option<String>,
    /// The session in which the text was generated. Other sessions do not show it. It is absent if the presenter wrote
    /// the text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[garde(skip)]
    pub generated_in: Option<SessionId>,
    #[garde(skip)]
    pub auto_generate: bool,
    #[garde(custom(at_most_all_slides))]
    pub include_slides: IncludedSlides,
}

/// The slides that the summary covers, either `"all"` or a list of slide ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(untagged, expecting = "must be \"all\" or a list of slide ids")]
pub enum IncludedSlides {
    All(AllSlides),
    These(Vec<SlideId>),
}

/// The word `"all"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllSlides {
    All,
}

impl Default for SummaryContent {
    fn default() -> Self {
        Self {
            title: "Summary".into(),
            summary_text: None,
            generated_in: None,
            auto_generate: true,
            include_slides: IncludedSlides::All(AllSlides::All),
        }
    }
}

impl SlideTypeRules for SummaryContent {
    fn texts(&self) -> Vec<&str> {
        std::iter::once(self.title.as_str()).chain(self.summary_text.as_deref()).collect()
    }

    fn clear_other_sessions(&mut self, session: SessionId) {
        if self.generated_in.is_some_and(|other| other != session) {
            self.summary_text = None;
            self.generated_in = None;
        }
    }

    fn refer(&mut self, renamed: &dyn Fn(SlideId) -> SlideId) {
        if let IncludedSlides::These(slides) = &mut self.include_slides {
            for slide in slides {
                *slide = renamed(*slide);
            }
        }
    }
}

/// Checks the number of slides, which cannot exceed that of a presentation (a rule of garde).
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
fn at_most_all_slides(included: &IncludedSlides, (): &()) -> garde::Result {
    match included {
        IncludedSlides::These(slides) if slides.len() > crate::presentation::MAX_SLIDES => {
            Err(garde::Error::new("must have at most as many ids as a presentation has slides"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use uuid::Uuid;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    #[test]
    fn limits() {
        let id = Uuid::from_u128(7);
        for good in [
            json!({"include_slides": "all"}),
            json!({"include_slides": [id]}),
            json!({"title": "", "summary_text": null}),
        ] {
            assert!(SlideContent::parse(SlideType::Summary, &good).is_ok(), "{good}");
        }
        for (invalid, field) in [
            (json!({"include_slides": "some"}), "content.include_slides"),
            (json!({"include_slides": ["x"]}), "content.include_slides"),
            (json!({"include_slides": vec![id; 201]}), "content.include_slides"),
            (json!({"title": "x".repeat(201)}), "content.title"),
            (json!({"summary_text": "x".repeat(10_001)}), "content.summary_text"),
            (json!({"auto_generate": 1}), "content.auto_generate"),
        ] {
            let errors = SlideContent::parse(SlideType::Summary, &invalid).unwrap_err();
            assert_eq!(errors[0].field, field, "{invalid}: {errors:?}");
        }
    }

    #[test]
    fn generated_text_is_shown_in_its_own_session_only() {
        let (here, there): (SessionId, SessionId) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let written = SummaryContent {
            summary_text: Some("They like tea.".into()),
            generated_in: Some(here),
            ..SummaryContent::default()
        };
        let content = SlideContent::Summary(written.clone());
        assert_eq!(content.clone().seen_in(here), content);
        assert_eq!(content.seen_in(there), SlideContent::Summary(SummaryContent::default()));
        let own = SlideContent::Summary(SummaryContent { generated_in: None, ..written });
        assert_eq!(own.clone().seen_in(there), own, "the speaker's own words");
    }

    #[test]
    fn references_are_remapped_in_a_copy() {
        let (old, new): (SlideId, SlideId) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let mut content = SlideContent::Summary(SummaryContent {
            include_slides: IncludedSlides::These(vec![old]),
            ..SummaryContent::default()
        });
        content.refer(&|_| new);
        assert_eq!(content.to_value()["include_slides"], json!([new]));
    }
}
