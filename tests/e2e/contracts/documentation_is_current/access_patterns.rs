//! The numbers of access patterns in `shared/store` are unique, belong to their area, and name functions that exist.

use std::collections::{BTreeMap, BTreeSet};

use super::{Files, defines, kind, none, quoted};

/// A row of a table of access patterns: its numbers, and the functions that it names.
struct Pattern {
    line: usize,
    numbers: Vec<String>,
    /// `None` in a table without such a column: an index of files.
    functions: Option<Vec<String>>,
}

/// The numbers of a cell: `CHAT-1`, `CHAT-1–CHAT-4`, `CHAT-1–4`, or several of them.
fn numbers(cell: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in cell.split(',').map(|part| part.trim().trim_matches('`')) {
        let (first, last) = part.split_once('–').unwrap_or((part, part));
        let (area, last) = (first.rsplit_once('-').map_or("", |(area, _)| area), last.rsplit('-').next());
        let ends =
            (first.rsplit('-').next().and_then(|n| n.parse::<u32>().ok()), last.and_then(|n| n.parse().ok()));
        match ends {
            (Some(from), Some(to)) if !area.is_empty() => {
                found.extend((from..=to).map(|n| format!("{area}-{n}")));
            }
            _ => found.push(part.to_owned()),
        }
    }
    found
}

fn patterns(text: &str) -> Vec<Pattern> {
    let mut found = Vec::new();
    let mut column = None;
    let mut inside = false;
    for (at, line) in text.lines().enumerate() {
        let cells = line.strip_prefix("//! |").map(|row| row.split('|').map(str::trim).collect::<Vec<_>>());
        match cells {
            Some(cells) if cells[0] == "#" => {
                column = cells.iter().position(|cell| ["function", "functions"].contains(cell));
                inside = true;
            }
            Some(cells) if inside && !cells[0].starts_with('-') => found.push(Pattern {
                line: at + 1,
                numbers: numbers(cells[0]),
                functions: column.map(|column| {
                    let cell = cells.get(column).copied().unwrap_or_default();
                    quoted(cell).map(|name| name.rsplit("::").next().unwrap_or(name).to_owned()).collect()
                }),
            }),
            Some(_) => {}
            None => inside = false,
        }
    }
    found
}

/// What is wrong with the access patterns of the store's files.
fn pattern_faults(files: &Files) -> Vec<String> {
    let store: Vec<(&str, &str)> = files
        .texts()
        .filter_map(|(path, text)| {
            Some((path.strip_prefix("shared/store/src/").filter(|path| kind(path) == "rs")?, text))
        })
        .collect();
    let mut wrong = Vec::new();
    let mut defined: BTreeMap<String, String> = BTreeMap::new();
    let mut indexed = BTreeSet::new();
    for (path, text) in &store {
        let area = path.split_once('/').map_or("", |(area, _)| area).to_uppercase();
        for Pattern { line, numbers, functions } in patterns(text) {
            let place = format!("shared/store/src/{path}:{line}");
            let Some(functions) = functions else {
                indexed.extend(numbers);
                continue;
            };
            for number in numbers {
                let digits = number.strip_prefix(&format!("{area}-")).filter(|_| !area.is_empty());
                if digits.is_none_or(|digits| digits.parse::<u32>().is_err()) {
                    wrong.push(format!("{place}: {number} is not a number of its area, such as `{area}-7`"));
                }
                if let Some(other) = defined.insert(number.clone(), place.clone()) {
                    wrong
                        .push(format!("{place}: {number} is taken by {other}: give it the next free number"));
                }
            }
            // a module shows the functions of the files in its folder
            let folder = path.strip_suffix("mod.rs");
            let near = |other: &str| other == *path || folder.is_some_and(|folder| other.starts_with(folder));
            for function in functions {
                if !store.iter().any(|(other, text)| near(other) && defines(text, &function)) {
                    wrong.push(format!("{place}: there is no function {function} in this file"));
                }
            }
        }
    }
    let missing = defined.iter().filter(|(number, _)| !indexed.contains(*number));
    wrong.extend(
        missing
            .map(|(number, place)| format!("{place}: add {number} to the table of shared/store/src/lib.rs")),
    );
    let areas: BTreeSet<&str> =
        defined.keys().filter_map(|number| Some(number.rsplit_once('-')?.0)).collect();
    for (path, text) in store {
        for (at, line) in text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("///")) {
            let words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '-');
            let cited =
                words.filter(|word| word.rsplit_once('-').is_some_and(|(area, _)| areas.contains(area)));
            let unknown =
                cited.filter(|word| word.ends_with(char::is_numeric) && !defined.contains_key(*word));
            wrong.extend(
                unknown.map(|word| format!("shared/store/src/{path}:{}: no table defines {word}", at + 1)),
            );
        }
    }
    wrong
}

#[test]
fn access_patterns_are_numbered_once() {
    none(&pattern_faults(&Files::of_repository()));
}

fn sample(files: &[(&str, &str)]) -> Files {
    Files(files.iter().map(|(path, text)| ((*path).to_owned(), Some((*text).to_owned()))).collect())
}

#[test]
fn faults_of_access_patterns_are_found() {
    let head = "//! | # | question | function |\n//! | --- | --- | --- |\n";
    let lib = "//! | # | file |\n//! | --- | --- |\n//! | CHAT-1–3 | [`chat`] |\n";
    let file = |rows: &str| format!("{head}{rows}\npub fn get() {{}}\n");
    let faults = |rows: &str| {
        let file = file(rows);
        pattern_faults(&sample(&[
            ("shared/store/src/lib.rs", lib),
            ("shared/store/src/chat/drafts.rs", &file),
        ]))
    };
    assert_eq!(
        faults("//! | CHAT-1 | one | [`get`] |\n//! | CHAT-2, CHAT-3 | two | [`get`] |"),
        Vec::<String>::new()
    );
    for (rows, expected) in [
        ("//! | X1 | one | [`get`] |", "X1 is not a number of its area"),
        ("//! | CHAT-1 | one | [`put`] |", "there is no function put"),
        ("//! | CHAT-1 | one | [`get`] |\n//! | CHAT-1 | two | [`get`] |", "CHAT-1 is taken by"),
        ("//! | CHAT-4 | one | [`get`] |", "add CHAT-4 to the table"),
        ("//! | CHAT-1 | one | [`get`] |\n/// CHAT-9: nothing", "no table defines CHAT-9"),
    ] {
        let found = faults(rows);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{rows}: {found:?}");
    }
}
