//! The slide type `scale`, which asks for a whole number between two limits.

use std::collections::BTreeMap;

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AnswerContent, FieldResult, SlideTypeRules, not_blank, options, tally::Tally, yes};
use crate::{FieldError, text};

/// The maximum number of steps. 0 to 10 is the longest scale in common use, and a phone can show it in one row.
const MAX_STEPS: u32 = 10;

/// The content of a scale slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct ScaleContent {
    #[garde(length(chars, max = 500), custom(not_blank), custom(text::lines))]
    pub question: String,
    /// The lowest value.
    #[serde(default = "default_min")]
    #[garde(range(max = 100))]
    pub min: u32,
    /// The highest value, 1 to 10 above the lowest.
    #[serde(default = "default_max")]
    #[garde(custom(within_steps_above(self.min)))]
    pub max: u32,
    /// The label of the lowest value.
    #[serde(default)]
    #[garde(length(chars, max = 100), inner(custom(text::line)))]
    pub min_label: Option<String>,
    /// The label of the highest value.
    #[serde(default)]
    #[garde(length(chars, max = 100), inner(custom(text::line)))]
    pub max_label: Option<String>,
    /// Whether the audience sees the votes and their average.
    #[serde(default = "yes")]
    #[garde(skip)]
    pub show_results: bool,
}

const fn default_min() -> u32 {
    1
}

const fn default_max() -> u32 {
    5
}

/// Checks that the highest value is 1 to 10 above the lowest (a rule of garde).
fn within_steps_above(min: u32) -> impl Fn(&u32, &()) -> garde::Result {
    move |max, ()| {
        if (1..=MAX_STEPS).contains(&max.saturating_sub(min)) {
            Ok(())
        } else {
            Err(garde::Error::new(format!("must be 1 to {MAX_STEPS} more than `min`")))
        }
    }
}

impl Default for ScaleContent {
    fn default() -> Self {
        Self {
            question: "Your question".into(),
            min: default_min(),
            max: default_max(),
            min_label: None,
            max_label: None,
            show_results: true,
        }
    }
}

impl ScaleContent {
    fn point_ids(&self) -> Vec<String> {
        (self.min..=self.max).map(|point| point.to_string()).collect()
    }
}

impl SlideTypeRules for ScaleContent {
    /// Accepts `{"value": 4}`, and `{"selected": ["4"]}` as for other choices.
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let points = self.point_ids();
        let Some(value) = answer.get("value") else {
            let known: Vec<&str> = points.iter().map(String::as_str).collect();
            let missing_value = answer.is_object() && answer.get("selected").is_none();
            let names: &[&str] = if missing_value { &["value"] } else { &["selected"] };
            return options::parse_selection(answer, names, &known, 1).map(AnswerContent::Selected);
        };
        let point = value.as_u64().map(|value| value.to_string()).filter(|point| points.contains(point));
        let message = || format!("must be a whole number from {} to {}", self.min, self.max);
        let point = point.ok_or_else(|| vec![FieldError::new("content.value", message())])?;
        Ok(AnswerContent::Selected(vec![point]))
    }

    /// Counts votes. The id of an option is its number.
    fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
        let points = self.point_ids();
        let known: Vec<&str> = points.iter().map(String::as_str).collect();
        let tally = Tally::of_choices(&known, answers);
        let average = average(&tally.votes);
        Some(Tally { average, ..tally })
    }

    fn shows_results(&self) -> bool {
        self.show_results
    }

    fn texts(&self) -> Vec<&str> {
        [Some(&self.question), self.min_label.as_ref(), self.max_label.as_ref()]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

#[expect(clippy::cast_precision_loss, reason = "points of an audience: exact up to 2^53")]
fn average(votes: &BTreeMap<String, u64>) -> Option<f64> {
    let mut sum = 0;
    let mut count = 0;
    for (point, votes) in votes {
        sum += point.parse::<u64>().ok()? * votes;
        count += votes;
    }
    (count > 0).then(|| (sum as f64 * 100.0 / count as f64).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    fn fields(value: &Value) -> Vec<String> {
        let parsed = SlideContent::parse(SlideType::Scale, value);
        parsed.err().into_iter().flatten().map(|error| error.field).collect()
    }

    #[test]
    fn content_has_limits() {
        for good in [
            json!({"question": "?"}),
            json!({"question": "?", "min": 0, "max": 10}),
            json!({"question": "?", "min": 100, "max": 101, "min_label": "low", "max_label": "high"}),
        ] {
            assert_eq!(fields(&good), [""; 0], "{good}");
        }
        for (invalid, field) in [
            (json!({"min": 0}), "content.question"),
            (json!({"question": " "}), "content.question"),
            (json!({"question": "?", "min": 101, "max": 105}), "content.min"),
            (json!({"question": "?", "min": -1}), "content.min"),
            (json!({"question": "?", "min": 0, "max": 11}), "content.max"),
            (json!({"question": "?", "min": 5, "max": 5}), "content.max"),
            (json!({"question": "?", "min": 5, "max": 4}), "content.max"),
            (json!({"question": "?", "max": 4.5}), "content.max"),
            (json!({"question": "?", "min_label": "x".repeat(101)}), "content.min_label"),
        ] {
            assert_eq!(fields(&invalid), [field], "{invalid}");
        }
        assert!(!fields(&json!({"question": "?", "min": u32::MAX, "max": u32::MAX})).is_empty());
    }

    #[test]
    fn a_response_is_a_value_of_the_scale() {
        let scale = ScaleContent { min: 0, max: 10, ..ScaleContent::default() };
        for answer in [json!({"value": 10}), json!({"selected": ["10"]}), json!({"selected": "10"})] {
            assert_eq!(scale.accept(&answer), Ok(AnswerContent::Selected(vec!["10".into()])), "{answer}");
        }
        for (invalid, field) in [
            (json!({"value": 11}), "content.value"),
            (json!({"value": -1}), "content.value"),
            (json!({"value": 1.5}), "content.value"),
            (json!({"value": "4"}), "content.value"),
            (json!({"value": null}), "content.value"),
            (json!({}), "content.value"),
            (json!({"text": "4"}), "content.value"),
            (json!({"selected": ["11"]}), "content.selected[0]"),
            (json!({"selected": ["1", "2"]}), "content.selected"),
            (json!(4), "content"),
        ] {
            assert_eq!(scale.accept(&invalid).unwrap_err()[0].field, field, "{invalid}");
        }
    }

    #[test]
    fn values_have_an_average() {
        let scale = ScaleContent::default();
        let answers = ["1", "4", "5", "9"].map(|point| AnswerContent::Selected(vec![point.into()]));
        let tally = scale.tally(&answers.each_ref()).unwrap();
        assert_eq!(tally.average, Some(3.33), "a vote for a deleted value is not counted");
        assert_eq!((tally.total_voters, tally.votes["2"], tally.votes["5"]), (3, 0, 1));
        assert_eq!(scale.tally(&[]).unwrap().average, None);
    }
}
