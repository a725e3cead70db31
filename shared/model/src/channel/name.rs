//! What people type about a channel. Each rule answers with the words for the field it judges.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::words::fold;

/// A channel's name: 1 to 80 of letters, digits, `-` and `_`, shown as it was typed, taken in every spelling. (Contract chat 1.4:
/// slug-like, unique without regard to case.)
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ChannelName(String);

impl ChannelName {
    /// As somebody typed it; a `#` before it is how they say it, not its name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let text = text.strip_prefix('#').unwrap_or(text);
        let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_');
        // judged as it is compared too: a name of which nothing is left would be everyone's
        let good =
            (1..=80).contains(&text.chars().count()) && text.chars().all(is_part) && !fold(text).is_empty();
        if good { Ok(Self(text.into())) } else { Err("must be 1 to 80 letters, digits, - or _") }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The spelling under which it is unique.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }
}

impl fmt::Display for ChannelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a channel is about: up to 500 characters, `None` where nothing is left of them.
pub fn parse_description(text: &str) -> Result<Option<String>, &'static str> {
    let text = text.trim();
    if text.chars().count() > 500 {
        return Err("must have at most 500 characters");
    }
    if text.chars().any(|letter| letter.is_control() && letter != '\n') {
        return Err("must not contain control characters");
    }
    Ok((!text.is_empty()).then(|| text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_one_spelling_and_no_space() {
        assert_eq!(ChannelName::parse(" #Köln-Büro_2 ").unwrap().as_str(), "Köln-Büro_2");
        assert_eq!(ChannelName::parse("Köln-BÜRO").unwrap().folded(), "koln-buro");
        for bad in ["", " ", "#", "a b", "a/b", "a#b", "<b>", &"x".repeat(81)] {
            assert!(ChannelName::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_description_may_be_empty_and_not_long() {
        assert_eq!(parse_description("  \n "), Ok(None));
        assert_eq!(parse_description(" a\nb "), Ok(Some("a\nb".into())));
        assert!(parse_description(&"x".repeat(501)).is_err() && parse_description("a\u{7}").is_err());
    }
}
