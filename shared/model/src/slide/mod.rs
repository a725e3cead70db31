//! Slide types, with their content rules, their defaults and the responses that they accept (contract presentations
//! A3.1).
//!
//! | type | response | tally |
//! | --- | --- | --- |
//! | `content`, `summary`, `conclusion` | none | |
//! | `question_text` | `{"text": "…"}` | words |
//! | `question_choice` | `{"selected": ["opt1"]}` | votes |
//! | `scale` | `{"value": 4}` | votes, average |
//! | `ranking` | `{"ranking": ["opt2", "opt1"]}` | votes, points |
//! | `quiz` | `{"selected": ["opt1"]}`, once | votes |
//!
//! # Recipe: a new slide type
//!
//! 1. Add a file with a struct, its limits and an `impl` of `SlideTypeRules`.
//! 2. Add its `mod` line and its line in the `slide_types!` table below.
//! 3. Add its row to the table above and to contract presentations A3.1.

mod answer_content;
mod conclusion;
mod options;
mod parse;
mod question_choice;
mod question_text;
mod quiz;
mod ranking;
mod scale;
mod summary;
pub mod tally;
mod text_content;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use self::tally::Tally;
pub use self::{
    answer_content::AnswerContent,
    conclusion::ConclusionContent,
    options::ChoiceOption,
    question_choice::ChoiceQuestionContent,
    question_text::TextQuestionContent,
    quiz::QuizContent,
    ranking::RankingContent,
    scale::ScaleContent,
    summary::{AllSlides, IncludedSlides, SummaryContent},
    text_content::{SlideLayout, TextContent},
};
use crate::{FieldError, SessionId, SlideId};

type FieldResult<T> = Result<T, Vec<FieldError>>;

/// The rules of a slide type. The methods are documented at [`SlideContent`]. The defaults describe a slide that is
/// only displayed.
trait SlideTypeRules: Default + Serialize + DeserializeOwned + garde::Validate<Context = ()> {
    fn accept(&self, _answer: &Value) -> FieldResult<AnswerContent> {
        Err(vec![FieldError::new("content", "this slide accepts no responses")])
    }

    fn tally(&self, _answers: &[&AnswerContent]) -> Option<Tally> {
        None
    }

    fn shows_results(&self) -> bool {
        true
    }

    fn for_audience(&self, _is_revealed: bool) -> Value {
        to_value(self)
    }

    fn is_final(&self) -> bool {
        false
    }

    fn points(&self, _answer: &AnswerContent, _elapsed_ms: i64) -> u32 {
        0
    }

    fn options(&self) -> &[ChoiceOption] {
        &[]
    }

    fn texts(&self) -> Vec<&str>;

    fn refer(&mut self, _renamed: &dyn Fn(SlideId) -> SlideId) {}

    fn clear_other_sessions(&mut self, _session: SessionId) {}
}

/// Makes [`SlideType`] and [`SlideContent`] from a table. Each line has a variant, the struct of its content and its
/// name on the wire.
macro_rules! slide_types {
    ($($variant:ident($content:ty) = $name:literal,)*) => {
        /// The type of a slide.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum SlideType { $($variant,)* }

        impl SlideType {
            /// All slide types.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the name of the type on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        /// The content of a slide, with its type.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(tag = "type", content = "content", rename_all = "snake_case")]
        pub enum SlideContent { $($variant($content),)* }

        impl SlideContent {
            /// Reads the content of a type as a client sends it. Absent content, `null` and `{}` become the default of
            /// the type. Unknown fields are dropped.
            ///
            /// # Errors
            /// Returns every invalid field, for example `content.options[0].text`.
            pub fn parse(kind: SlideType, value: &Value) -> FieldResult<Self> {
                match kind { $(SlideType::$variant => parse::parse_content::<$content>(value).map(Self::$variant),)* }
            }

            /// Returns the content of a new slide.
            pub fn default_for(kind: SlideType) -> Self {
                match kind { $(SlideType::$variant => Self::$variant(<$content>::default()),)* }
            }

            /// Returns the type.
            pub const fn kind(&self) -> SlideType {
                match self { $(Self::$variant(_) => SlideType::$variant,)* }
            }

            /// Returns the content without its type.
            pub fn to_value(&self) -> Value {
                match self { $(Self::$variant(content) => to_value(content),)* }
            }

            /// Reads a response as a participant sends it.
            ///
            /// # Errors
            /// Returns every invalid field, for example `content.selected[0]`. Returns an error for `content` if the
            /// slide accepts no responses.
            pub fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
                match self { $(Self::$variant(content) => content.accept(answer),)* }
            }

            /// Counts responses that this slide has accepted, in any order. Returns `None` if the slide accepts no
            /// responses.
            pub fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
                match self { $(Self::$variant(content) => content.tally(answers),)* }
            }

            /// Returns whether the audience may see the results, unless the presenter decides otherwise.
            pub fn shows_results(&self) -> bool {
                match self { $(Self::$variant(content) => content.shows_results(),)* }
            }

            /// Returns the content for the audience, without its type. The correct options are absent until they are
            /// revealed.
            pub fn for_audience(&self, is_revealed: bool) -> Value {
                match self { $(Self::$variant(content) => content.for_audience(is_revealed),)* }
            }

            /// Returns whether the first response is final.
            pub fn is_final(&self) -> bool {
                match self { $(Self::$variant(content) => content.is_final(),)* }
            }

            /// Returns the points of a response that arrived this many milliseconds after the slide. The points are 0
            /// for slides without a correct response.
            pub fn points(&self, answer: &AnswerContent, elapsed_ms: i64) -> u32 {
                match self { $(Self::$variant(content) => content.points(answer, elapsed_ms),)* }
            }

            /// Returns the readable texts from top to bottom, without empty ones, for the assistant and for reports.
            pub fn texts(&self) -> Vec<&str> {
                let texts = match self { $(Self::$variant(content) => content.texts(),)* };
                texts.into_iter().filter(|text| !text.trim().is_empty()).collect()
            }

            /// Returns the options. The list is empty for slides without options and for scales.
            pub fn options(&self) -> &[ChoiceOption] {
                match self { $(Self::$variant(content) => content.options(),)* }
            }

            /// Returns the text of an option. An id without a text, as on a scale, is returned unchanged.
            pub fn label<'a>(&'a self, option: &'a str) -> &'a str {
                self.options().iter().find(|candidate| candidate.id == option).map_or(option, |found| found.text.as_str())
            }

            /// Returns the content as a session shows it. Text that was generated from another session's responses is
            /// removed.
            #[must_use]
            pub fn seen_in(mut self, session: SessionId) -> Self {
                match &mut self { $(Self::$variant(content) => content.clear_other_sessions(session),)* }
                self
            }

            /// Replaces the ids of referenced slides, for a copy of a presentation.
            pub fn refer(&mut self, renamed: &dyn Fn(SlideId) -> SlideId) {
                match self { $(Self::$variant(content) => content.refer(renamed),)* }
            }
        }
    };
}

slide_types! {
    Content(TextContent) = "content",
    QuestionText(TextQuestionContent) = "question_text",
    QuestionChoice(ChoiceQuestionContent) = "question_choice",
    Scale(ScaleContent) = "scale",
    Ranking(RankingContent) = "ranking",
    Quiz(QuizContent) = "quiz",
    Summary(SummaryContent) = "summary",
    Conclusion(ConclusionContent) = "conclusion",
}

fn to_value(content: &impl Serialize) -> Value {
    // content consists of structs with string keys, numbers and lists, which JSON can represent
    serde_json::to_value(content).unwrap_or_default()
}

/// Returns the default of a field that is on unless the client turns it off.
const fn yes() -> bool {
    true
}

/// Checks that a text is not blank (a rule of garde).
#[expect(clippy::trivially_copy_pass_by_ref, reason = "garde passes the context so")]
fn not_blank(text: &str, (): &()) -> garde::Result {
    if text.trim().is_empty() { Err(garde::Error::new("must not be blank")) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_has_one_name() {
        for kind in SlideType::ALL {
            assert_eq!(json!(kind), kind.as_str());
            assert_eq!(json!(SlideContent::default_for(*kind))["type"], kind.as_str());
            assert_eq!(SlideContent::default_for(*kind).kind(), *kind);
        }
    }

    #[test]
    fn absent_content_is_the_default_and_the_default_is_valid() {
        for kind in SlideType::ALL {
            let default = SlideContent::default_for(*kind);
            for nothing in [json!(null), json!({})] {
                assert_eq!(SlideContent::parse(*kind, &nothing).as_ref(), Ok(&default));
            }
            assert_eq!(SlideContent::parse(*kind, &default.to_value()), Ok(default));
        }
    }

    #[test]
    fn content_that_is_not_an_object_is_refused() {
        for kind in SlideType::ALL {
            for invalid in [json!([]), json!("text"), json!(3), json!(true)] {
                let errors = SlideContent::parse(*kind, &invalid).unwrap_err();
                assert_eq!(errors[0].field, "content", "{kind:?} {invalid}");
            }
        }
    }

    #[test]
    fn only_questions_accept_responses() {
        let answers = [json!({"text": "x"}), json!({"selected": ["opt1"]}), json!({}), json!(null)];
        for kind in [SlideType::Content, SlideType::Summary, SlideType::Conclusion] {
            for answer in &answers {
                let errors = SlideContent::default_for(kind).accept(answer).unwrap_err();
                assert_eq!(errors, [FieldError::new("content", "this slide accepts no responses")]);
            }
        }
    }

    fn json_value() -> impl Strategy<Value = Value> {
        let names = [
            "question",
            "options",
            "text",
            "id",
            "order",
            "max_length",
            "include_slides",
            "conclusions",
            "title",
            "min",
            "max",
            "correct",
            "points",
            "value",
            "ranking",
            "selected",
        ];
        let leaf = prop_oneof![
            Just(json!(null)),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
            Just(json!("x".repeat(11_000))),
        ];
        leaf.prop_recursive(3, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((prop::sample::select(names.to_vec()), inner), 0..6)
                    .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
            ]
        })
    }

    /// A stored response, which may be older than the last edit of the slide.
    fn answer() -> impl Strategy<Value = AnswerContent> {
        let id = prop::sample::select(vec!["opt1", "opt2", "opt3", "1", "4", "9"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(id, 0..4).prop_map(AnswerContent::Selected),
            "[a-c ]{0,12}".prop_map(AnswerContent::Text),
        ]
    }

    #[test]
    fn slides_that_accept_responses_have_a_tally_and_texts() {
        for kind in SlideType::ALL {
            let slide = SlideContent::default_for(*kind);
            let takes = slide.accept(&json!({})).unwrap_err()[0].message != "this slide accepts no responses";
            assert_eq!(slide.tally(&[]).is_some(), takes, "{kind:?}");
            assert!(slide.texts().iter().all(|text| !text.is_empty()));
            assert_eq!(slide.is_final(), *kind == SlideType::Quiz);
        }
        let quiz = SlideContent::default_for(SlideType::Quiz);
        assert_eq!(quiz.texts(), ["Your question", "Option 1", "Option 2"]);
        assert!(SlideContent::default_for(SlideType::Content).texts().is_empty(), "empty texts are left out");
    }

    proptest! {
        #[test]
        fn every_content_is_valid_or_its_errors_name_fields(value in json_value()) {
            for kind in SlideType::ALL {
                match SlideContent::parse(*kind, &value) {
                    Ok(content) => {
                        prop_assert_eq!(content.kind(), *kind);
                        prop_assert_eq!(SlideContent::parse(*kind, &content.to_value()), Ok(content.clone()));
                        let stored = serde_json::to_value(&content).unwrap();
                        prop_assert_eq!(serde_json::from_value::<SlideContent>(stored).unwrap(), content);
                    }
                    Err(errors) => {
                        prop_assert!(!errors.is_empty());
                        prop_assert!(errors.iter().all(|error| error.field.starts_with("content")));
                    }
                }
            }
        }

        #[test]
        fn the_order_of_responses_does_not_change_the_tally(
            (answers, shuffled) in prop::collection::vec(answer(), 0..20)
                .prop_flat_map(|answers| (Just(answers.clone()), Just(answers).prop_shuffle())),
        ) {
            for kind in SlideType::ALL {
                let slide = SlideContent::default_for(*kind);
                let count = |answers: &[AnswerContent]| slide.tally(&answers.iter().collect::<Vec<_>>());
                prop_assert_eq!(count(&answers), count(&shuffled));
            }
        }

        #[test]
        fn every_response_is_valid_or_its_errors_name_fields(value in json_value()) {
            for kind in SlideType::ALL {
                match SlideContent::default_for(*kind).accept(&value) {
                    Ok(answer) => prop_assert_eq!(
                        SlideContent::default_for(*kind).accept(&answer.to_value()), Ok(answer)
                    ),
                    Err(errors) => prop_assert!(errors.iter().all(|error| error.field.starts_with("content"))),
                }
            }
        }
    }
}
