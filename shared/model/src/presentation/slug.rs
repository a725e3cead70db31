//! The slug of a presentation, which is its name in a link.

use std::fmt;

use rand::{RngExt, seq::IndexedRandom};
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789";
/// The maximum number of characters of the title in a slug (contract presentations A1.3).
const MAX_TITLE_PART: usize = 50;

/// The slug of a presentation. It has 3 to 100 lower-case letters, digits and single hyphens, and it is unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, example = "the-first-talk-k7m2qx")]
pub struct Slug(String);

impl Slug {
    /// Generates a slug from the title and six random characters, so that two presentations can have the same title.
    pub fn from_title(title: &str, rng: &mut impl RngExt) -> Self {
        let mut slug = String::with_capacity(MAX_TITLE_PART + 7);
        for c in title.to_lowercase().chars().filter(|c| matches!(c, 'a'..='z' | '0'..='9' | ' ' | '-')) {
            if slug.len() == MAX_TITLE_PART {
                break;
            }
            match c {
                ' ' | '-' if slug.is_empty() || slug.ends_with('-') => {}
                ' ' => slug.push('-'),
                c => slug.push(c),
            }
        }
        let slug = slug.trim_end_matches('-');
        if slug.is_empty() {
            return Self::random(rng);
        }
        Self(format!("{slug}-{}", random_characters(6, rng)))
    }

    /// Generates a slug of random characters, for a title without usable letters or after too many collisions.
    pub fn random(rng: &mut impl RngExt) -> Self {
        Self(random_characters(12, rng))
    }

    /// Reads a slug as the user typed it, in upper or lower case.
    pub fn parse(text: &str) -> Option<Self> {
        // people type spaces; a control character comes from a program, and `SLUG%0A` is another path than `SLUG`
        let is_typed_space = |character: char| character.is_whitespace() && !character.is_control();
        let text = text.trim_matches(is_typed_space).to_ascii_lowercase();
        let words = |text: &str| {
            text.split('-').all(|word| {
                !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            })
        };
        ((3..=100).contains(&text.len()) && words(&text)).then_some(Self(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn random_characters(length: usize, rng: &mut impl RngExt) -> String {
    (0..length).filter_map(|_| ALPHABET.choose(rng)).map(|byte| char::from(*byte)).collect()
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn base(title: &str) -> String {
        let slug = Slug::from_title(title, &mut rand::rng());
        slug.as_str().rsplit_once('-').map(|(base, _)| base.to_owned()).unwrap_or_default()
    }

    #[test]
    fn a_title_becomes_a_slug() {
        assert_eq!(base("The First Talk!"), "the-first-talk");
        assert_eq!(base("  C++ & Rust -- 2026  "), "c-rust-2026");
        assert_eq!(base("Über Äpfel"), "ber-pfel");
        assert_eq!(base(&"a".repeat(80)), "a".repeat(50));
        assert_eq!(base("講演"), "");
        assert_eq!(Slug::from_title("講演", &mut rand::rng()).as_str().len(), 12);
    }

    #[test]
    fn typed_slugs_are_checked() {
        for good in ["abc", "My-Talk", " talk-2026 ", &"x".repeat(100)] {
            assert!(Slug::parse(good).is_some(), "{good}");
        }
        for bad in ["", "ab", "-abc", "abc-", "a--b", "a b", "a_b", "äbc", "a/b", &"x".repeat(101)] {
            assert!(Slug::parse(bad).is_none(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_generated_slug_can_be_typed(title in ".{0,120}") {
            let slug = Slug::from_title(&title, &mut rand::rng());
            prop_assert_eq!(Slug::parse(slug.as_str()), Some(slug));
        }
    }
}
