//! Turns a model's text into short plain text without markup, control characters and foreign links.

use unicode_segmentation::UnicodeSegmentation;

/// Removes markup, control characters and URLs that `sources` do not contain. The result must still be escaped when it
/// is inserted into markup, like any text.
pub(crate) fn sanitize(text: &str, sources: &str) -> String {
    let text: String = text.chars().filter_map(visible_character).collect();
    let text = without_tags(&without_links(&text));
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = without_signs(line);
        let kept: Vec<String> =
            line.split_whitespace().filter_map(|word| without_url(word, sources)).collect();
        let line = kept.join(" ");
        // one empty line separates paragraphs
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Returns the character for display. Characters that control terminals, change the direction of text or are invisible
/// are removed.
pub(crate) fn visible_character(c: char) -> Option<char> {
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

/// Replaces `[text](url)` and `![text](url)` by `text`. A URL without an end yet is removed too.
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

/// Removes everything that a browser would read as a tag. `a < b` stays.
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

/// Removes the marks of Markdown for headings, quotes, code and emphasis. Lists keep a dash.
fn without_signs(line: &str) -> String {
    let line = line.trim().trim_start_matches(['#', '>']).trim_start();
    let listed = line.strip_prefix("* ").or_else(|| line.strip_prefix("+ "));
    let line = listed.map_or_else(|| line.to_owned(), |item| format!("- {item}"));
    let line = line.replace("**", "").replace("__", "").replace("~~", "").replace('`', "");
    let words = line.split(' ').map(|word| if word == "*" { word } else { word.trim_matches('*') });
    words.collect::<Vec<_>>().join(" ")
}

/// Returns a word without a URL that is not in `sources`, or `None` if nothing remains.
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

/// Returns the position in a word at which a URL begins: a scheme, `www.`, or `host.tld/path`.
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

/// Truncates a text to `max` characters, at the end of a sentence if one ends in the second half.
pub(crate) fn truncate_at_sentence(text: &str, max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(max) else { return text.to_owned() };
    let head = &text[..end];
    let mut sentence_end = 0;
    for (start, sentence) in head.split_sentence_bound_indices() {
        let to = start + sentence.trim_end().len();
        if sentence.trim_end().ends_with(['.', '!', '?', '…', '。', '！', '？']) {
            sentence_end = to;
        }
    }
    if sentence_end * 2 >= head.len() { head[..sentence_end].to_owned() } else { truncate_at_word(text, max) }
}

/// Truncates a text to `max` words, at the end of a sentence if one ends in the second half.
pub(crate) fn truncate_words(text: &str, max: usize) -> String {
    let Some((after, _)) = text.split_word_bound_indices().filter(|(_, w)| is_word(w)).nth(max) else {
        return text.to_owned();
    };
    truncate_at_sentence(text, text[..after].trim_end().chars().count())
}

fn is_word(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// Truncates a text to `max` characters at the end of a word, with an ellipsis.
pub(crate) fn truncate_at_word(text: &str, max: usize) -> String {
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

    #[test]
    fn the_shown_text_is_plain() {
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
            assert_eq!(sanitize(text, ""), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_ends_with_a_sentence() {
        let text = "Ada is here. Two is here. Three is here.";
        assert_eq!(truncate_at_sentence(text, 100), text);
        assert_eq!(truncate_at_sentence(text, 30), "Ada is here. Two is here.");
        assert_eq!(truncate_at_sentence("no sentence ends in this text", 15), "no sentence…");
        assert_eq!(truncate_at_sentence(&"x".repeat(50), 10), format!("{}…", "x".repeat(9)));
        assert_eq!(truncate_at_sentence(&"ș".repeat(50), 10).chars().count(), 10);
        assert_eq!(truncate_words(text, 8), "Ada is here. Two is here.");
        assert_eq!(truncate_words(text, 9), text);
    }

    proptest::proptest! {
        /// Every text becomes plain text without a panic.
        #[test]
        fn any_text_can_be_shown(text in "([<>\\[\\]()!*_`#:/. \\n]|https://|www\\.|a\\.bc/|\\PC|\\pC){0,60}", max in 0_usize..40) {
            let shown = sanitize(&text, "");
            assert!(shown.chars().all(|c| c == '\n' || !c.is_control()));
            assert!(truncate_at_sentence(&shown, max).chars().count() <= max.max(1));
            assert!(truncate_at_word(&shown, max).chars().count() <= max.max(1));
            let _ = truncate_words(&text, max);
        }
    }
}
