//! The slide type `ranking`, which asks for an order of the options.

use std::collections::BTreeMap;

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

/// The content of a ranking slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct RankingContent {
    #[garde(length(chars, max = 500), custom(not_blank), custom(text::lines))]
    pub question: String,
    /// The options, 2 to 10, with unique ids.
    #[serde(deserialize_with = "options::read")]
    #[garde(length(min = 2, max = 10), custom(options::unique), dive)]
    pub options: Vec<ChoiceOption>,
    /// Whether the audience sees the points.
    #[serde(default = "yes")]
    #[garde(skip)]
    pub show_results: bool,
}

impl Default for RankingContent {
    fn default() -> Self {
        Self { question: "Your question".into(), options: options::default_options(), show_results: true }
    }
}

impl SlideTypeRules for RankingContent {
    /// Accepts `{"ranking": ["opt2", "opt1"]}`, the best option first. Options that the participant leaves out get no
    /// points.
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let known = options::ids(&self.options);
        options::parse_selection(answer, &["ranking", "selected"], &known, known.len())
            .map(AnswerContent::Selected)
    }

    fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
        let known = options::ids(&self.options);
        let tally = Tally::of_choices(&known, answers);
        Some(Tally { points: Some(borda_count(&known, answers)), ..tally })
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

/// Computes the Borda count. Of `n` options, the first of a response gets `n` points, the second `n - 1`, and so on. A
/// deleted option leaves its position to the next one.
fn borda_count(known: &[&str], answers: &[&AnswerContent]) -> BTreeMap<String, u64> {
    let mut points: BTreeMap<String, u64> = known.iter().map(|id| ((*id).to_owned(), 0)).collect();
    for answer in answers {
        let ranked = answer.selected_options().iter().filter(|id| known.contains(&id.as_str()));
        for (id, worth) in ranked.zip((1..=known.len() as u64).rev()) {
            if let Some(points) = points.get_mut(id) {
                *points += worth;
            }
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    fn three() -> RankingContent {
        let options = json!([{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "c", "text": "C"}]);
        let content = SlideContent::parse(SlideType::Ranking, &json!({"question": "?", "options": options}));
        let Ok(SlideContent::Ranking(ranking)) = content else { panic!("{content:?}") };
        ranking
    }

    #[test]
    fn content_has_limits() {
        for (invalid, field) in [
            (json!({"question": "?"}), "content.options"),
            (json!({"question": "?", "options": [{"text": "a"}]}), "content.options"),
            (json!({"options": [{"text": "a"}, {"text": "b"}]}), "content.question"),
        ] {
            let errors = SlideContent::parse(SlideType::Ranking, &invalid).unwrap_err();
            assert_eq!(errors[0].field, field, "{invalid}");
        }
    }

    #[test]
    fn a_response_is_an_order() {
        let slide = three();
        for answer in [json!({"ranking": ["c", "a"]}), json!({"selected": ["c", "a"]})] {
            assert_eq!(
                slide.accept(&answer),
                Ok(AnswerContent::Selected(vec!["c".into(), "a".into()])),
                "{answer}"
            );
        }
        assert!(slide.accept(&json!({"ranking": ["c", "a", "b"]})).is_ok());
        for (invalid, field) in [
            (json!({"ranking": []}), "content.ranking"),
            (json!({"ranking": ["a", "a"]}), "content.ranking[1]"),
            (json!({"ranking": ["a", "z"]}), "content.ranking[1]"),
            (json!({"ranking": ["a", "b", "c", "a"]}), "content.ranking"),
            (json!({"ranking": 3}), "content.ranking"),
            (json!({"text": "a"}), "content.ranking"),
        ] {
            assert_eq!(slide.accept(&invalid).unwrap_err()[0].field, field, "{invalid}");
        }
    }

    #[test]
    fn positions_earn_points() {
        let answers = [vec!["a", "b", "c"], vec!["b"], vec!["gone", "c", "b"]]
            .map(|order| AnswerContent::Selected(order.into_iter().map(str::to_owned).collect()));
        let tally = three().tally(&answers.each_ref()).unwrap();
        let points = BTreeMap::from([("a".into(), 3), ("b".into(), 7), ("c".into(), 4)]);
        assert_eq!(tally.points, Some(points));
        assert_eq!((tally.total_voters, tally.votes["b"]), (3, 3));
    }
}
