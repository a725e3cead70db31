//! What documents say about the code is compared with the code: counts, tests, paths, access patterns, recipes.

mod access_patterns;
mod files;

use std::collections::BTreeMap;

use self::files::heading;
pub(super) use self::files::{Files, headings, is_script, kind, line_of, prose};
use super::parsed_template::resources_of_type;

/// The lines under a heading, up to the next one of its level.
fn section<'a>(text: &'a str, title: &str) -> Vec<&'a str> {
    let mut level = 0;
    let mut lines = Vec::new();
    for (_, line) in prose(text) {
        match heading(line) {
            Some((here, _)) if level > 0 && here <= level => break,
            Some((here, text)) if text.eq_ignore_ascii_case(title) => level = here,
            _ if level > 0 => lines.push(line),
            _ => {}
        }
    }
    lines
}

/// What a line has in backticks.
fn quoted(line: &str) -> impl Iterator<Item = &str> {
    let parts: Vec<&str> = line.split('`').collect();
    let pairs = parts.len() / 2;
    parts.into_iter().skip(1).step_by(2).take(pairs)
}

fn none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} places:\n{}", wrong.len(), wrong.join("\n"));
}

/// A number from its digits or its English word, up to ninety-nine.
fn counted(word: &str) -> Option<usize> {
    const ONES: [&str; 20] = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ];
    const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
    let word = word.to_lowercase();
    let one = |word: &str| ONES.iter().position(|each| *each == word);
    let ten = |word: &str| TENS.iter().position(|each| *each == word).map(|at| 10 * (at + 2));
    let compound = word.split_once('-').and_then(|(tens, ones)| Some(ten(tens)? + one(ones)?));
    word.parse().ok().or_else(|| one(&word)).or_else(|| ten(&word)).or(compound)
}

/// Counts that a text gives of a noun, as (count, line).
fn counts(text: &str, noun: &str) -> Vec<(usize, usize)> {
    let words: Vec<(usize, &str)> = text
        .lines()
        .enumerate()
        .flat_map(|(at, line)| {
            line.split([' ', '*', '(', ')', ',', '.', ';', ':', '|']).map(move |word| (at + 1, word))
        })
        .filter(|(_, word)| !word.is_empty())
        .collect();
    let pairs = words.windows(2).filter(|pair| pair[1].1 == noun);
    pairs.filter_map(|pair| Some((counted(pair[0].1)?, pair[0].0))).collect()
}

/// Queues with dead letters: the queue and where they end.
fn queues() -> BTreeMap<String, String> {
    let queues = resources_of_type("AWS::SQS::Queue").into_iter().filter_map(|(name, queue)| {
        let target = &queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"];
        let dead = target["!GetAtt"].as_str().or_else(|| target["Fn::GetAtt"][0].as_str())?;
        Some((name, dead.split('.').next()?.to_owned()))
    });
    queues.collect()
}

#[test]
fn readme_counts_what_the_template_has() {
    let files = Files::of_repository();
    let actual = [("alarms", resources_of_type("AWS::CloudWatch::Alarm").len()), ("queues", queues().len())];
    let mut wrong = Vec::new();
    for path in ["README.md", "docs/ARCHITECTURE.md"] {
        for (noun, actual) in actual {
            for (count, line) in counts(files.text(path).unwrap_or_default(), noun) {
                if count != actual {
                    wrong.push(format!("{path}:{line}: says {count} {noun}; template.yaml has {actual}"));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn every_queue_has_a_recipe_for_its_dead_letters() {
    let files = Files::of_repository();
    let section = section(files.text("infra/OPERATIONS.md").unwrap_or_default(), "Dead letters");
    let queues = queues();
    assert!(!queues.is_empty(), "template.yaml has no queue with a RedrivePolicy");
    let rows: Vec<&str> = section.into_iter().filter(|line| line.starts_with('|')).collect();
    let missing =
        queues.values().filter(|dead| !rows.iter().any(|row| quoted(row).any(|name| name == *dead)));
    let wrong: Vec<String> = missing
        .map(|dead| {
            format!("infra/OPERATIONS.md, \"Dead letters\": add a row for `{dead}` (redrive or not, and why)")
        })
        .collect();
    none(&wrong);
}

/// Tests that a text names as `path.rs::name` or `path.rs::{a, b}`, as (line, path, name).
fn named_tests(text: &str) -> Vec<(usize, &str, &str)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(".rs::") {
        let part = |letter: char| letter.is_alphanumeric() || "_-./".contains(letter);
        let start = text[..at].rfind(|letter| !part(letter)).map_or(0, |before| before + 1);
        let (path, rest) = (&text[start..at + 3], &text[at + 5..]);
        let names = match rest.strip_prefix('{') {
            Some(list) => list.split('}').next().unwrap_or_default(),
            None => rest
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next()
                .unwrap_or_default(),
        };
        let names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
        found.extend(names.map(|name| (line_of(text, at), path, name)));
    }
    found
}

fn defines(text: &str, function: &str) -> bool {
    let mut starts = text.match_indices(function).map(|(at, _)| (&text[..at], &text[at + function.len()..]));
    starts.any(|(before, after)| before.ends_with("fn ") && after.trim_start().starts_with(['(', '<']))
}

#[test]
fn tests_that_documents_name_exist() {
    let files = Files::of_repository();
    let mut wrong = Vec::new();
    for (document, text) in files.texts().filter(|(path, _)| kind(path) == "md" && *path != "docs/RENAMES.md")
    {
        for (line, path, name) in named_tests(text) {
            if !files.text(path).is_some_and(|text| defines(text, name)) {
                wrong.push(format!(
                    "{document}:{line}: {path} has no function {name}: name the test that there is"
                ));
            }
        }
    }
    none(&wrong);
}

/// Paths in backticks that begin with a folder of the root.
fn named_paths(line: &str) -> impl Iterator<Item = &str> {
    const FOLDERS: [&str; 7] = [".ci/", ".cargo/", "docs/", "functions/", "infra/", "shared/", "tests/"];
    let plain = |path: &&str| path.chars().all(|letter| letter.is_alphanumeric() || "_-./".contains(letter));
    let paths = quoted(line).filter_map(|text| text.split("::").next());
    paths.filter(|path| FOLDERS.iter().any(|folder| path.starts_with(folder))).filter(plain)
}

#[test]
fn paths_in_texts_exist() {
    let files = Files::of_repository();
    let mut wrong = Vec::new();
    for (document, text) in files.texts() {
        let comments = match kind(document) {
            "rs" => "//",
            "toml" | "yaml" => "#",
            "md" if document != "docs/RENAMES.md" => "",
            _ => continue,
        };
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        for (at, line) in text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with(comments))
        {
            for path in named_paths(line) {
                if !files.contains(path) && !files.contains(&format!("{folder}/{path}")) {
                    wrong.push(format!("{document}:{}: no file or folder {path}", at + 1));
                }
            }
        }
    }
    none(&wrong);
}

#[test]
fn folders_in_the_tables_of_readmes_exist() {
    let files = Files::of_repository();
    let mut wrong = Vec::new();
    for (document, text) in files.texts().filter(|(path, _)| path.ends_with("README.md")) {
        let folder = document.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for (line, row) in prose(text).filter(|(_, line)| line.starts_with('|')) {
            let named = quoted(row)
                .filter(|name| name.ends_with('/') && !name.starts_with('/') && !name.contains('<'));
            let gone =
                named.filter(|name| !files.contains(name) && !files.contains(&format!("{folder}{name}")));
            wrong.extend(gone.map(|name| format!("{document}:{line}: no folder {name}")));
        }
    }
    none(&wrong);
}

#[test]
fn recipes_are_short() {
    const RECIPES: [&str; 7] = ["operation", "job", "socket message", "event", "item", "alarm", "product"];
    let files = Files::of_repository();
    let text = files.text("docs/CONTRIBUTING.md").unwrap_or_default();
    let titles: Vec<&str> = headings(text).filter(|title| title.starts_with("Add ")).collect();
    let mut wrong = Vec::new();
    for recipe in RECIPES {
        if !titles
            .iter()
            .any(|title| title.trim_start_matches("Add an ").trim_start_matches("Add a ").starts_with(recipe))
        {
            wrong.push(format!("docs/CONTRIBUTING.md: no recipe \"Add … {recipe}\""));
        }
    }
    for title in titles {
        let lines = section(text, title).into_iter().filter(|line| !line.trim().is_empty()).count();
        if lines > 15 {
            wrong.push(format!("docs/CONTRIBUTING.md, \"{title}\": {lines} lines; at most 15"));
        }
    }
    none(&wrong);
}

#[test]
fn facts_are_read_from_texts() {
    assert_eq!(counts("It has twenty-six\nalarms and 7 queues, no alarms.", "alarms"), [(26, 1)]);
    assert_eq!(counts("It has twenty-six alarms and **7 queues**.", "queues"), [(7, 1)]);
    let text = "- `a/b.rs::one`\n- `a/b.rs::{two,\nthree}`";
    assert_eq!(named_tests(text), [(1, "a/b.rs", "one"), (2, "a/b.rs", "two"), (2, "a/b.rs", "three")]);
    assert!(defines("async fn one() {}", "one") && !defines("fn one_more() {}\n// one", "one"));
    let line = "`infra/build` and `shared/store/src/<area>` and `cargo`";
    assert_eq!(named_paths(line).collect::<Vec<_>>(), ["infra/build"]);
    assert_eq!(section("# A\n## B\nb\n### C\nc\n## D\nd", "b"), ["b", "### C", "c"]);
}
