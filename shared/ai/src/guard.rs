//! Checks the text of a model before it is shown. It must be plain text and must not repeat the notes.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use crate::{
    context::{AudienceResponses, TalkContext},
    extractive::terms::{fold, words},
    sanitize::{sanitize, truncate_at_sentence, visible_character},
};

/// The maximum number of consecutive words of the notes in an answer. Most sentences are shorter.
const RUN_MAX: usize = 20;

/// The number of consecutive words that cannot be a coincidence.
const SHINGLE: usize = 6;

/// The maximum number of words in such sequences. An answer with more of them is the notes with inserted words.
const COPIED_MAX: usize = 60;

/// The answer repeats the notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotesLeak;

/// The notes in a form for comparison. It is made once per answer, because a stream is compared at each of its pieces.
pub(crate) struct NotesGuard {
    notes: Vec<String>,
    /// The number of each word of the notes.
    numbers: HashMap<String, u32>,
    runs: HashSet<[u32; RUN_MAX + 1]>,
    shingles: HashSet<[u32; SHINGLE]>,
    /// The texts from which URLs may be taken.
    sources: String,
}

impl NotesGuard {
    pub(crate) fn new(talk: &TalkContext, responses: &[AudienceResponses]) -> Self {
        let notes: Vec<String> = words(talk.notes.as_str()).collect();
        let mut numbers = HashMap::new();
        for (word, number) in notes.iter().zip(0..) {
            numbers.entry(word.clone()).or_insert(number);
        }
        let number = |word: &String| numbers.get(word).copied().unwrap_or(u32::MAX);
        let numbered: Vec<u32> = notes.iter().map(number).collect();
        let mut runs: HashSet<_> = windows_of(&numbered).collect();
        let mut shingles: HashSet<_> = windows_of(&numbered).collect();
        // what a slide shows is not secret, even if the notes contain it too
        for slide in &talk.slides {
            let shown: Vec<u32> = words(&slide.text).map(|word| number(&word)).collect();
            for run in windows_of(&shown) {
                runs.remove(&run);
            }
            for shingle in windows_of(&shown) {
                shingles.remove(&shingle);
            }
        }
        let mut sources = talk.notes.as_str().to_owned();
        for slide in talk.slides.iter().chain(responses.iter().map(|responses| &responses.slide)) {
            sources.push('\n');
            sources.push_str(&slide.label);
            sources.push('\n');
            sources.push_str(&slide.text);
        }
        Self { notes, numbers, runs, shingles, sources }
    }

    /// Returns the text for display, truncated to `max` characters.
    ///
    /// # Errors
    /// Returns [`NotesLeak`] if the text repeats the notes.
    pub(crate) fn check(&self, text: &str, max: usize) -> Result<String, NotesLeak> {
        // scripts need joiners, but joiners must not hide words
        let is_no_joiner = |c: &char| !matches!(c, '\u{200c}' | '\u{200d}');
        let seen: String = text.chars().filter_map(visible_character).filter(is_no_joiner).collect();
        let said: Vec<u32> =
            words(&seen).map(|word| self.numbers.get(&word).copied().unwrap_or(u32::MAX)).collect();
        if self.has_run(&said) || self.copied(&said) > COPIED_MAX {
            return Err(NotesLeak);
        }
        Ok(truncate_at_sentence(&sanitize(text, &self.sources), max))
    }

    /// Checks a growing text. Words of the notes at its end are held back until other words follow.
    pub(crate) fn check_growing(&self, text: &str, max: usize) -> Result<String, NotesLeak> {
        self.check(text, max)?;
        self.check(&text[..text.len() - self.held_back_tail(text)], max)
    }

    /// Returns the number of bytes at the end of a text that are consecutive words of the notes. The last word may be
    /// incomplete.
    fn held_back_tail(&self, text: &str) -> usize {
        let (starts, said): (Vec<usize>, Vec<String>) =
            text.unicode_word_indices().map(|(start, word)| (start, fold(word))).unzip();
        let Some((last, before)) = said.split_last() else { return 0 };
        let ends = (0..self.notes.len()).filter(|end| self.notes[*end].starts_with(last.as_str()));
        let rows = ends.map(|end| {
            let same = before.iter().rev().zip(self.notes[..end].iter().rev()).take_while(|(a, b)| a == b);
            same.count() + 1
        });
        let longest = rows.max().unwrap_or(0);
        if longest < SHINGLE { 0 } else { text.len() - starts[starts.len() - longest] }
    }

    fn has_run(&self, said: &[u32]) -> bool {
        windows_of(said).any(|run| self.runs.contains(&run))
    }

    /// Counts the words that are part of a shingle of the notes.
    fn copied(&self, said: &[u32]) -> usize {
        let mut counted_to = 0;
        let mut copied = 0;
        for (start, shingle) in windows_of(said).enumerate() {
            if self.shingles.contains(&shingle) {
                let end = start + SHINGLE;
                copied += end - counted_to.max(start);
                counted_to = end;
            }
        }
        copied
    }
}

fn windows_of<const N: usize>(words: &[u32]) -> impl Iterator<Item = [u32; N]> + '_ {
    words.windows(N).filter_map(|row| row.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssistantNotes, SlideText};

    fn guard(notes: &str) -> NotesGuard {
        NotesGuard::new(&TalkContext { notes: AssistantNotes::new(notes), ..TalkContext::default() }, &[])
    }

    /// Returns `word1 word2 …`, all different.
    fn sentence(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_run_of_the_notes_is_a_leak() {
        let guard = guard(&sentence(0, 300));
        assert!(guard.check(&sentence(40, 60), 2_000).is_ok());
        assert_eq!(guard.check(&sentence(40, 61), 2_000), Err(NotesLeak));
        assert_eq!(guard.check(&format!("Of course! {}", sentence(0, 300)), 9_000), Err(NotesLeak));
        let disguised = sentence(40, 80).to_uppercase().replace(' ', ",\n* ");
        assert_eq!(guard.check(&disguised, 2_000), Err(NotesLeak));
        let joined = sentence(40, 80).replace("ord", "o\u{200d}r\u{ad}d");
        assert_eq!(guard.check(&joined, 2_000), Err(NotesLeak));
    }

    #[test]
    fn the_notes_with_inserted_words_are_a_leak() {
        let guard = guard(&sentence(0, 300));
        let with_fillers: Vec<String> = (0..9).map(|n| sentence(n * 10, n * 10 + 10) + " and").collect();
        assert_eq!(guard.check(&with_fillers.join(" "), 9_000), Err(NotesLeak));
        assert!(guard.check(&with_fillers[..5].join(" "), 9_000).is_ok());
    }

    #[test]
    fn a_growing_text_holds_back_a_possible_leak() {
        let guard = guard(&sentence(100, 300));
        let show = |text: &str| guard.check_growing(text, 2_000);
        assert_eq!(show(&sentence(100, 105)).unwrap(), sentence(100, 105));
        assert_eq!(show(&format!("It says {}", sentence(110, 120))).unwrap(), "It says");
        assert_eq!(show(&format!("It says {} wo", sentence(110, 120))).unwrap(), "It says");
        let goes_on = format!("It says {} indeed", sentence(110, 120));
        assert_eq!(show(&goes_on).unwrap(), goes_on);
        assert_eq!(show(&sentence(100, 121)), Err(NotesLeak));
        assert_eq!(show("").unwrap(), "");
    }

    #[test]
    fn the_text_of_a_slide_is_no_leak() {
        let slides = vec![SlideText { text: sentence(100, 200), ..SlideText::default() }];
        let guard = NotesGuard::new(
            &TalkContext { notes: AssistantNotes::new(&sentence(0, 300)), slides, ..TalkContext::default() },
            &[],
        );
        assert!(guard.check(&sentence(100, 200), 2_000).is_ok());
        assert_eq!(guard.check(&sentence(195, 220), 2_000), Err(NotesLeak));
    }

    #[test]
    fn without_notes_nothing_leaks() {
        assert_eq!(guard("").check(&sentence(0, 50), 9_000).unwrap(), sentence(0, 50));
    }

    #[test]
    fn urls_of_the_talk_are_kept() {
        let guard = guard("Sign up at https://colloquy.example/join and see docs.example/start");
        let text = "Sign up at https://colloquy.example/join.";
        assert_eq!(guard.check(text, 200).unwrap(), text);
        assert_eq!(
            guard.check("See docs.example/start, not evil.example/start", 200).unwrap(),
            "See docs.example/start, not"
        );
        assert_eq!(guard.check("At https://colloquy.example/join?leak=1", 200).unwrap(), "At");
    }

    proptest::proptest! {
        /// Every text can be compared with every notes.
        #[test]
        fn any_text_can_be_compared(text in "([<>\\[\\]()!*_`#:/. \\n]|https://|www\\.|a\\.bc/|\\PC|\\pC){0,60}", max in 0_usize..40) {
            let guard = guard(&text);
            let _ = guard.check_growing(&text, max);
        }
    }
}
