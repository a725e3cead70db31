//! What may be shown of what a model wrote: plain text, not too long, and not the notes.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use crate::{
    extractive::terms::{fold, words},
    talk::{Responses, Talk},
};

/// Consecutive words of the notes that an answer may share with them. A sentence is shorter, mostly.
const RUN_MAX: usize = 20;

/// So many words in a row are no chance any more ...
const SHINGLE: usize = 6;

/// ... and an answer made of them beyond this is the notes with a word put in here and there.
const COPIED_MAX: usize = 60;

/// The notes, in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leak;

/// Holds what an answer is compared with. Made once per answer: a stream is compared at each of its pieces.
pub(crate) struct Guard {
    notes: Vec<String>,
    /// Each word of the notes and its number.
    numbers: HashMap<String, u32>,
    runs: HashSet<[u32; RUN_MAX + 1]>,
    shingles: HashSet<[u32; SHINGLE]>,
    /// Where URLs may be taken from.
    sources: String,
}

impl Guard {
    pub(crate) fn of(talk: &Talk, responses: &[Responses]) -> Self {
        let notes: Vec<String> = words(talk.notes.as_str()).collect();
        let mut numbers = HashMap::new();
        for (word, number) in notes.iter().zip(0..) {
            numbers.entry(word.clone()).or_insert(number);
        }
        let number = |word: &String| numbers.get(word).copied().unwrap_or(u32::MAX);
        let numbered: Vec<u32> = notes.iter().map(number).collect();
        let (mut runs, mut shingles): (HashSet<_>, HashSet<_>) =
            (rows(&numbered).collect(), rows(&numbered).collect());
        // what a slide shows is nobody's secret, if the notes say it too
        for slide in &talk.slides {
            let shown: Vec<u32> = words(&slide.text).map(|word| number(&word)).collect();
            for run in rows(&shown) {
                runs.remove(&run);
            }
            for shingle in rows(&shown) {
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

    /// The text as it may be shown, of at most `max` characters.
    pub(crate) fn check(&self, text: &str, max: usize) -> Result<String, Leak> {
        // joiners are for scripts that need them, not for hiding words
        let joined = |c: &char| !matches!(c, '\u{200c}' | '\u{200d}');
        let seen: String = text.chars().filter_map(visible).filter(joined).collect();
        let said: Vec<u32> =
            words(&seen).map(|word| self.numbers.get(&word).copied().unwrap_or(u32::MAX)).collect();
        if self.has_run(&said) || self.copied(&said) > COPIED_MAX {
            return Err(Leak);
        }
        Ok(cut(&plain(text, &self.sources), max))
    }

    /// The same of a text that grows: where it ends in words of the notes, they are held back until it goes on with others.
    pub(crate) fn check_growing(&self, text: &str, max: usize) -> Result<String, Leak> {
        self.check(text, max)?;
        self.check(&text[..text.len() - self.tail(text)], max)
    }

    /// Bytes at the end of a text that are a row of words of the notes, the last of them perhaps not whole yet.
    fn tail(&self, text: &str) -> usize {
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
        rows(said).any(|run| self.runs.contains(&run))
    }

    /// Words that stand in a shingle of the notes.
    fn copied(&self, said: &[u32]) -> usize {
        let mut counted_to = 0;
        let mut copied = 0;
        for (start, shingle) in rows(said).enumerate() {
            if self.shingles.contains(&shingle) {
                let end = start + SHINGLE;
                copied += end - counted_to.max(start);
                counted_to = end;
            }
        }
        copied
    }
}

fn rows<const N: usize>(words: &[u32]) -> impl Iterator<Item = [u32; N]> + '_ {
    words.windows(N).filter_map(|row| row.try_into().ok())
}

/// Text without markup, control characters and URLs that `sources` do not hold. It is still to be escaped where it is put
/// into markup, as any text.
pub(crate) fn plain(text: &str, sources: &str) -> String {
    let text: String = text.chars().filter_map(visible).collect();
    let text = without_tags(&without_links(&text));
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = without_signs(line);
        let kept: Vec<String> =
            line.split_whitespace().filter_map(|word| without_url(word, sources)).collect();
        let line = kept.join(" ");
        // one empty line parts paragraphs
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Not what steers terminals, turns the direction of text or hides in it.
fn visible(c: char) -> Option<char> {
    match c {
        '\n' | '\u{2028}' | '\u{2029}' => Some('\n'),
        '\u{ad}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => None,
        c if c.is_control() => Some(' '),
        c => Some(c),
    }
}

/// `[text](url)` and `![text](url)` become `text`; where the URL has no end yet, it is gone too.
fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(middle) = rest.find("](") {
        let (before, after) = rest.split_at(middle);
        let after = &after[2..];
        let label = before.rfind('[').map_or(before, |open| {
            plain.push_str(before[..open].strip_suffix('!').unwrap_or(&before[..open]));
            &before[open + 1..]
        });
        plain.push_str(label);
        let end = after.find([')', '\n']).unwrap_or(after.len());
        rest = after[end..].strip_prefix(')').unwrap_or(&after[end..]);
    }
    plain.push_str(rest);
    plain
}

/// Without what a browser would take for a tag. `a < b` stays.
fn without_tags(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        plain.push_str(&rest[..start]);
        let tag = &rest[start + 1..];
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic() || "/!?".contains(c)) {
            plain.push('<');
            rest = tag;
        } else if let Some(end) = tag.find('>') {
            rest = &tag[end + 1..];
        } else {
            rest = tag;
        }
    }
    plain.push_str(rest);
    plain
}

/// Without the signs that Markdown makes headings, quotes, code and emphasis of. Lists stay lists, with a dash.
fn without_signs(line: &str) -> String {
    let line = line.trim().trim_start_matches(['#', '>']).trim_start();
    let listed = line.strip_prefix("* ").or_else(|| line.strip_prefix("+ "));
    let line = listed.map_or_else(|| line.to_owned(), |item| format!("- {item}"));
    let line = line.replace("**", "").replace("__", "").replace("~~", "").replace('`', "");
    let words = line.split(' ').map(|word| if word == "*" { word } else { word.trim_matches('*') });
    words.collect::<Vec<_>>().join(" ")
}

/// A word as it is, without the URL that nobody of ours wrote, or not at all.
fn without_url(word: &str, sources: &str) -> Option<String> {
    let Some(start) = url_start(word) else { return Some(word.to_owned()) };
    let end = word.trim_end_matches(|c: char| ".,;:!?)]}\"'”»".contains(c)).len().max(start);
    let url = &word[start..end];
    if sources.contains(url) {
        return Some(word.to_owned());
    }
    let around = format!("{}{}", &word[..start], &word[end..]);
    around.contains(char::is_alphanumeric).then_some(around)
}

/// Where in a word something begins that programs make a link of: a scheme, `www.`, or `host.tld/path`.
fn url_start(word: &str) -> Option<usize> {
    let lower = word.to_ascii_lowercase();
    if let Some(scheme_end) = lower.find("://") {
        let scheme = lower[..scheme_end].bytes().rev().take_while(u8::is_ascii_alphanumeric).count();
        return Some(scheme_end - scheme);
    }
    let begins = ["www.", "mailto:", "javascript:", "data:"];
    if let Some(start) = begins.iter().filter_map(|begin| lower.find(begin)).min() {
        return Some(start);
    }
    let host = &lower[..lower.find('/')?];
    let start = host
        .rfind(|c: char| !(c.is_alphanumeric() || c == '.' || c == '-'))
        .map_or(0, |at| at + host[at..].chars().next().map_or(1, char::len_utf8));
    let (name, tld) = host[start..].rsplit_once('.')?;
    (!name.is_empty() && tld.len() >= 2 && tld.chars().all(char::is_alphabetic)).then_some(start)
}

/// At most `max` characters, to the end of a sentence if one ends in their second half.
pub(crate) fn cut(text: &str, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else { return text.to_owned() };
    let head = &text[..end];
    let mut sentence_end = 0;
    for (start, sentence) in head.split_sentence_bound_indices() {
        let to = start + sentence.trim_end().len();
        if sentence.trim_end().ends_with(['.', '!', '?', '…', '。', '！', '？']) {
            sentence_end = to;
        }
    }
    if sentence_end * 2 >= head.len() { head[..sentence_end].to_owned() } else { shorten(text, max) }
}

/// At most `max` words, to the end of a sentence if one ends in their second half.
pub(crate) fn cut_words(text: &str, max: usize) -> String {
    let Some((after, _)) = text.split_word_bound_indices().filter(|(_, w)| is_word(w)).nth(max) else {
        return text.to_owned();
    };
    cut(text, text[..after].trim_end().chars().count())
}

fn is_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// At most `max` characters, to the end of a word, with an ellipsis where something is missing.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    let text = text.trim();
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let end = text.char_indices().nth(max.saturating_sub(1)).map_or(text.len(), |(end, _)| end);
    let head = &text[..end];
    let head =
        head.rfind(char::is_whitespace).filter(|space| space * 2 > end).map_or(head, |space| &head[..space]);
    format!("{}…", head.trim_end_matches(|c: char| c.is_whitespace() || ",;:-".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Notes, Source};

    fn guard(notes: &str) -> Guard {
        Guard::of(&Talk { notes: Notes::new(notes), ..Talk::default() }, &[])
    }

    /// `n1 n2 …`, all different.
    fn sentence(from: usize, to: usize) -> String {
        (from..to).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_run_of_the_notes_is_a_leak() {
        let guard = guard(&sentence(0, 300));
        assert!(guard.check(&sentence(40, 60), 2_000).is_ok());
        assert_eq!(guard.check(&sentence(40, 61), 2_000), Err(Leak));
        assert_eq!(guard.check(&format!("Of course! {}", sentence(0, 300)), 9_000), Err(Leak));
        let disguised = sentence(40, 80).to_uppercase().replace(' ', ",\n* ");
        assert_eq!(guard.check(&disguised, 2_000), Err(Leak));
        let joined = sentence(40, 80).replace("ord", "o\u{200d}r\u{ad}d");
        assert_eq!(guard.check(&joined, 2_000), Err(Leak));
    }

    #[test]
    fn the_notes_with_words_between_are_a_leak() {
        let guard = guard(&sentence(0, 300));
        let with_fillers: Vec<String> = (0..9).map(|n| sentence(n * 10, n * 10 + 10) + " and").collect();
        assert_eq!(guard.check(&with_fillers.join(" "), 9_000), Err(Leak));
        assert!(guard.check(&with_fillers[..5].join(" "), 9_000).is_ok());
    }

    #[test]
    fn a_text_that_grows_holds_back_what_may_become_a_leak() {
        let guard = guard(&sentence(100, 300));
        let show = |text: &str| guard.check_growing(text, 2_000);
        assert_eq!(show(&sentence(100, 105)).unwrap(), sentence(100, 105));
        assert_eq!(show(&format!("It says {}", sentence(110, 120))).unwrap(), "It says");
        assert_eq!(show(&format!("It says {} wo", sentence(110, 120))).unwrap(), "It says");
        let goes_on = format!("It says {} indeed", sentence(110, 120));
        assert_eq!(show(&goes_on).unwrap(), goes_on);
        assert_eq!(show(&sentence(100, 121)), Err(Leak));
        assert_eq!(show("").unwrap(), "");
    }

    #[test]
    fn what_a_slide_shows_is_no_leak() {
        let slides = vec![Source { text: sentence(100, 200), ..Source::default() }];
        let guard = Guard::of(&Talk { notes: Notes::new(&sentence(0, 300)), slides, ..Talk::default() }, &[]);
        assert!(guard.check(&sentence(100, 200), 2_000).is_ok());
        assert_eq!(guard.check(&sentence(195, 220), 2_000), Err(Leak));
    }

    #[test]
    fn without_notes_nothing_leaks() {
        assert_eq!(guard("").check(&sentence(0, 50), 9_000).unwrap(), sentence(0, 50));
    }

    #[test]
    fn what_is_shown_is_plain() {
        let cases = [
            ("**Bold** and `code` and __more__", "Bold and code and more"),
            ("# Title\n> quote\n* item\n+ item", "Title\nquote\n- item\n- item"),
            ("<b>bold</b><script>alert(1)</script>", "boldalert(1)"),
            ("<img src=x onerror=alert(1)>Hi", "Hi"),
            ("if a < b and b > c", "if a < b and b > c"),
            ("See [the docs](https://evil.example/a) now", "See the docs now"),
            ("![pixel](https://evil.example/?q=notes)", "pixel"),
            ("open [here](https://evil.exam", "open here"),
            ("Go to https://evil.example/x?y=1.", "Go to"),
            ("Go (www.evil.example) now", "Go now"),
            ("evil.example/path and/or 1.5/2 e.g./i.e.", "and/or 1.5/2 e.g./i.e."),
            ("javascript:alert(1) hi", "hi"),
            ("a\u{202e}b\u{200b}c\u{7}d\re", "abc d e"),
            ("one\n\n\n\ntwo   three\n", "one\n\ntwo three"),
            ("2 * 3 = *six*", "2 * 3 = six"),
            ("тест 日本語 ăâîșț", "тест 日本語 ăâîșț"),
            ("<unclosed tag", "unclosed tag"),
        ];
        for (text, expected) in cases {
            assert_eq!(plain(text, ""), expected, "{text}");
        }
    }

    #[test]
    fn a_url_of_the_talk_stays() {
        let guard = guard("Sign up at https://colloquy.example/join and see docs.example/start");
        let text = "Sign up at https://colloquy.example/join.";
        assert_eq!(guard.check(text, 200).unwrap(), text);
        assert_eq!(
            guard.check("See docs.example/start, not evil.example/start", 200).unwrap(),
            "See docs.example/start, not"
        );
        assert_eq!(guard.check("At https://colloquy.example/join?leak=1", 200).unwrap(), "At");
    }

    #[test]
    fn a_long_text_ends_with_a_sentence() {
        let text = "One is here. Two is here. Three is here.";
        assert_eq!(cut(text, 100), text);
        assert_eq!(cut(text, 30), "One is here. Two is here.");
        assert_eq!(cut("no sentence ends in this text", 15), "no sentence…");
        assert_eq!(cut(&"x".repeat(50), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(cut(&"ș".repeat(50), 10).chars().count(), 10);
        assert_eq!(cut_words(text, 8), "One is here. Two is here.");
        assert_eq!(cut_words(text, 9), text);
    }

    proptest::proptest! {
        /// Whatever a model writes: no panic, no control character, and plain stays plain.
        #[test]
        fn any_text_can_be_shown(text in "([<>\\[\\]()!*_`#:/. \\n]|https://|www\\.|a\\.bc/|\\PC|\\pC){0,60}", max in 0_usize..40) {
            let shown = plain(&text, "");
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
            assert!(cut(&shown, max).chars().count() <= max.max(1));
            assert!(shorten(&shown, max).chars().count() <= max.max(1));
            let guard = guard(&text);
            let _ = (guard.check_growing(&text, max), cut_words(&text, max));
        }
    }
}
