//! Words that a presenter blocks. A session hides texts of the audience that contain a blocked word. Only whole words
//! match, so "ass" does not match "class".

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{FieldError, text, words};

/// The maximum number of entries in a list.
pub const MAX_ENTRIES: usize = 200;
/// The maximum length of an entry, in characters.
pub const MAX_ENTRY_LENGTH: usize = 50;

/// A set of blocked words and short phrases, in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct BlockedWords(BTreeSet<String>);

impl BlockedWords {
    /// Reads a list as the presenter typed it. White space is collapsed, case is lowered, duplicates are merged.
    ///
    /// # Errors
    /// Returns one error for each invalid entry, with a field such as `words[3]`. Returns one error for `words` if the
    /// list has too many entries.
    pub fn parse<S: AsRef<str>>(list: &[S]) -> Result<Self, Vec<FieldError>> {
        if list.len() > MAX_ENTRIES {
            return Err(vec![FieldError::new("words", format!("must have at most {MAX_ENTRIES} entries"))]);
        }
        let mut errors = Vec::new();
        let mut entries = BTreeSet::new();
        for (index, word) in list.iter().map(AsRef::as_ref).enumerate() {
            let entry = word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            if let Err(reason) = text::require_lines(word) {
                errors.push(FieldError::new(format!("words[{index}]"), reason));
            } else if entry.chars().count() > MAX_ENTRY_LENGTH {
                let message = format!("must have at most {MAX_ENTRY_LENGTH} characters");
                errors.push(FieldError::new(format!("words[{index}]"), message));
            } else if separate_words(&words::fold(&entry)).trim().is_empty() {
                errors.push(FieldError::new(format!("words[{index}]"), "must have a letter or a digit"));
            } else {
                entries.insert(entry);
            }
        }
        if errors.is_empty() { Ok(Self(entries)) } else { Err(errors) }
    }

    /// Iterates over the entries in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether the text contains an entry as a whole word. Case, diacritics and common disguises (`b4d`, `a$$`)
    /// are ignored.
    pub fn contains(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let folded = words::fold(text);
        let plain = separate_words(&folded);
        let undisguised = undo_disguises(&folded);
        self.0.iter().any(|entry| {
            let entry = words::fold(entry);
            plain.contains(&separate_words(&entry)) || undisguised.contains(&undo_disguises(&entry))
        })
    }
}

/// Reduces a text to words of letters and digits with one space around each, so that a substring search finds whole
/// words.
fn separate_words(folded: &str) -> String {
    join_with_spaces(folded.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned))
}

/// Does the same as [`separate_words`], but reads digits and signs as the letters that they look like. A word without
/// letters, such as 455, stays a number.
fn undo_disguises(folded: &str) -> String {
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '$' | '@');
    join_with_spaces(folded.split(|letter| !is_part(letter)).map(|word| {
        if word.contains(char::is_alphabetic) {
            word.chars().map(letter_meant_by).collect()
        } else {
            word.chars().filter(|letter| letter.is_alphanumeric()).collect()
        }
    }))
}

const fn letter_meant_by(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        other => other,
    }
}

fn join_with_spaces(words: impl Iterator<Item = String>) -> String {
    words.filter(|word| !word.is_empty()).fold(String::from(" "), |text, word| text + &word + " ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn list(words: &[&str]) -> BlockedWords {
        BlockedWords::parse(words).unwrap()
    }

    #[test]
    fn whole_words_are_found_in_every_disguise() {
        let list = list(&["ass", "Prostănac", "bad idea", "1337"]);
        for found in [
            "ass",
            "You ASS!",
            "a$$",
            "@ss",
            "4ss",
            "a55",
            "kiss my ass.",
            "ești un prostanac",
            "PROSTĂNAC",
            "pr0st4nac",
            "what a bad   idea",
            "b4d-1dea",
            "ａｓｓ",
            "so 1337",
            "an ass's ear",
        ] {
            assert!(list.contains(found), "{found}");
        }
        for fine in
            ["class", "assess", "455", "$55", "badidea", "bad ideas", "an idea, bad", "13375", "", "as s"]
        {
            assert!(!list.contains(fine), "{fine}");
        }
        assert!(!BlockedWords::default().contains("ass"));
    }

    #[test]
    fn a_sign_before_a_word_does_not_hide_it() {
        assert!(list(&["ana"]).contains("@ana"));
        assert!(list(&["ana"]).contains("$ana$"));
        assert!(!list(&["io"]).contains("10"), "a number stays a number");
    }

    #[test]
    fn a_list_has_limits() {
        assert_eq!(list(&[" Bad  Idea ", "bad idea"]).iter().collect::<Vec<_>>(), ["bad idea"]);
        assert!(BlockedWords::parse(&vec!["x"; MAX_ENTRIES]).is_ok());
        assert_eq!(BlockedWords::parse(&vec!["x"; MAX_ENTRIES + 1]).unwrap_err()[0].field, "words");
        let long = "ă".repeat(MAX_ENTRY_LENGTH);
        assert!(BlockedWords::parse(&[&long]).is_ok());
        let errors = BlockedWords::parse(&["a", "", "!!", " ", &format!("{long}x")]).unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["words[1]", "words[2]", "words[3]", "words[4]"]);
    }

    proptest! {
        #[test]
        fn a_word_is_found_at_every_position(word in "[a-z0-9@$ș]{1,10}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
            let Ok(list) = BlockedWords::parse(&[&word]) else { return Ok(()) };
            let texts =
                [word.clone(), format!("{before} {word} {after}"), word.to_uppercase(), format!("{before}, {word}!")];
            for text in texts {
                prop_assert!(list.contains(&text), "{}", text);
            }
        }

        #[test]
        fn a_word_inside_another_is_not_found(word in "[b-d]{2,6}", more in "[x-z]{1,3}") {
            let list = list(&[&word]);
            for text in [format!("{more}{word}"), format!("{word}{more}"), format!("{more}{word}{more}")] {
                prop_assert!(!list.contains(&text), "{}", text);
            }
        }
    }
}
