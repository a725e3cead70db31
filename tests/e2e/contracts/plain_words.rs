//! Texts for people use plain words (`infra/plain-words.txt`), and every part of the API is described.
//!
//! Read are comments and messages of the code, documents, pages, mail templates, and the texts of OpenAPI and AsyncAPI.
//! `infra/measure --list words` lists the same places without a build.

mod api;
mod texts;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use self::texts::texts;
use super::documentation_is_current::{Files, line_of};
use crate::world::repository;

#[derive(Default)]
struct Rules {
    /// By their first word; the longest first.
    rules: BTreeMap<String, Vec<Rule>>,
    skipped: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Rule {
    phrase: Vec<String>,
    instead: String,
    not_after: Vec<Vec<String>>,
    not_before: Vec<Vec<String>>,
}

fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

impl Rules {
    fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(path) = line.strip_prefix("! ") {
                found.skipped.insert(path.to_owned());
                continue;
            }
            let mut parts = line.split(" | ");
            let (phrases, instead) = parts.next().and_then(|rule| rule.split_once(" => ")).expect(line);
            let (mut not_after, mut not_before) = (Vec::new(), Vec::new());
            for limit in parts {
                let (kind, words) = limit.split_once(": ").expect(line);
                let words = words.split(',').map(split);
                match kind {
                    "not after" => not_after.extend(words),
                    "not before" => not_before.extend(words),
                    _ => panic!("infra/plain-words.txt knows no limit `{kind}`: {line}"),
                }
            }
            for phrase in phrases.split(',').map(split) {
                let (instead, not_after, not_before) =
                    (instead.to_owned(), not_after.clone(), not_before.clone());
                let rule = Rule { phrase, instead, not_after, not_before };
                found.rules.entry(rule.phrase[0].clone()).or_default().push(rule);
            }
        }
        for rules in found.rules.values_mut() {
            rules.sort_by_key(|rule| std::cmp::Reverse(rule.phrase.len()));
        }
        found
    }

    fn of_repository() -> Self {
        Self::parse(&fs::read_to_string(repository().join("infra/plain-words.txt")).unwrap())
    }

    /// Offsets and rules of what a text says that it should not.
    fn violations(&self, text: &str) -> Vec<(usize, &Rule)> {
        let text = without_quoted(text);
        let words = words(&text);
        let mut found = Vec::new();
        let mut next = 0;
        while next < words.len() {
            let rules = self.rules.get(&words[next].text).into_iter().flatten();
            let rule = rules.into_iter().find(|rule| {
                let end = next + rule.phrase.len();
                end <= words.len()
                    && words[next..end].iter().zip(&rule.phrase).all(|(word, wanted)| word.text == *wanted)
                    && words[next + 1..end].iter().all(|word| word.follows == Follows::Space)
            });
            let Some(rule) = rule else {
                next += 1;
                continue;
            };
            let end = next + rule.phrase.len();
            let sentence =
                (0..next).rev().find(|at| words[at + 1].follows == Follows::Stop).map_or(0, |at| at + 1);
            let permitted =
                rule.not_after.iter().any(|limit| {
                    limit.len() <= next - sentence && fits(limit, &words[next - limit.len()..next])
                }) || rule.not_before.iter().any(|limit| {
                    end + limit.len() <= words.len() && fits(limit, &words[end..end + limit.len()])
                });
            if !permitted {
                found.push((words[next].start, rule));
            }
            next = end;
        }
        found
    }
}

fn fits(limit: &[String], words: &[Word]) -> bool {
    limit.iter().zip(words).all(|(limit, word)| limit == "*" || *limit == word.text)
}

#[derive(PartialEq)]
enum Follows {
    /// White space only.
    Space,
    /// The end of a sentence or of a part of one.
    Stop,
    Other,
}

struct Word {
    start: usize,
    text: String,
    /// What is between the word before and this one.
    follows: Follows,
}

fn words(text: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    let mut end = 0;
    let mut letters = text.char_indices().peekable();
    let part = |letter: char| letter.is_alphanumeric() || "_'-".contains(letter);
    while let Some((start, letter)) = letters.next() {
        if !part(letter) {
            continue;
        }
        let mut stop = start + letter.len_utf8();
        while let Some((at, letter)) = letters.next_if(|(_, letter)| part(*letter)) {
            stop = at + letter.len_utf8();
        }
        let word = text[start..stop].trim_matches(['\'', '-']).to_lowercase();
        if word.is_empty() {
            continue;
        }
        let between = &text[end..start];
        let follows = if between.trim().is_empty() {
            Follows::Space
        } else if between.contains(['.', ':', ';', ',', '!', '?', '(', ')']) {
            Follows::Stop
        } else {
            Follows::Other
        };
        found.push(Word { start, text: word, follows });
        end = stop;
    }
    found
}

/// Blanks what is in backticks; keeps the offsets.
fn without_quoted(text: &str) -> String {
    // the typographic apostrophe has three bytes
    let text = text.replace('’', "'");
    let mut quoted = false;
    let pairs = text.matches('`').count() / 2 * 2;
    let mut seen = 0;
    text.chars()
        .flat_map(|letter| {
            let mark = letter == '`' && seen < pairs;
            if mark {
                seen += 1;
                quoted = !quoted;
            }
            let hidden = (mark || quoted) && letter != '\n';
            let kept = if hidden { ' ' } else { letter };
            std::iter::repeat_n(kept, if hidden { letter.len_utf8() } else { 1 })
        })
        .collect()
}

/// At most a hundred lines: every file with its count, and its places.
fn report(found: &BTreeMap<String, Vec<(usize, String)>>) -> String {
    let all: usize = found.values().map(Vec::len).sum();
    let mut lines = vec![format!("{all} places in {} files (all: infra/measure --list words)", found.len())];
    for (path, places) in found {
        lines.push(format!("{path}: {}", places.len()));
        lines.extend(places.iter().map(|(line, message)| format!("  {line}: {message}")));
    }
    lines.truncate(100);
    lines.join("\n")
}

#[test]
fn texts_use_plain_words() {
    let rules = Rules::of_repository();
    let mut found: BTreeMap<String, Vec<(usize, String)>> = BTreeMap::new();
    for (path, text) in Files::of_repository().texts().filter(|(path, _)| !rules.skipped.contains(*path)) {
        for (first, text) in texts(path, text).0 {
            for (at, rule) in rules.violations(&text) {
                let line = first - 1 + line_of(&text.replace('’', "'"), at);
                let message = format!("`{}`: {}", rule.phrase.join(" "), rule.instead);
                found.entry(path.to_owned()).or_default().push((line, message));
            }
        }
    }
    assert!(found.is_empty(), "{}", report(&found));
}

fn found(path: &str, text: &str) -> Vec<(usize, String)> {
    let rules = Rules::parse(
        "whoever, someone's => name the actor\nonce more => again\n\
         one is => the caller is | not after: this, the * | not before: required\n",
    );
    let mut found = Vec::new();
    for (first, text) in texts(path, text).0 {
        for (at, rule) in rules.violations(&text) {
            found.push((first - 1 + line_of(&text, at), rule.phrase.join(" ")));
        }
    }
    found.sort();
    found
}

#[test]
fn forbidden_words_are_found() {
    for (path, text, expected) in [
        ("a.rs", "/// Whoever\nfn whoever() {}", (1, "whoever")),
        ("a.rs", "x;\n// tried once\n// more", (2, "once more")),
        ("a.rs", "let a = 'a';\nlet b = \"for \\\" whoever asks\";", (2, "whoever")),
        ("a.rs", "fn f<'a>() { r#\"a \"b\" whoever\"# }", (1, "whoever")),
        ("a.rs", "/* that one is */", (1, "one is")),
        ("a.yaml", "a: \"#\" # whoever", (1, "whoever")),
        ("a.yaml", "  AlarmDescription: for whoever", (1, "whoever")),
        ("infra/tool", "#!/bin/sh\n# someone’s", (2, "someone's")),
        ("a.md", "```\nwhoever\n```\nwhoever", (4, "whoever")),
        ("a.html", "<b class=\"whoever\">whoever</b>", (1, "whoever")),
        ("infra/openapi.json", "  \"description\": \"\\\"whoever\\\"\",", (1, "whoever")),
        ("shared/mailer/src/a.txt", "Whoever", (1, "whoever")),
    ] {
        assert_eq!(found(path, text), [(expected.0, expected.1.to_owned())], "{text}");
    }
}

#[test]
fn names_and_code_are_not_read() {
    for (path, text) in [
        ("a.rs", "/// `whoever` and whoever_asks, whoever's"),
        ("a.rs", "let whoever = \"whoever\";"),
        ("a.rs", "/// This one is kept, and the new one is."),
        ("a.rs", "/// One is required."),
        ("a.rs", "/// once. More"),
        ("a.toml", "a = \"# for whoever asks\""),
        ("docs/GLOSSARY.md", "| whoever | the caller |"),
        ("a.md", "<!-- plain-words: off -->\nwhoever\n<!-- plain-words: on -->\nplain"),
        ("a.html", "<style>whoever</style>"),
        ("a.css", "/* whoever */"),
    ] {
        assert_eq!(found(path, text), [], "{text}");
    }
}
