//! The product's own sentences in English and Romanian.

use crate::extractive::terms::{ENGLISH, ROMANIAN, contains_word, words};

/// A language of the product's own sentences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Romanian,
}

impl Language {
    /// Detects the language by the letters that only Romanian has and by small words, some of which other languages
    /// share. The default is English.
    pub(crate) fn detect(text: &str) -> Self {
        if text.contains(['ă', 'ș', 'ț', 'ş', 'ţ', 'Ă', 'Ș', 'Ț']) {
            return Self::Romanian;
        }
        let (mut all, mut english, mut romanian) = (0, 0, 0);
        for word in words(text) {
            all += 1;
            english += usize::from(contains_word(ENGLISH, &word));
            romanian += usize::from(contains_word(ROMANIAN, &word));
        }
        if romanian > english && romanian * 3 >= all { Self::Romanian } else { Self::English }
    }

    pub(crate) const fn not_covered(self) -> &'static str {
        match self {
            Self::English => "The notes do not cover this.",
            Self::Romanian => "Notițele nu acoperă acest subiect.",
        }
    }

    pub(crate) const fn refusal(self) -> &'static str {
        match self {
            Self::English => {
                "I cannot repeat the speaker's notes, but you can ask me about a part of the talk."
            }
            Self::Romanian => {
                "Nu pot reda notițele prezentatorului, dar mă poți întreba despre o parte a prezentării."
            }
        }
    }

    pub(crate) const fn nothing_yet(self) -> &'static str {
        match self {
            Self::English => "There are no answers yet.",
            Self::Romanian => "Nu există încă răspunsuri.",
        }
    }

    pub(crate) fn answers(self, count: usize) -> String {
        match (self, count) {
            (Self::English, 1) => "1 answer".into(),
            (Self::English, _) => format!("{count} answers"),
            (Self::Romanian, 1) => "1 răspuns".into(),
            // 2 to 19, and numbers that end in 01 to 19, have no „de”
            (Self::Romanian, _) if (1..20).contains(&(count % 100)) => format!("{count} răspunsuri"),
            (Self::Romanian, _) => format!("{count} de răspunsuri"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_detected_by_small_words() {
        for english in ["What does it cost?", "pricing", "", "日本語", "Is there a free plan for schools?"]
        {
            assert_eq!(Language::detect(english), Language::English, "{english}");
        }
        for romanian in ["Cât costă?", "Care este pretul pentru scoli?", "Unde se tine evenimentul?"] {
            assert_eq!(Language::detect(romanian), Language::Romanian, "{romanian}");
        }
    }

    #[test]
    fn romanian_counts_with_its_preposition() {
        let counted = [1, 2, 19, 20, 101, 119, 120].map(|count| Language::Romanian.answers(count));
        let expected = [
            "1 răspuns",
            "2 răspunsuri",
            "19 răspunsuri",
            "20 de răspunsuri",
            "101 răspunsuri",
            "119 răspunsuri",
            "120 de răspunsuri",
        ];
        assert_eq!(counted, expected);
    }
}
