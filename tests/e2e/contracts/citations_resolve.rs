//! A text that cites a document leads to something in this repository.
//!
//! | citation | resolves to |
//! | --- | --- |
//! | `ARCHITECTURE n`, `RELIABILITY n` | a heading of `docs/ARCHITECTURE.md`, `docs/RELIABILITY.md` that starts with the number |
//! | `FIGURES n` | a heading of `infra/FIGURES.md` that starts with the number |
//! | `contract <file> n` | a heading of `docs/contracts/<file>.md` that starts with the number |
//! | `ADR n` | the file `docs/adr/<four digits>-….md` |
//! | a relative link in Markdown | a file or folder, and for `#anchor` a heading by the rules of GitHub |
//!
//! `infra/measure --list citations` checks the same without a build.

use std::collections::{BTreeMap, BTreeSet};

use super::documentation_is_current::{Files, headings, is_script, kind, line_of, prose};

/// Files that quote what they refuse.
const NOT_READ: [&str; 4] =
    ["docs/RENAMES.md", "infra/measure", "infra/plain-words.txt", "tests/e2e/contracts/citations_resolve.rs"];
/// Documents that no repository contains; what they said is in `docs/`.
const FOREIGN: [&str; 5] = ["DESIGN", "DEVELOPERS", "FIELD", "STYLE", "WRITING"];

/// Rust, Markdown, YAML, TOML, Python, HTML, Makefiles and scripts.
fn is_read(path: &str, text: &str) -> bool {
    let kinds = ["rs", "md", "yaml", "yml", "toml", "py", "html", "sh"];
    !NOT_READ.contains(&path) && (kinds.contains(&kind(path)) || is_script(path, text))
}

/// The white space, and the mark of a comment on the next line, between two words of a citation.
fn gap(text: &str) -> Option<&str> {
    let rest = text.trim_start();
    let rest = ["///", "//!", "//", "#"].iter().find_map(|mark| rest.strip_prefix(mark)).unwrap_or(rest);
    (rest.len() < text.len()).then(|| rest.trim_start())
}

/// A number such as `5`, `1.3` or `A3.3`, and the text behind it.
fn number(text: &str) -> Option<(&str, &str)> {
    let letter = text.chars().next().filter(char::is_ascii_uppercase).map_or(0, |_| 1);
    let mut end = letter;
    loop {
        let digits = text[end..].bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            // a full stop ends the sentence
            end = end.saturating_sub(1);
            break;
        }
        end += digits;
        if !text[end..].starts_with('.') {
            break;
        }
        end += 1;
    }
    let follows_word = text[end..].starts_with(|next: char| next.is_alphanumeric() || next == '_');
    (end > letter && !follows_word).then(|| text.split_at(end))
}

/// `3, 5 and 7–9` as its numbers.
fn numbers(text: &str) -> Vec<String> {
    let Some((first, mut rest)) = number(text) else { return Vec::new() };
    let mut found = vec![first.to_owned()];
    while let Some((separator, (next, after))) = [", and ", ", ", " and ", " or ", "–", "-"]
        .iter()
        .find_map(|separator| Some((*separator, number(rest.strip_prefix(separator)?)?)))
    {
        let ends = (found.last().and_then(|last| last.parse::<u32>().ok()), next.parse::<u32>().ok());
        match (separator, ends) {
            ("–" | "-", (Some(from), Some(to))) => {
                found.extend((from + 1..=to).map(|each| each.to_string()));
            }
            _ => found.push(next.to_owned()),
        }
        rest = after;
    }
    found
}

fn has_heading(text: &str, wanted: &str) -> bool {
    headings(text).any(|heading| number(heading).is_some_and(|(number, _)| number == wanted))
}

/// The anchor that GitHub gives a heading.
fn slug(heading: &str) -> String {
    let mut text = heading.to_lowercase();
    // of a link stays its text
    while let Some((start, middle)) =
        text.find('[').and_then(|start| Some((start, start + text[start..].find("](")?)))
    {
        let Some(end) = text[middle..].find(')').map(|end| middle + end) else { break };
        text = format!("{}{}{}", &text[..start], &text[start + 1..middle], &text[end + 1..]);
    }
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || "-_ ".contains(*letter));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    let mut found = BTreeSet::new();
    for heading in headings(text) {
        let slug = slug(heading);
        let times = seen.entry(slug.clone()).or_default();
        found.insert(if *times == 0 { slug } else { format!("{slug}-{times}") });
        *times += 1;
    }
    for mark in ["<a id=\"", "<a name=\""] {
        found.extend(text.split(mark).skip(1).filter_map(|rest| Some(rest.split('"').next()?.to_owned())));
    }
    found
}

/// Where `path` leads from a folder; `None` outside the repository.
fn resolve(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    if path.starts_with('/') {
        parts.clear();
    }
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Offsets at which `word` stands as a whole word.
fn occurrences<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let part_of_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.match_indices(word).filter_map(move |(at, _)| {
        let rest = &text[at + word.len()..];
        let whole = !text[..at].ends_with(part_of_word) && !rest.starts_with(part_of_word);
        whole.then_some((at, rest))
    })
}

/// What the citations of a file lack, as (line, message).
fn unresolved(files: &Files, path: &str, text: &str) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    let mut add = |at: usize, message: String| wrong.push((line_of(text, at), message));
    let sections = [
        ("ARCHITECTURE", "docs/ARCHITECTURE.md"),
        ("RELIABILITY", "docs/RELIABILITY.md"),
        ("FIGURES", "infra/FIGURES.md"),
    ];
    for (document, file) in sections {
        for (at, rest) in occurrences(text, document) {
            for number in gap(rest).map(numbers).unwrap_or_default() {
                if !files.text(file).is_some_and(|text| has_heading(text, &number)) {
                    add(at, format!("{file} has no heading {number}: cite one that it has"));
                }
            }
        }
    }
    for (at, rest) in occurrences(text, "ADR") {
        for number in gap(rest).map(numbers).unwrap_or_default() {
            let prefix = format!("docs/adr/{number:0>4}-");
            if !files.0.keys().any(|file| file.starts_with(&prefix)) {
                add(at, format!("no file {prefix}….md: cite a decision that is there"));
            }
        }
    }
    for (at, rest) in occurrences(text, "contract") {
        let Some(rest) = gap(rest) else { continue };
        if let Some((number, _)) = number(rest) {
            let document = if number.starts_with('A') { "presentations" } else { "chat" };
            add(at, format!("name the file of docs/contracts, such as `contract {document} {number}`"));
            continue;
        }
        let name = rest
            .find(|letter: char| !letter.is_ascii_lowercase() && !letter.is_ascii_digit() && letter != '-');
        let (name, rest) = rest.split_at(name.unwrap_or(rest.len()));
        for number in gap(rest).map(numbers).unwrap_or_default() {
            let file = format!("docs/contracts/{name}.md");
            if !files.text(&file).is_some_and(|text| has_heading(text, &number)) {
                add(at, format!("{file} has no heading {number}: cite one that it has"));
            }
        }
    }
    for document in FOREIGN {
        for (at, rest) in occurrences(text, document) {
            let cited = rest.starts_with(".md")
                || gap(rest).is_some_and(|rest| {
                    let mut letters = rest.chars();
                    let lettered = letters.next().is_some_and(|first| first.is_ascii_uppercase())
                        && letters.next() == Some('.')
                        && letters.next().is_some_and(|third| third.is_ascii_digit());
                    number(rest).is_some() || lettered
                });
            // no code of ours is called so
            if cited || document == "DESIGN" {
                add(
                    at,
                    format!("{document} is not in the repository: cite docs/ARCHITECTURE.md or say why here"),
                );
            }
        }
    }
    for (at, _) in text.match_indices("../shared/") {
        let start = at - text[..at].bytes().rev().take_while(|byte| b"./".contains(byte)).count();
        let end = text[at..].find(|letter: char| !letter.is_alphanumeric() && !"._-/".contains(letter));
        let target = text[start..end.map_or(text.len(), |end| at + end)].trim_end_matches('.');
        if !resolve(folder_of(path), target).is_some_and(|target| files.contains(&target)) {
            add(at, format!("{target} is outside the repository: cite what is in it"));
        }
    }
    if kind(path) == "md" {
        wrong.extend(dead_links(files, path, text));
    }
    wrong
}

/// The targets of links in a line of Markdown.
fn targets(line: &str) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for opening in ["](", "src=\"", "href=\""] {
        for (at, _) in line.match_indices(opening) {
            // what is in backticks is no link
            if line[..at].matches('`').count() % 2 == 1 {
                continue;
            }
            let rest = &line[at + opening.len()..];
            let end = rest.find(|letter: char| letter == ')' || letter == '"' || letter.is_whitespace());
            found.push(rest[..end.unwrap_or(rest.len())].trim_matches(['<', '>']));
        }
    }
    if let Some((_, target)) = line.strip_prefix('[').and_then(|line| line.split_once("]: ")) {
        found.extend(target.split_whitespace().next());
    }
    found
}

fn dead_links(files: &Files, path: &str, text: &str) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (line, content) in prose(text) {
        for target in targets(content) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let scheme = target.split(['/', '#']).next().is_some_and(|start| start.contains(':'));
            if scheme || target.starts_with("//") {
                continue;
            }
            let resolved =
                if file.is_empty() { Some(path.to_owned()) } else { resolve(folder_of(path), file) };
            let Some(resolved) = resolved.filter(|resolved| files.contains(resolved)) else {
                wrong.push((line, format!("no file {target}: correct the link")));
                continue;
            };
            let document = files.text(&resolved).filter(|_| kind(&resolved) == "md" && !anchor.is_empty());
            if document.is_some_and(|document| !anchors(document).contains(anchor)) {
                wrong.push((line, format!("{resolved} has no heading for #{anchor}: correct the anchor")));
            }
        }
    }
    wrong
}

#[test]
fn citations_lead_into_the_repository() {
    let files = Files::of_repository();
    let mut wrong = Vec::new();
    for (path, text) in files.texts().filter(|(path, text)| is_read(path, text)) {
        wrong.extend(
            unresolved(&files, path, text).iter().map(|(line, message)| format!("{path}:{line}: {message}")),
        );
    }
    assert!(wrong.is_empty(), "{} citations do not resolve:\n{}", wrong.len(), wrong.join("\n"));
}

/// A small repository in which each check can fail.
fn sample() -> Files {
    let files = [
        (
            "docs/ARCHITECTURE.md",
            "# Architecture\n\n## 5. Votes: derive, don't count\n\n### 5.1 Ticks\n\n## Votes\n\n## Votes\n",
        ),
        ("docs/RELIABILITY.md", "### 1. One.\n\n### 2. Two.\n\n### 3. Three.\n"),
        ("docs/contracts/chat.md", "## 1.3 REST\n\n```\n## 9.9 in a code block\n```\n"),
        ("docs/adr/0001-one-table.md", "# One table\n"),
        ("shared/README.md", "# Shared\n"),
        ("README.md", "# Read me\n"),
    ];
    Files(files.into_iter().map(|(path, text)| (path.to_owned(), Some(text.to_owned()))).collect())
}

fn check(path: &str, text: &str) -> Vec<String> {
    unresolved(&sample(), path, text)
        .into_iter()
        .map(|(line, message)| format!("{line}: {message}"))
        .collect()
}

#[test]
fn resolvable_citations_pass() {
    for text in [
        "/// See ARCHITECTURE 5 and ARCHITECTURE 5.1.",
        "/// A vote (ARCHITECTURE\n/// 5) is one write.",
        "// RELIABILITY 1, 2 and 3; RELIABILITY 1–3",
        "// contract chat 1.3, ADR 1",
        "// the contract of a caller; contract tests; DESIGNED by 5",
    ] {
        assert_eq!(check("a/b.rs", text), Vec::<String>::new(), "{text}");
    }
    let links = "[a](docs/ARCHITECTURE.md#5-votes-derive-dont-count) [b](#read-me) [c](https://example.com/x)\n\
                 [d](shared/) [e](docs/ARCHITECTURE.md#votes-1) `[f](nowhere.md)`\n```\n[g](nowhere.md)\n```\n";
    let mut files = sample();
    files.0.insert("README.md".to_owned(), Some(format!("# Read me\n{links}")));
    assert_eq!(unresolved(&files, "README.md", files.text("README.md").unwrap()), []);
    assert_eq!(check("functions/README.md", "[shared](../shared/README.md)"), Vec::<String>::new());
}

#[test]
fn dangling_citations_are_found() {
    for (path, text, expected) in [
        ("a.rs", "//\n// ARCHITECTURE 6", "2: docs/ARCHITECTURE.md has no heading 6"),
        ("a.rs", "// ARCHITECTURE 5.2.", "1: docs/ARCHITECTURE.md has no heading 5.2"),
        ("a.rs", "// RELIABILITY 1 and 4", "1: docs/RELIABILITY.md has no heading 4"),
        ("a.rs", "// RELIABILITY 2–4", "1: docs/RELIABILITY.md has no heading 4"),
        ("a.rs", "// FIGURES 1", "1: infra/FIGURES.md has no heading 1"),
        ("a.rs", "// ADR 2", "1: no file docs/adr/0002-"),
        ("a.rs", "// contract chat 9.9", "1: docs/contracts/chat.md has no heading 9.9"),
        ("a.rs", "// contract voice 1.3", "1: docs/contracts/voice.md has no heading 1.3"),
        ("a.rs", "// contract 3.3", "1: name the file"),
        ("a.rs", "// (DESIGN 5)", "1: DESIGN is not in the repository"),
        ("a.rs", "// FIELD B.7", "1: FIELD is not in the repository"),
        ("a.yaml", "# see DEVELOPERS.md", "1: DEVELOPERS is not in the repository"),
        ("a.yaml", "# see ../shared/findings", "1: ../shared/findings is outside the repository"),
        ("functions/README.md", "`../shared/findings/a.md`", "1: ../shared/findings/a.md is outside"),
        ("README.md", "[a](docs/GONE.md)", "1: no file docs/GONE.md"),
        ("README.md", "[a](../secret.md)", "1: no file ../secret.md"),
        ("README.md", "[a](docs/ARCHITECTURE.md#6)", "1: docs/ARCHITECTURE.md has no heading for #6"),
        (
            "README.md",
            "[a](docs/ARCHITECTURE.md#votes-2)",
            "1: docs/ARCHITECTURE.md has no heading for #votes-2",
        ),
        ("README.md", "[a]: docs/GONE.md", "1: no file docs/GONE.md"),
        ("README.md", "<img src=\"gone.png\">", "1: no file gone.png"),
    ] {
        let found = check(path, text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}: {found:?}");
    }
}
