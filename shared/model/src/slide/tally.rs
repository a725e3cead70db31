//! Tallies of responses. A tally is always derived from the stored responses. Counters are never incremented.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

use serde::{Deserialize, Serialize};

use super::answer_content::AnswerContent;
use crate::words;

/// The maximum number of words in a cloud (contract presentations A3.4).
const MAX_CLOUD_WORDS: usize = 50;

/// The tally of the responses to a slide.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Tally {
    /// The votes per option id. Options without votes have 0.
    pub votes: BTreeMap<String, u64>,
    /// The number of choices. It exceeds the number of voters if participants may choose several options.
    /// The number of participants who responded.
    pub total_votes: u64,
    pub total_voters: u64,
    /// The words of free-text responses, most frequent first. The list has at most 50 words of at most 40 characters.
    /// Only for free-text questions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<Vec<WordCount>>,
    /// The average of a scale, with two decimals. It is absent before the first response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// The points per option id in a ranking. Of `n` options, the first place gives `n` points, the last one 1, no
    /// place 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<BTreeMap<String, u64>>,
}

/// A word and the number of participants who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct WordCount {
    pub word: String,
    pub count: u64,
}

impl Tally {
    /// Counts the choices of each voter. Choices of deleted options are not counted.
    pub fn count<'a, V>(
        options: impl IntoIterator<Item = &'a str>,
        voters: impl IntoIterator<Item = V>,
    ) -> Self
    where
        V: IntoIterator<Item = &'a str>,
    {
        let mut counts: BTreeMap<String, u64> = options.into_iter().map(|id| (id.to_owned(), 0)).collect();
        let mut choices = 0;
        let mut people = 0;
        for chosen in voters {
            let mut counted = false;
            for id in chosen {
                if let Some(count) = counts.get_mut(id) {
                    *count += 1;
                    choices += 1;
                    counted = true;
                }
            }
            people += u64::from(counted);
        }
        Self { votes: counts, total_votes: choices, total_voters: people, ..Self::default() }
    }

    /// Counts the choices of responses.
    pub fn of_choices(options: &[&str], answers: &[&AnswerContent]) -> Self {
        let chosen = answers.iter().map(|answer| answer.selected_options().iter().map(String::as_str));
        Self::count(options.iter().copied(), chosen)
    }

    /// Counts the words of the texts. Each voter counts once per word, however often they wrote it.
    pub fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = BTreeMap::<String, u64>::new();
        let mut people = 0;
        for text in texts {
            for word in words::cloud_words(text).collect::<BTreeSet<_>>() {
                *counts.entry(word).or_default() += 1;
            }
            people += 1;
        }
        let mut words: Vec<WordCount> =
            counts.into_iter().map(|(word, count)| WordCount { word, count }).collect();
        // the sort is stable, so equally frequent words stay in alphabetical order
        words.sort_by_key(|word| Reverse(word.count));
        words.truncate(MAX_CLOUD_WORDS);
        Self { total_voters: people, words: Some(words), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn choices_and_voters_are_counted_separately() {
        let tally = Tally::count(["a", "b", "c"], [vec!["a", "b"], vec!["a"], vec!["gone"], vec![]]);
        assert_eq!(tally.votes, BTreeMap::from([("a".into(), 2), ("b".into(), 1), ("c".into(), 0)]));
        assert_eq!((tally.total_votes, tally.total_voters), (3, 2));
    }

    #[test]
    fn a_cloud_counts_each_participant_once_per_word() {
        let tally = Tally::of_texts(["Heron heron HERON", "a heron and a stork", "stork!", "the", "crane"]);
        let words: Vec<_> = tally.words.iter().flatten().map(|w| (w.word.as_str(), w.count)).collect();
        assert_eq!(words, [("heron", 2), ("stork", 2), ("crane", 1)]);
        assert_eq!((tally.total_voters, tally.total_votes), (5, 0));
    }

    #[test]
    fn absent_parts_are_not_serialized() {
        let written = serde_json::to_value(Tally::count(["a"], [["a"]])).unwrap();
        assert_eq!(written, serde_json::json!({"votes": {"a": 1}, "total_votes": 1, "total_voters": 1}));
        assert_eq!(serde_json::from_value::<Tally>(written).unwrap(), Tally::count(["a"], [["a"]]));
    }

    proptest! {
        #[test]
        fn a_cloud_equals_a_direct_count(
            texts in prop::collection::vec(prop::collection::vec("[a-cxșĂ]{1,4}", 0..6), 0..120),
        ) {
            let texts: Vec<String> = texts.iter().map(|words| words.join(" ")).collect();
            let mut by_hand: HashMap<String, u64> = HashMap::new();
            for text in &texts {
                let words: HashSet<String> = text.split(' ').map(str::to_lowercase).collect();
                for word in words {
                    *by_hand.entry(word).or_default() += 1;
                }
            }
            by_hand.retain(|word, _| word.chars().count() >= 3 && !words::is_stop_word(&words::fold(word)));
            let mut by_hand: Vec<(u64, String)> = by_hand.into_iter().map(|(word, count)| (count, word)).collect();
            by_hand.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
            by_hand.truncate(50);
            let tally = Tally::of_texts(texts.iter().map(String::as_str));
            let counted: Vec<_> =
                tally.words.unwrap().into_iter().map(|WordCount { word, count }| (count, word)).collect();
            prop_assert_eq!(counted, by_hand);
            prop_assert_eq!(tally.total_voters, texts.len() as u64);
        }
    }
}
