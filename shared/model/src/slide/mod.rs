//! Slides: what each type may hold, what it is when it is new, and which answers it takes (contract presentations A3.1).
//!
//! | type | takes | counts |
//! | --- | --- | --- |
//! | `content`, `summary`, `conclusion` | nothing | |
//! | `question_text` | `{"text": "…"}` | words |
//! | `question_choice` | `{"selected": ["opt1"]}` | votes |
//! | `scale` | `{"value": 4}` | votes, average |
//! | `ranking` | `{"ranking": ["opt2", "opt1"]}` | votes, points |
//! | `quiz` | `{"selected": ["opt1"]}`, once | votes |
//!
//! A new slide type is one file beside these — a struct, its limits and an `impl` of [`Kind`] — with its `mod` line and
//! its line in [`slide_types!`].

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
mod text_content;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

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
use crate::{FieldError, SessionId, SlideId, tally::Tally};

type FieldResult<T> = Result<T, Vec<FieldError>>;

/// What every slide type can say about itself (each is documented at [`SlideContent`]); the default is a slide that is only shown.
trait SlideTypeRules: Default + Serialize + DeserializeOwned + garde::Validate<Context = ()> {
    fn accept(&self, _answer: &Value) -> FieldResult<AnswerContent> {
        Err(vec![FieldError::new("content", "this slide takes no answers")])
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

    fn forget_others(&mut self, _session: SessionId) {}
}

macro_rules! slide_types {
    ($($variant:ident($content:ty) = $name:literal,)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum SlideType { $($variant,)* }

        impl SlideType {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }

        /// What is on a slide. On the wire and in the table it is `"type": …, "content": {…}`.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(tag = "type", content = "content", rename_all = "snake_case")]
        pub enum SlideContent { $($variant($content),)* }

        impl SlideContent {
            /// Content of a type as a client sends it; nothing, `null` or `{}` is the type's default, and fields that
            /// the type does not have are dropped.
            ///
            /// # Errors
            /// Every field at fault, as `content.options[0].text`.
            pub fn parse(kind: SlideType, value: &Value) -> FieldResult<Self> {
                match kind { $(SlideType::$variant => parse::parse_content::<$content>(value).map(Self::$variant),)* }
            }

            pub fn default_for(kind: SlideType) -> Self {
                match kind { $(SlideType::$variant => Self::$variant(<$content>::default()),)* }
            }

            pub const fn kind(&self) -> SlideType {
                match self { $(Self::$variant(_) => SlideType::$variant,)* }
            }

            /// The bare content, without its type.
            pub fn to_value(&self) -> Value {
                match self { $(Self::$variant(content) => to_value(content),)* }
            }

            /// An answer as a participant sends it.
            ///
            /// # Errors
            /// What is wrong with it, as `content.selected[0]`; on `content` where the slide takes no answers.
            pub fn accept(&self, answer: &Value) -> FieldResult<AnswerContent> {
                match self { $(Self::$variant(content) => content.accept(answer),)* }
            }

            /// The count of answers that this slide has accepted, in whatever order; `None` where it takes none.
            pub fn tally(&self, answers: &[&AnswerContent]) -> Option<Tally> {
                match self { $(Self::$variant(content) => content.tally(answers),)* }
            }

            /// May the audience see how the others answered, where the presenter has not said?
            pub fn shows_results(&self) -> bool {
                match self { $(Self::$variant(content) => content.shows_results(),)* }
            }

            /// The bare content as the audience may see it: which options are right is not there before it is revealed.
            pub fn for_audience(&self, is_revealed: bool) -> Value {
                match self { $(Self::$variant(content) => content.for_audience(is_revealed),)* }
            }

            /// Does the first answer stand, whatever comes after it?
            pub fn is_final(&self) -> bool {
                match self { $(Self::$variant(content) => content.is_final(),)* }
            }

            /// What an answer earns that came so many milliseconds after the slide; 0 where there is no right or wrong.
            pub fn points(&self, answer: &AnswerContent, elapsed_ms: i64) -> u32 {
                match self { $(Self::$variant(content) => content.points(answer, elapsed_ms),)* }
            }

            /// What can be read on it, from top to bottom, without what is empty: for an assistant and for reports.
            pub fn texts(&self) -> Vec<&str> {
                let texts = match self { $(Self::$variant(content) => content.texts(),)* };
                texts.into_iter().filter(|text| !text.trim().is_empty()).collect()
            }

            /// What can be chosen, as it was written; nothing where there are no options, and on a scale.
            pub fn options(&self) -> &[ChoiceOption] {
                match self { $(Self::$variant(content) => content.options(),)* }
            }

            /// What an option reads; the option itself where its id is all there is, as on a scale.
            pub fn label<'a>(&'a self, option: &'a str) -> &'a str {
                self.options().iter().find(|one| one.id == option).map_or(option, |one| one.text.as_str())
            }

            /// As it is in a session: what was written on it from the answers of another audience is not there.
            #[must_use]
            pub fn seen_in(mut self, session: SessionId) -> Self {
                match &mut self { $(Self::$variant(content) => content.forget_others(session),)* }
                self
            }

            /// Lets references to other slides follow them to their new ids: in a copy of a presentation.
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
    // structs with string keys, numbers and lists: nothing that JSON cannot say
    serde_json::to_value(content).unwrap_or_default()
}

/// The value of a field that is on unless it is turned off.
const fn yes() -> bool {
    true
}

/// A rule of garde: something to read is there, and not only space.
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
    fn a_type_is_called_the_same_everywhere() {
        for kind in SlideType::ALL {
            assert_eq!(json!(kind), kind.as_str());
            assert_eq!(json!(SlideContent::default_for(*kind))["type"], kind.as_str());
            assert_eq!(SlideContent::default_for(*kind).kind(), *kind);
        }
    }

    #[test]
    fn nothing_is_the_default_and_the_default_is_good() {
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
            for wrong in [json!([]), json!("text"), json!(3), json!(true)] {
                let errors = SlideContent::parse(*kind, &wrong).unwrap_err();
                assert_eq!(errors[0].field, "content", "{kind:?} {wrong}");
            }
        }
    }

    #[test]
    fn only_questions_take_answers() {
        let answers = [json!({"text": "x"}), json!({"selected": ["opt1"]}), json!({}), json!(null)];
        for kind in [SlideType::Content, SlideType::Summary, SlideType::Conclusion] {
            for answer in &answers {
                let errors = SlideContent::default_for(kind).accept(answer).unwrap_err();
                assert_eq!(errors, [FieldError::new("content", "this slide takes no answers")]);
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

    /// What may lie there, also from before the slide was edited.
    fn answer() -> impl Strategy<Value = AnswerContent> {
        let id = prop::sample::select(vec!["opt1", "opt2", "opt3", "1", "4", "9"]).prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(id, 0..4).prop_map(AnswerContent::Selected),
            "[a-c ]{0,12}".prop_map(AnswerContent::Text),
        ]
    }

    #[test]
    fn what_takes_answers_is_counted_and_has_something_to_read() {
        for kind in SlideType::ALL {
            let slide = SlideContent::default_for(*kind);
            let takes = slide.accept(&json!({})).unwrap_err()[0].message != "this slide takes no answers";
            assert_eq!(slide.tally(&[]).is_some(), takes, "{kind:?}");
            assert!(slide.texts().iter().all(|text| !text.is_empty()));
            assert_eq!(slide.is_final(), *kind == SlideType::Quiz);
        }
        let quiz = SlideContent::default_for(SlideType::Quiz);
        assert_eq!(quiz.texts(), ["Your question", "Option 1", "Option 2"]);
        assert!(
            SlideContent::default_for(SlideType::Content).texts().is_empty(),
            "what is empty is not read"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_sent_is_good_or_named(value in json_value()) {
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
        fn the_order_answers_lie_in_does_not_count(
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
        fn whatever_is_answered_is_good_or_named(value in json_value()) {
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
