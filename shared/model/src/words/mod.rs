//! The words of a text for word clouds, for search, and for the comparison of questions and blocked words.

mod stop_words;

use std::collections::HashSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

pub(crate) use self::stop_words::{is_deciding, is_filler_word, is_interrogative, is_stop_word};

/// The minimum number of letters of a word in a cloud (contract presentations A3.4).
const MIN_CLOUD_WORD_LENGTH: usize = 3;
/// The maximum length of a word in characters. Longer words are addresses or random keys.
const MAX_CLOUD_WORD_LENGTH: usize = 40;

/// Folds a text to lower case without diacritics and without the styles of letters (`ｂａｄ`, `𝐛𝐚𝐝`).
pub fn fold(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|letter| !is_combining_mark(*letter)).collect()
}

/// Returns the words of a word cloud, in lower case with diacritics, with repetitions. They have three or more letters
/// and are no stop words.
pub fn cloud_words(text: &str) -> impl Iterator<Item = String> {
    let text: String = text.nfc().flat_map(char::to_lowercase).nfc().collect();
    let is_part =
        |letter: char| letter.is_alphanumeric() || is_combining_mark(letter) || is_apostrophe(letter);
    let words: Vec<String> = text
        .split(|letter| !is_part(letter))
        .map(|word| word.trim_matches(is_apostrophe).replace('’', "'"))
        .filter(|word| {
            let letters = word.chars().filter(|letter| letter.is_alphabetic()).count();
            letters >= MIN_CLOUD_WORD_LENGTH
                && word.chars().count() <= MAX_CLOUD_WORD_LENGTH
                && !is_stop_word(&without_apostrophes(word))
        })
        .collect();
    words.into_iter()
}

/// Returns the words by which a text is found, folded, without repetitions, in their order. They have two or more
/// letters or digits and are no stop words. An apostrophe ends a word, so a search for `heron` finds `heron's`.
pub fn search_words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut seen = HashSet::new();
    folded
        .split(|letter: char| !letter.is_alphanumeric())
        .filter(|word| (2..=MAX_CLOUD_WORD_LENGTH).contains(&word.chars().count()) && !is_stop_word(word))
        .filter(|word| seen.insert(*word))
        .map(str::to_owned)
        .collect()
}

const fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’')
}

/// Returns the form of a word in the list of stop words, where `don't` is `dont`.
fn without_apostrophes(word: &str) -> String {
    let mut folded = fold(word);
    folded.retain(|letter| !is_apostrophe(letter));
    folded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cloud(text: &str) -> Vec<String> {
        cloud_words(text).collect()
    }

    #[test]
    fn a_cloud_has_significant_words() {
        assert_eq!(cloud("The HERON and the heron's nest!"), ["heron", "heron's", "nest"]);
        assert_eq!(cloud("I don’t know, it's a river-side"), ["know", "river", "side"]);
        assert_eq!(cloud("Este și foarte frumoasă, dar şi scumpă"), ["frumoasă", "scumpă"]);
        assert_eq!(cloud("Este si foarte frumoasa pentru ca as vrea"), ["frumoasa", "vrea"]);
        assert_eq!(cloud("Cum învățați? Într-un parc, când nu plouă."), ["învățați", "parc", "plouă"]);
        assert_eq!(cloud("ok AI 2026 web3 😀 'quoted'"), ["web3", "quoted"]);
        assert_eq!(cloud("नमस्ते दुनिया"), ["नमस्ते", "दुनिया"]);
        assert_eq!(
            cloud(&format!(
                "{} {}",
                "x".repeat(MAX_CLOUD_WORD_LENGTH),
                "y".repeat(MAX_CLOUD_WORD_LENGTH + 1)
            )),
            ["x".repeat(40)]
        );
        assert_eq!(
            cloud("a\u{306}pple a\u{306}pple"),
            ["ăpple"; 2],
            "composed and decomposed letters are equal"
        );
    }

    #[test]
    fn search_words_are_folded_and_unique() {
        assert_eq!(search_words("The HERON's nest: heron, Nest 42 x"), ["heron", "nest", "42"]);
        assert_eq!(
            search_words("**Învățați** `fără` @ana_b https://x.ro/CI"),
            ["invatati", "ana", "https", "ro", "ci"]
        );
        assert_eq!(search_words("нет 東京 x y z"), ["нет", "東京"]);
        assert!(search_words("the and si pe — 😀").is_empty());
        assert_eq!(
            search_words(&format!(
                "{} {}",
                "x".repeat(MAX_CLOUD_WORD_LENGTH),
                "y".repeat(MAX_CLOUD_WORD_LENGTH + 1)
            ))
            .len(),
            1
        );
    }

    #[test]
    fn letters_of_other_styles_are_folded() {
        assert_eq!(fold("ȘŞșş ÎÂĂ éÉ ｂａｄ 𝐛𝐚𝐝"), "ssss iaa ee bad bad");
    }

    proptest! {
        #[test]
        fn folding_is_stable(text in ".{0,60}") {
            let folded = fold(&text);
            prop_assert_eq!(fold(&folded), folded);
        }

        #[test]
        fn search_words_are_stable(text in ".{0,60}") {
            for word in search_words(&text) {
                prop_assert_eq!(search_words(&word), [word]);
            }
        }

        #[test]
        fn cloud_words_are_stable(text in ".{0,60}") {
            for word in cloud_words(&text) {
                prop_assert_eq!(cloud_words(&word).collect::<Vec<_>>(), [word]);
            }
        }
    }
}
