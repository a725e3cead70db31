//! The slide type `quiz`, which is a choice with correct options. A correct response earns points, and a faster one
//! earns more.

use std::collections::BTreeSet;

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    AnswerContent, FieldResult, SlideTypeRules, not_blank,
    options::{self, ChoiceOption},
    tally::Tally,
    to_value,
};
use crate::text;

/// The time in seconds after which a correct response earns half of the points, if the slide has no limit.
const DEFAULT_TIME_SECONDS: u32 = 20;

/// The allowance for the network in milliseconds. A response that was given in time and arrives late still earns
/// points.
const NETWORK_GRACE_MS: i64 = 1_000;

/// The content of a quiz slide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, utoipa::ToSchema)]
pub struct QuizContent {
    #[garde(length(chars, max = 500), custom(not_blank), custom(text::lines))]
    pub question: String,
    /// The options, 2 to 10, with unique ids.
    #[serde(deserialize_with = "options::read")]
    #[garde(length(min = 2, max = 10), custom(options::unique), dive)]
    pub options: Vec<ChoiceOption>,
    /// The ids of the correct options. Participants may choose several options if several are correct. The audience
    /// sees `allow_multiple` instead until the results are revealed.
    #[garde(length(min = 1), custom(ids_among(&self.options)))]
    pub correct: Vec<String>,
    /// The points of an immediate correct response. A response at the time limit, or after 20 seconds without a limit,
    /// earns half of them.
    #[serde(default = "default_points")]
    #[garde(range(min = 1, max = 1000))]
    pub points: u32,
    /// The time limit in seconds. A later response earns nothing.
    #[serde(default)]
    #[garde(range(min = 5, max = 300))]
    pub time_limit_seconds: Option<u32>,
}

/// Returns the default of `points`.
const fn default_points() -> u32 {
    1000
}

/// Checks that the correct options are unique ids of options (a rule of garde).
fn ids_among(options: &[ChoiceOption]) -> impl Fn(&Vec<String>, &()) -> garde::Result + '_ {
    move |correct, ()| {
        let different: BTreeSet<&String> = correct.iter().collect();
        if different.len() < correct.len() {
            Err(garde::Error::new("must not repeat an option"))
        } else if !different.into_iter().all(|id| options.iter().any(|option| option.id == *id)) {
            Err(garde::Error::new("must be ids of options"))
        } else {
            Ok(())
        }
    }
}

impl Default for QuizContent {
    fn default() -> Self {
        Self {
            question: "Your question".into(),
            options: options::default_options(),
            correct: vec!["opt1".into()],
            points: default_points(),
            time_limit_seconds: None,
        }
    }
}

impl QuizContent {
    fn allows_multiple(&self) -> bool {
        self.correct.len() > 1
    }

    /// Returns whether a response chose exactly the correct options.
    pub fn is_correct(&self, answer: &AnswerContent) -> bool {
        let chosen: BTreeSet<&String> = answer.selected_options().iter().collect();
        chosen == self.correct.iter().collect()
    }
}

impl SlideTypeRules for QuizContent {
    fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
        let most = if self.allows_multiple() { self.options.len() } else { 1 };
        let names = ["selected", "selected_ids", "option_id"];
        options::parse_selection(answer, &names, &options::ids(&self.options), most)
            .map(AnswerContent::Selected)
    }

    fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
        Some(Tally::of_choices(&options::ids(&self.options), answers))
    }

    /// Votes stay hidden by default, because they hint at the correct option.
    fn shows_results(&self) -> bool {
        false
    }

    fn for_audience(&self, is_revealed: bool) -> Value {
        let mut content = to_value(self);
        if let Some(fields) = content.as_object_mut() {
            fields.insert("allow_multiple".into(), self.allows_multiple().into());
            if !is_revealed {
                fields.remove("correct");
            }
        }
        content
    }

    /// The first response is final, because a second one could use what the first one revealed.
    fn is_final(&self) -> bool {
        true
    }

    fn points(&self, answer: &AnswerContent, elapsed_ms: i64) -> u32 {
        let limit = i64::from(self.time_limit_seconds.unwrap_or(DEFAULT_TIME_SECONDS)) * 1000;
        let is_late = self.time_limit_seconds.is_some() && elapsed_ms > limit + NETWORK_GRACE_MS;
        if is_late || !self.is_correct(answer) {
            return 0;
        }
        let lost = i64::from(self.points) * elapsed_ms.clamp(0, limit) / (2 * limit);
        self.points - u32::try_from(lost).unwrap_or(0)
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
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::slide::{SlideContent, SlideType};

    fn written(correct: &Value) -> Value {
        let options = json!([{"id": "a", "text": "A"}, {"id": "b", "text": "B"}, {"id": "c", "text": "C"}]);
        json!({"question": "?", "options": options, "correct": correct})
    }

    fn quiz(correct: &Value) -> QuizContent {
        let content = SlideContent::parse(SlideType::Quiz, &written(correct));
        let Ok(SlideContent::Quiz(quiz)) = content else { panic!("{content:?}") };
        quiz
    }

    fn chose(ids: &[&str]) -> AnswerContent {
        AnswerContent::Selected(ids.iter().map(|id| (*id).to_owned()).collect())
    }

    #[test]
    fn content_has_limits() {
        let with = |field: &str, value: Value| {
            let mut content = written(&json!(["a"]));
            content[field] = value;
            content
        };
        for good in [
            written(&json!(["a", "b", "c"])),
            with("points", json!(1)),
            with("time_limit_seconds", json!(5)),
            with("time_limit_seconds", json!(300)),
        ] {
            assert!(SlideContent::parse(SlideType::Quiz, &good).is_ok(), "{good}");
        }
        for (invalid, field) in [
            (written(&json!([])), "content.correct"),
            (written(&json!(["z"])), "content.correct"),
            (written(&json!(["a", "a"])), "content.correct"),
            (written(&json!("a")), "content.correct"),
            (with("points", json!(0)), "content.points"),
            (with("points", json!(1001)), "content.points"),
            (with("time_limit_seconds", json!(4)), "content.time_limit_seconds"),
            (with("time_limit_seconds", json!(301)), "content.time_limit_seconds"),
            (with("options", json!([{"id": "a", "text": "A"}])), "content.options"),
        ] {
            let errors = SlideContent::parse(SlideType::Quiz, &invalid).unwrap_err();
            assert_eq!(errors[0].field, field, "{invalid}");
        }
    }

    #[test]
    fn several_options_may_be_chosen_if_several_are_correct() {
        assert!(quiz(&json!(["a"])).accept(&json!({"selected": ["a", "b"]})).is_err());
        assert!(quiz(&json!(["a", "b"])).accept(&json!({"selected": ["a", "b", "c"]})).is_ok());
    }

    #[test]
    fn the_audience_does_not_see_the_correct_options() {
        let content = SlideContent::Quiz(quiz(&json!(["a", "c"])));
        let hidden = content.for_audience(false);
        let revealed = content.for_audience(true);
        assert_eq!((hidden.get("correct"), &hidden["allow_multiple"]), (None, &json!(true)));
        assert_eq!(revealed["correct"], json!(["a", "c"]));
        assert!(!content.shows_results());
        assert_eq!(content.to_value()["correct"], json!(["a", "c"]));
    }

    #[test]
    fn a_faster_response_earns_more() {
        let one = QuizContent { time_limit_seconds: Some(10), ..quiz(&json!(["a"])) };
        for (elapsed, points) in
            [(0, 1000), (-5, 1000), (5_000, 750), (10_000, 500), (11_000, 500), (11_001, 0), (i64::MAX, 0)]
        {
            assert_eq!(one.points(&chose(&["a"]), elapsed), points, "{elapsed}");
            assert_eq!(one.points(&chose(&["b"]), elapsed), 0);
        }
        let free = QuizContent { time_limit_seconds: None, points: 1, ..one };
        assert_eq!([0, 20_000, i64::MAX].map(|elapsed| free.points(&chose(&["a"]), elapsed)), [1, 1, 1]);
        let many = quiz(&json!(["a", "b"]));
        assert_eq!(many.points(&chose(&["b", "a"]), 0), 1000);
        for invalid in [vec!["a"], vec!["a", "b", "c"], vec!["a", "c"]] {
            assert_eq!(many.points(&chose(&invalid), 0), 0, "{invalid:?}");
        }
        assert_eq!(many.points(&AnswerContent::Text("a".into()), 0), 0);
    }

    proptest! {
        #[test]
        fn points_never_increase_with_time(points in 1..=1000_u32, limit in prop::option::of(5..=300_u32), early: i64, later: i64) {
            let quiz = QuizContent { points, time_limit_seconds: limit, ..QuizContent::default() };
            let first = early.min(later);
            let second = early.max(later);
            let right = chose(&["opt1"]);
            prop_assert!(quiz.points(&right, first) >= quiz.points(&right, second));
            prop_assert!(quiz.points(&right, first) <= points);
        }
    }
}
