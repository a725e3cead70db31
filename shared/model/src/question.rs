//! Questions of the audience. Their statuses are `queued → answered`, `merged` into a question that asks the same, and
//! `hidden`.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Result, text, words};

/// The maximum length of a question in characters (contract presentations A2.3).
pub const MAX_QUESTION_LENGTH: usize = 300;

/// The share of the longer question's significant words that the shorter one must have to count as the same question.
const SIMILARITY_THRESHOLD: f64 = 0.8;

/// The status of a question. `queued` waits for an answer, `answered` has one, `merged` counts its votes for the
/// question that asks the same, and `hidden` is hidden by the presenter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionStatus {
    /// The question waits for an answer.
    Queued,
    Answered,
    /// Another question asks the same, and the votes count there.
    Merged,
    /// The presenter has hidden the question.
    Hidden,
}

/// A transition of a question, made by the presenter or by the assistant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionTransition {
    /// A first or a better answer.
    Answer,
    Merge,
    Hide,
    /// Restores a hidden or merged question to the status that it had.
    Restore {
        answered: bool,
    },
}

impl QuestionStatus {
    /// Returns the status after the transition. Hiding a hidden question and merging a merged one change nothing, so
    /// retries and second deliveries are harmless.
    ///
    /// # Errors
    /// Returns `INVALID_TRANSITION` with the status if the transition does not exist.
    pub fn apply(self, transition: QuestionTransition) -> Result<Self> {
        match (self, transition) {
            (Self::Queued | Self::Answered, QuestionTransition::Answer)
            | (Self::Hidden | Self::Merged, QuestionTransition::Restore { answered: true }) => {
                Ok(Self::Answered)
            }
            (Self::Hidden | Self::Merged, QuestionTransition::Restore { answered: false }) => {
                Ok(Self::Queued)
            }
            (Self::Queued | Self::Merged, QuestionTransition::Merge) => Ok(Self::Merged),
            (_, QuestionTransition::Hide) => Ok(Self::Hidden),
            _ => Err(Error::conflict(
                ErrorCode::InvalidTransition,
                format!("a question that is {} cannot be {}", self.as_str(), transition.as_str()),
            )),
        }
    }

    /// Returns whether the audience may see the question. A merged question appears as the question that it was merged
    /// into.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Queued | Self::Answered)
    }

    /// Returns the name of the status on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Answered => "answered",
            Self::Merged => "merged",
            Self::Hidden => "hidden",
        }
    }
}

impl QuestionTransition {
    /// Returns the participle for error messages.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answered",
            Self::Merge => "merged",
            Self::Hide => "hidden",
            Self::Restore { .. } => "restored",
        }
    }
}

/// Returns the normal form of a question, which is stored. It is one paragraph with single spaces.
///
/// # Errors
/// Returns the message for the field if the text is blank, is too long or has control characters.
pub fn normalize(text: &str) -> Result<String, &'static str> {
    // check bytes first, so that a megabyte is refused without a scan
    if text.len() > MAX_QUESTION_LENGTH * 16 {
        return Err("must have at most 300 characters");
    }
    // before white space is collapsed, because some control characters are white space
    text::require_lines(text)?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err("must not be blank");
    }
    if text.chars().count() > MAX_QUESTION_LENGTH {
        return Err("must have at most 300 characters");
    }
    Ok(text)
}

/// Returns the wording key, which has the significant words in their order, without case, diacritics and plural
/// endings. Questions with equal keys are the same question and share an answer.
pub fn wording_key(text: &str) -> String {
    significant_words(text).join(" ")
}

/// Returns whether two questions ask the same. Their significant words are equal, or the longer question has all words
/// of the shorter one and few more.
///
/// A wrong answer is worse than a repeated answer. So a replaced word ("on Windows", "on Linux") or a moved word ("does
/// A pay B", "does B pay A") makes another question. A different number ("in 2026"), question word ("when", "where") or
/// negation ("safe", "not safe") does too.
pub fn asks_the_same(one: &str, other: &str) -> bool {
    let one = significant_words(one);
    let other = significant_words(other);
    let (short, long) = if one.len() <= other.len() { (&one, &other) } else { (&other, &one) };
    short == long || covers_most_of(short, long) && !differ_in_deciding_words(short, long)
}

#[expect(clippy::cast_precision_loss, reason = "words of 300 characters")]
fn covers_most_of(short: &[String], long: &[String]) -> bool {
    let mut left = long.iter();
    short.len() as f64 >= SIMILARITY_THRESHOLD * long.len() as f64
        && short.iter().all(|word| left.any(|other| other == word))
}

fn differ_in_deciding_words(one: &[String], other: &[String]) -> bool {
    let matching = |words: &[String], matches: fn(&str) -> bool| -> BTreeSet<String> {
        words.iter().filter(|word| matches(word)).cloned().collect()
    };
    let differ = |matches| matching(one, matches) != matching(other, matches);
    let asks = matching(one, words::is_interrogative);
    let asks_other = matching(other, words::is_interrogative);
    differ(|word| word.contains(char::is_numeric))
        || differ(words::is_deciding)
        || (!asks.is_empty() && !asks_other.is_empty() && asks != asks_other)
}

/// Returns the significant words, or all words if none is significant. "Why this?" has one, "Is it so?" has none.
fn significant_words(text: &str) -> Vec<String> {
    let mut folded = words::fold(text);
    folded.retain(|letter| !matches!(letter, '\'' | '’'));
    // C, C++ and C# are three languages
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '+' | '#');
    let all: Vec<&str> =
        folded.split(|letter| !is_part(letter)).filter(|word| word.contains(char::is_alphanumeric)).collect();
    let is_significant =
        |word: &&&str| !words::is_filler_word(word) && !words::is_filler_word(&singular(word));
    let significant: Vec<String> = all.iter().filter(is_significant).map(|word| singular(word)).collect();
    if significant.is_empty() { all.into_iter().map(singular).collect() } else { significant }
}

/// Removes English plural endings. A wrong cut does little harm, because both questions are cut alike.
fn singular(word: &str) -> String {
    let stem = |cut: usize| &word[..word.len() - cut];
    if word.len() > 4 && word.ends_with("ies") {
        format!("{}y", stem(3))
    } else if word.len() > 4 && ["xes", "ches", "shes", "sses", "zes"].iter().any(|end| word.ends_with(end)) {
        stem(2).to_owned()
    } else if word.len() > 3
        && word.ends_with('s')
        && !["ss", "us", "is"].iter().any(|end| word.ends_with(end))
    {
        stem(1).to_owned()
    } else {
        word.to_owned()
    }
}

/// The key by which a list of questions is sorted.
pub type QuestionSortKey = (Reverse<bool>, Reverse<u64>, i64);

/// Returns the sort key. It puts pinned questions first, then sorts by votes, then puts older questions first.
pub fn sort_key(is_pinned: bool, up_votes: u64, asked_at_ms: i64) -> QuestionSortKey {
    (Reverse(is_pinned), Reverse(up_votes), asked_at_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_transition_from_every_status() {
        use QuestionStatus::{Answered, Hidden, Merged, Queued};
        let back = QuestionTransition::Restore { answered: false };
        let back_answered = QuestionTransition::Restore { answered: true };
        let table = [
            (Queued, [Some(Answered), Some(Merged), Some(Hidden), None, None]),
            (Answered, [Some(Answered), None, Some(Hidden), None, None]),
            (Merged, [None, Some(Merged), Some(Hidden), Some(Queued), Some(Answered)]),
            (Hidden, [None, None, Some(Hidden), Some(Queued), Some(Answered)]),
        ];
        for (from, expected) in table {
            for (transition, to) in [
                QuestionTransition::Answer,
                QuestionTransition::Merge,
                QuestionTransition::Hide,
                back,
                back_answered,
            ]
            .into_iter()
            .zip(expected)
            {
                assert_eq!(from.apply(transition).ok(), to, "{from:?} {transition:?}");
            }
        }
        let refused = Hidden.apply(QuestionTransition::Answer).unwrap_err();
        assert_eq!(refused.to_string(), "a question that is hidden cannot be answered");
    }

    #[test]
    fn a_question_is_one_paragraph() {
        assert_eq!(normalize("  Why\n\n  herons?\t"), Ok("Why herons?".into()));
        assert_eq!(normalize(&"ă".repeat(MAX_QUESTION_LENGTH)), Ok("ă".repeat(MAX_QUESTION_LENGTH)));
        for invalid in
            ["", " \n", "a\u{0}b", "bell\u{7}", &"x".repeat(MAX_QUESTION_LENGTH + 1), &"x".repeat(10_000)]
        {
            assert!(normalize(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn questions_that_ask_the_same_are_found() {
        for (one, other) in [
            ("How do I deploy it?", "how can I deploy this"),
            ("Where do herons nest?", "Where does a heron nest?"),
            ("What are the costs of a vote?", "what is the cost of a vote???"),
            ("Cum învățați un limbaj nou?", "cum invatati un limbaj nou"),
            ("Will the slides be shared after the talk?", "Are the slides shared after the talk?"),
            ("Why?", "why"),
            ("Don't boxes break?", "dont box break"),
            ("How long does a heron live?", "how long do herons live"),
            ("How long does a grey heron live?", "How long does a grey heron live on average?"),
        ] {
            assert!(
                asks_the_same(one, other),
                "{one} / {other}: {} {}",
                wording_key(one),
                wording_key(other)
            );
        }
        for (one, other) in [
            ("When is lunch?", "Where is lunch?"),
            ("Is it safe?", "Is it not safe?"),
            ("What changed in version 2?", "What changed in version 3?"),
            ("Why will the Linux desktop release come?", "When will the Linux desktop release come?"),
            ("Is C faster than Rust?", "Is C++ faster than Rust?"),
            ("How do I deploy it?", "How do I test it?"),
            ("Will there be a release for Linux?", "Will there be no release for Linux?"),
            ("Cât costă?", "Când vine?"),
            ("Will AI replace drivers?", "Will Rust replace drivers?"),
            ("Where do we meet before lunch?", "Where do we meet after lunch?"),
            ("Does it scale up?", "Does it scale down?"),
            ("Merge și cu internet?", "Merge și fără internet?"),
            ("How do I install Rust on Windows?", "How do I install Rust on Linux?"),
            ("What does the basic plan cost per seat?", "What does the pro plan cost per seat?"),
            ("Is the vaccine safe for pregnant women?", "Is the vaccine safe for diabetic women?"),
            ("Is the vaccine safe for women?", "Is the vaccine safe for pregnant women?"),
            ("Is the Paris office open today?", "Is the London office open today?"),
            ("Does Alice manage Bob?", "Does Bob manage Alice?"),
            ("How do I install Rust?", "How do I install Rust on Linux?"),
        ] {
            assert!(
                !asks_the_same(one, other),
                "{one} / {other}: {} {}",
                wording_key(one),
                wording_key(other)
            );
        }
    }

    #[test]
    fn a_wording_key_has_the_significant_words() {
        assert_eq!(wording_key("How do I deploy the Lambdas to AWS?"), "how deploy lambda aws");
        assert_eq!(wording_key("A beats B"), "beat b");
        assert_eq!(
            wording_key("Is it so?"),
            "is it so",
            "a question of insignificant words keeps all of them"
        );
        assert_ne!(wording_key("Does Ana teach Bo?"), wording_key("Does Bo teach Ana?"), "the order is kept");
        assert_eq!(wording_key("?!"), "");
    }

    #[test]
    fn questions_are_sorted_by_pin_votes_and_age() {
        let mut keys =
            [sort_key(false, 9, 1), sort_key(false, 9, 0), sort_key(true, 0, 5), sort_key(false, 10, 7)];
        keys.sort();
        assert!(
            keys == [
                sort_key(true, 0, 5),
                sort_key(false, 10, 7),
                sort_key(false, 9, 0),
                sort_key(false, 9, 1)
            ]
        );
    }

    proptest! {
        #[test]
        fn asking_the_same_is_symmetric(one in "[a-eșs0-1 ?]{0,30}", other in "[a-eșs0-1 ?]{0,30}") {
            prop_assert_eq!(asks_the_same(&one, &other), asks_the_same(&other, &one));
            prop_assert!(asks_the_same(&one, &one));
            prop_assert!(asks_the_same(&one, &one.to_uppercase()));
        }

        #[test]
        fn a_wording_key_is_stable(text in ".{0,60}") {
            let key = wording_key(&text);
            prop_assert_eq!(super::wording_key(&key), key);
        }

        #[test]
        fn the_normal_form_is_stable(text in ".{0,400}") {
            if let Ok(kept) = normalize(&text) {
                prop_assert!(kept.chars().count() <= MAX_QUESTION_LENGTH);
                prop_assert_eq!(normalize(&kept), Ok(kept));
            }
        }
    }
}
