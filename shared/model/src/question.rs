//! What an audience asks: `queued → answered`, or `merged` into another that asks the same, or `hidden`.

use std::{cmp::Reverse, collections::BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Error, ErrorCode, Result, words};

/// Characters of a question (contract presentations A2.3).
pub const MAX_QUESTION_LENGTH: usize = 300;

/// A question is another one with words left out while so many of the telling words are left: one in five may be missing.
const SIMILARITY_THRESHOLD: f64 = 0.8;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum QuestionStatus {
    /// It waits for an answer.
    Queued,
    Answered,
    /// It asks what another one asks, and its votes count there.
    Merged,
    /// Taken out of sight by the presenter.
    Hidden,
}

/// A move of the presenter, or of who answers for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuestionTransition {
    /// An answer, or a better one.
    Answer,
    Merge,
    Hide,
    /// Back from where it was hidden or merged to, with the answer it had.
    Restore {
        answered: bool,
    },
}

impl QuestionStatus {
    /// The state after a move. Hiding what is hidden changes nothing, and so does merging what is merged: whoever comes
    /// twice, by chance or by a second delivery, has what they wanted.
    ///
    /// # Errors
    /// `INVALID_TRANSITION` naming the state where the machine has no such move.
    pub fn apply(self, made: QuestionTransition) -> Result<Self> {
        match (self, made) {
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
                format!("a question that is {} cannot be {}", self.as_str(), made.as_str()),
            )),
        }
    }

    /// May the audience see it? A merged one is seen where it went.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Queued | Self::Answered)
    }

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
    /// What is done to the question.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answered",
            Self::Merge => "merged",
            Self::Hide => "hidden",
            Self::Restore { .. } => "restored",
        }
    }
}

/// A question in the one spelling that is stored: one paragraph, without space around it or double space inside.
///
/// # Errors
/// The words for the field: blank, too long, or with control characters that are no space.
pub fn normalize(text: &str) -> Result<String, &'static str> {
    // bytes first: nobody splits a megabyte to refuse it
    if text.len() > MAX_QUESTION_LENGTH * 16 {
        return Err("has 300 characters at most");
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err("must not be blank");
    }
    if text.chars().count() > MAX_QUESTION_LENGTH {
        return Err("has 300 characters at most");
    }
    if text.contains(char::is_control) {
        return Err("must not have control characters");
    }
    Ok(text)
}

/// The normal form: words that say something, in their order, without case, diacritics or plural. Questions with one key are
/// one question; the answer to one is the answer to the other.
pub fn wording_key(text: &str) -> String {
    significant_words(text).join(" ")
}

/// Do they ask the same? By the same words in the same order, or where one has all words of the other and few more: the
/// wrong answer is worse than the same one twice, so a word that was replaced ("on Windows", "on Linux") or moved ("does A
/// pay B", "does B pay A") is another question. So is another number, another question word, or a word that turns it
/// round ("in 2026", "when" and "where", "safe" and "not safe").
pub fn asks_the_same(one: &str, other: &str) -> bool {
    let (one, other) = (significant_words(one), significant_words(other));
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
    let of = |words: &[String], is_it: fn(&str) -> bool| -> BTreeSet<String> {
        words.iter().filter(|word| is_it(word)).cloned().collect()
    };
    let differ = |is_it| of(one, is_it) != of(other, is_it);
    let (asks, asks_other) = (of(one, words::is_interrogative), of(other, words::is_interrogative));
    differ(|word| word.contains(char::is_numeric))
        || differ(words::is_deciding)
        || (!asks.is_empty() && !asks_other.is_empty() && asks != asks_other)
}

/// All words where none says anything by itself ("Why this?" has one, "Is it so?" has none).
fn significant_words(text: &str) -> Vec<String> {
    let mut folded = words::fold(text);
    folded.retain(|letter| !matches!(letter, '\'' | '’'));
    // C, C++ and C# are three languages
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '+' | '#');
    let all: Vec<&str> =
        folded.split(|letter| !is_part(letter)).filter(|word| word.contains(char::is_alphanumeric)).collect();
    let says = |word: &&&str| !words::is_filler_word(word) && !words::is_filler_word(&singular(word));
    let telling: Vec<String> = all.iter().filter(says).map(|word| singular(word)).collect();
    if telling.is_empty() { all.into_iter().map(singular).collect() } else { telling }
}

/// English plurals, lightly: an ending that is none costs little, as it is taken from both.
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

/// What a list of questions is sorted by.
pub type QuestionSortKey = (Reverse<bool>, Reverse<u64>, i64);

/// Where a question stands in the list: pinned ones first, then by votes, then the older first.
pub fn sort_key(is_pinned: bool, up_votes: u64, asked_at_ms: i64) -> QuestionSortKey {
    (Reverse(is_pinned), Reverse(up_votes), asked_at_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_move_from_every_state() {
        use QuestionStatus::{Answered, Hidden, Merged, Queued};
        let (back, back_answered) =
            (QuestionTransition::Restore { answered: false }, QuestionTransition::Restore { answered: true });
        let table = [
            (Queued, [Some(Answered), Some(Merged), Some(Hidden), None, None]),
            (Answered, [Some(Answered), None, Some(Hidden), None, None]),
            (Merged, [None, Some(Merged), Some(Hidden), Some(Queued), Some(Answered)]),
            (Hidden, [None, None, Some(Hidden), Some(Queued), Some(Answered)]),
        ];
        for (from, expected) in table {
            for (made, to) in [
                QuestionTransition::Answer,
                QuestionTransition::Merge,
                QuestionTransition::Hide,
                back,
                back_answered,
            ]
            .into_iter()
            .zip(expected)
            {
                assert_eq!(from.apply(made).ok(), to, "{from:?} {made:?}");
            }
        }
        let refused = Hidden.apply(QuestionTransition::Answer).unwrap_err();
        assert_eq!(refused.to_string(), "a question that is hidden cannot be answered");
    }

    #[test]
    fn a_question_is_one_paragraph() {
        assert_eq!(normalize("  Why\n\n  herons?\t"), Ok("Why herons?".into()));
        assert_eq!(normalize(&"ă".repeat(MAX_QUESTION_LENGTH)), Ok("ă".repeat(MAX_QUESTION_LENGTH)));
        for wrong in
            ["", " \n", "a\u{0}b", "bell\u{7}", &"x".repeat(MAX_QUESTION_LENGTH + 1), &"x".repeat(10_000)]
        {
            assert!(normalize(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_same_question_in_other_words() {
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
    fn keys_keep_what_matters() {
        assert_eq!(wording_key("How do I deploy the Lambdas to AWS?"), "how deploy lambda aws");
        assert_eq!(wording_key("A beats B"), "beat b");
        assert_eq!(wording_key("Is it so?"), "is it so", "a question of empty words has all of them");
        assert_ne!(wording_key("Who teaches whom?"), wording_key("Whom teaches who?"), "order is kept");
        assert_eq!(wording_key("?!"), "");
    }

    #[test]
    fn pinned_then_popular_then_old() {
        let mut places =
            [sort_key(false, 9, 1), sort_key(false, 9, 0), sort_key(true, 0, 5), sort_key(false, 10, 7)];
        places.sort();
        assert!(
            places
                == [
                    sort_key(true, 0, 5),
                    sort_key(false, 10, 7),
                    sort_key(false, 9, 0),
                    sort_key(false, 9, 1)
                ]
        );
    }

    proptest! {
        #[test]
        fn sameness_is_mutual(one in "[a-eșs0-1 ?]{0,30}", other in "[a-eșs0-1 ?]{0,30}") {
            prop_assert_eq!(asks_the_same(&one, &other), asks_the_same(&other, &one));
            prop_assert!(asks_the_same(&one, &one));
            prop_assert!(asks_the_same(&one, &one.to_uppercase()));
        }

        #[test]
        fn a_key_is_its_own_key(text in ".{0,60}") {
            let key = wording_key(&text);
            prop_assert_eq!(super::wording_key(&key), key);
        }

        #[test]
        fn what_is_kept_is_kept_again(text in ".{0,400}") {
            if let Ok(kept) = normalize(&text) {
                prop_assert!(kept.chars().count() <= MAX_QUESTION_LENGTH);
                prop_assert_eq!(normalize(&kept), Ok(kept));
            }
        }
    }
}
