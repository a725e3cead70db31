//! Rules for the name and the description of a channel. Each rule returns the error message for its field.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{text, words::fold};

/// The name of a channel, which has 1 to 80 letters, digits, `-` and `_` (contract chat 1.4). It is displayed as it was
/// typed and is unique regardless of case and diacritics.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelName(String);

impl ChannelName {
    /// Reads a name as the user typed it. A leading `#` is dropped.
    ///
    /// # Errors
    /// Returns the message for the field.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let text = text.strip_prefix('#').unwrap_or(text);
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        // a name that folds to nothing is refused, because all such names would collide
        let is_valid =
            (1..=80).contains(&text.chars().count()) && text.chars().all(is_part) && !fold(text).is_empty();
        if is_valid { Ok(Self(text.into())) } else { Err("must be 1 to 80 letters, digits, - or _") }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the folded form, by which names are unique.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads a channel description of at most 500 characters. A blank description becomes `None`.
///
/// # Errors
/// Returns the message for the field.
pub fn parse_description(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.chars().count() > 500 {
        return Err("must have at most 500 characters");
    }
    text::require_lines(text)?;
    Ok((!text.is_empty()).then(|| text::normalize_line_breaks(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_by_their_folded_form() {
        assert_eq!(ChannelName::parse(" #Köln-Büro_2 ").unwrap().as_str(), "Köln-Büro_2");
        assert_eq!(ChannelName::parse("Köln-BÜRO").unwrap().folded(), "koln-buro");
        for bad in ["", " ", "#", "a b", "a/b", "a#b", "<b>", &"x".repeat(81)] {
            assert!(ChannelName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_description_may_be_empty_but_not_long() {
        assert_eq!(parse_description("  \n "), Ok(None));
        assert_eq!(parse_description(" a\nb "), Ok(Some("a\nb".into())));
        assert_eq!(parse_description("a\r\n\tb"), Ok(Some("a\n\tb".into())));
        assert!(parse_description(&"x".repeat(501)).is_err() && parse_description("a\u{7}").is_err());
    }
}
