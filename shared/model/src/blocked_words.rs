//! Words that nobody in a session wants to read. A text with one of them is found by whole words: "class" is no offence.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{FieldError, words};

/// Entries of a list.
pub const MAX_ENTRIES: usize = 200;
/// Characters of an entry.
pub const MAX_ENTRY_LENGTH: usize = 50;

/// Words or short phrases, in lower case, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct BlockedWords(BTreeSet<String>);

impl BlockedWords {
    /// A list as somebody typed it.
    ///
    /// # Errors
    /// Every entry at fault, as `words[3]`; `words` where there are too many.
    pub fn parse<S: AsRef<str>>(list: &[S]) -> Result<Self, Vec<FieldError>> {
        if list.len() > MAX_ENTRIES {
            return Err(vec![FieldError::new("words", format!("has {MAX_ENTRIES} entries at most"))]);
        }
        let mut errors = Vec::new();
        let mut entries = BTreeSet::new();
        for (place, word) in list.iter().map(AsRef::as_ref).enumerate() {
            let entry = word.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            if entry.chars().count() > MAX_ENTRY_LENGTH {
                let why = format!("has {MAX_ENTRY_LENGTH} characters at most");
                errors.push(FieldError::new(format!("words[{place}]"), why));
            } else if separate_words(&words::fold(&entry)).trim().is_empty() {
                errors.push(FieldError::new(format!("words[{place}]"), "must have a letter or a digit"));
            } else {
                entries.insert(entry);
            }
        }
        if errors.is_empty() { Ok(Self(entries)) } else { Err(errors) }
    }

    /// In the order of the alphabet.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Is one of them in this text, as a word of its own? Case, diacritics and the usual disguises (`b4d`, `a$$`) do not
    /// matter.
    pub fn contains(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let folded = words::fold(text);
        let (said, undisguised) = (separate_words(&folded), undo_disguises(&folded));
        self.0.iter().any(|entry| {
            let entry = words::fold(entry);
            said.contains(&separate_words(&entry)) || undisguised.contains(&undo_disguises(&entry))
        })
    }
}

/// Words of letters and digits, with one space around each, so that to look for whole words is to look for a text.
fn separate_words(folded: &str) -> String {
    join_with_spaces(folded.split(|letter: char| !letter.is_alphanumeric()).map(str::to_owned))
}

/// The same with digits and signs read as the letters they look like, in words that have a letter: 455 is a number.
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
    fn whole_words_in_every_disguise() {
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
    fn a_sign_before_a_word_hides_nothing() {
        assert!(list(&["ana"]).contains("@ana"));
        assert!(list(&["ana"]).contains("$ana$"));
        assert!(!list(&["io"]).contains("10"), "a number is a number");
    }

    #[test]
    fn limits() {
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
        fn a_word_is_found_wherever_it_stands(word in "[a-z0-9@$ș]{1,10}", before in "[a-z ]{0,9}", after in "[a-z ]{0,9}") {
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
