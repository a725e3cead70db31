//! The texts for people in a file: comments, messages, prose.

use super::super::documentation_is_current::{is_script, kind};

/// Blanks everything from an opening to its closing mark; keeps the lines.
fn without(text: &str, opening: &str, closing: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(opening) {
        let end = inside.find(closing).map_or(inside.len(), |end| end + closing.len());
        kept.push_str(before);
        kept.push(' ');
        kept.extend(inside[..end].chars().filter(|letter| *letter == '\n'));
        rest = &inside[end..];
    }
    kept + rest
}

/// Texts with the lines that they begin on.
#[derive(Default)]
pub(super) struct Texts(pub(super) Vec<(usize, String)>);

impl Texts {
    /// Adds a line of a comment to the one above, where that is of the same kind.
    fn add_line(&mut self, run: &mut (usize, &'static str), line: usize, mark: &'static str, text: &str) {
        match self.0.last_mut() {
            Some((_, above)) if *run == (line - 1, mark) => {
                above.push('\n');
                above.push_str(text);
            }
            _ => self.0.push((line, text.to_owned())),
        }
        *run = (line, mark);
    }

    /// Adds a literal; one of less than three words is a name or a value.
    fn add_literal(&mut self, line: usize, body: &str) {
        if body.split_whitespace().count() >= 3 {
            let plain = body.replace("\\n", "  ").replace("\\\"", "\"").replace("\\\n", "\n");
            self.0.push((line, plain));
        }
    }
}

/// Comments and string literals of Rust.
fn rust(text: &str) -> Texts {
    let mut found = Texts::default();
    let mut comments = Texts::default();
    let mut run = (0, "");
    let (mut at, mut line) = (0, 1);
    while at < text.len() {
        let rest = &text[at..];
        let first = rest.chars().next().unwrap_or_default();
        let length = if rest.starts_with("//") {
            let mark = ["///", "//!", "//"].into_iter().find(|mark| rest.starts_with(mark)).unwrap_or("//");
            let length = rest.find('\n').unwrap_or(rest.len());
            comments.add_line(&mut run, line, mark, &rest[mark.len()..length]);
            length
        } else if rest.starts_with("/*") {
            let length = rest.find("*/").map_or(rest.len(), |end| end + 2);
            found.0.push((line, rest[..length].to_owned()));
            length
        } else if first == '"' {
            let length = literal(rest);
            found.add_literal(line, &rest[1..length.max(2) - 1]);
            length
        } else if first.is_alphabetic() || first == '_' {
            let length =
                rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
            let hashes = rest[length..].bytes().take_while(|byte| *byte == b'#').count();
            if ["r", "br", "cr"].contains(&&rest[..length]) && rest[length + hashes..].starts_with('"') {
                let start = length + hashes + 1;
                let closing = format!("\"{}", "#".repeat(hashes));
                let end = rest[start..].find(&closing).map_or(rest.len(), |end| start + end);
                found.add_literal(line, &rest[start..end]);
                (end + closing.len()).min(rest.len())
            } else {
                length
            }
        } else if first == '\'' {
            character(rest)
        } else {
            first.len_utf8()
        };
        line += rest[..length].matches('\n').count();
        at += length;
    }
    found.0.append(&mut comments.0);
    found
}

/// The bytes of a string literal.
fn literal(text: &str) -> usize {
    let mut escaped = true;
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The bytes of a character literal; one for the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut letters = text.char_indices().skip(1);
    match letters.next() {
        Some((_, '\\')) => text[3..].find('\'').map_or(1, |end| end + 4),
        Some(_) => letters.next().filter(|(_, letter)| *letter == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

/// Comments that begin with `#`, and descriptions of YAML.
fn hash(text: &str, yaml: bool) -> Texts {
    let mut found = Texts::default();
    let mut run = (0, "");
    for (number, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line)) {
        let mut quote = None;
        let comment = line.char_indices().find(|(at, letter)| {
            let rest = &line[at + letter.len_utf8()..];
            match quote {
                Some(mark) if mark == *letter => quote = None,
                None if "\"'".contains(*letter) && rest.contains(*letter) => quote = Some(*letter),
                None if *letter == '#' => {
                    return line[..*at].chars().next_back().is_none_or(char::is_whitespace);
                }
                _ => {}
            }
            false
        });
        let comment = comment.map(|(at, _)| line[at..].trim_start_matches('#'));
        if let Some(comment) = comment.filter(|comment| !comment.starts_with('!')) {
            found.add_line(&mut run, number, "#", comment);
        }
        if let Some((_, value)) = line.split_once("escription: ").filter(|_| yaml) {
            found.0.push((number, value.to_owned()));
            run = (0, "");
        }
    }
    found
}

/// Summaries and descriptions of a document that is printed with one of them a line.
fn json(text: &str) -> Texts {
    let values = text.lines().enumerate().filter_map(|(at, line)| {
        let line = line.trim().trim_end_matches(',');
        let value = ["\"summary\": ", "\"description\": "].iter().find_map(|key| line.strip_prefix(key))?;
        Some((at + 1, serde_json::from_str::<String>(value).ok()?.replace('\n', " ")))
    });
    Texts(values.collect())
}

/// Without code blocks, and without what quotes the forbidden words between two marks.
fn markdown(path: &str, text: &str) -> Texts {
    let (mut code, mut off) = (false, false);
    let lines = text.lines().map(|line| {
        match line.trim() {
            "<!-- plain-words: off -->" => off = true,
            "<!-- plain-words: on -->" => off = false,
            _ => {}
        }
        let fence = line.trim_start().starts_with("```");
        code ^= fence;
        let table = path == "docs/GLOSSARY.md" && line.starts_with('|');
        if code || fence || table || off { "" } else { line }
    });
    Texts(vec![(1, lines.collect::<Vec<_>>().join("\n"))])
}

pub(super) fn texts(path: &str, text: &str) -> Texts {
    match kind(path) {
        "rs" => rust(text),
        "md" => markdown(path, text),
        "yaml" | "yml" => hash(text, true),
        "toml" | "py" => hash(text, false),
        "html" => {
            let text = without(&without(text, "<script", "</script>"), "<style", "</style>");
            Texts(vec![(1, without(&text, "<", ">"))])
        }
        "txt" if path.starts_with("shared/mailer/") => Texts(vec![(1, text.to_owned())]),
        "json" if path.ends_with("api.json") || path.ends_with("asyncapi/events.json") => json(text),
        _ if is_script(path, text) => hash(text, false),
        _ => Texts::default(),
    }
}
