//! Detects the formatting of a text, for clients that display it.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    mentions::find_mentions,
    parts::{TextPart, prose_only, split_parts},
};
use crate::message::{MessageFormatting, emoji};

/// Detects the formatting of a text. Marks, links, mentions and emoji inside code are not counted.
pub fn detect_formatting(text: &str) -> MessageFormatting {
    let parts = split_parts(text);
    let prose = prose_only(text);
    let links = ["http://", "https://"].into_iter().flat_map(|scheme| prose.split(scheme).skip(1));
    let link_count = links.filter(|rest| rest.starts_with(|letter: char| !letter.is_whitespace())).count();
    let mention_count = find_mentions(text).len();
    let emoji_count = count_emojis(&prose);
    // bold marks must not count as italic marks
    let plain = prose.replace("**", "");
    MessageFormatting {
        has_bold: is_marked(&prose, "**"),
        has_italic: is_marked(&plain, "*") || is_marked(&plain, "_"),
        has_code: parts.iter().any(|part| matches!(part, TextPart::Code(_))),
        has_code_block: parts.iter().any(|part| matches!(part, TextPart::Block(_))),
        has_links: link_count > 0,
        has_mentions: mention_count > 0,
        has_emojis: emoji_count > 0,
        link_count,
        mention_count,
        emoji_count,
    }
}

/// Returns whether a line contains a pair of these marks where the first begins a word and the last ends one.
fn is_marked(text: &str, mark: &str) -> bool {
    let is_mark = |letter: char| mark.contains(letter);
    let begins = |line: &str, at: usize| {
        let before = line.split_at(at).0;
        let after = line.split_at(at + mark.len()).1;
        !before.ends_with(char::is_alphanumeric)
            && after.starts_with(|letter: char| !letter.is_whitespace() && !is_mark(letter))
    };
    let ends = |line: &str, at: usize| {
        let before = line.split_at(at).0;
        let after = line.split_at(at + mark.len()).1;
        before.ends_with(|letter: char| !letter.is_whitespace() && !is_mark(letter))
            && !after.starts_with(char::is_alphanumeric)
    };
    text.lines().any(|line| {
        let marks = || line.match_indices(mark).map(|(at, _)| at);
        let first = marks().find(|at| begins(line, *at));
        let last = marks().filter(|at| ends(line, *at)).last();
        first.zip(last).is_some_and(|(first, last)| first < last)
    })
}

/// Counts pictorial emoji and short names of emoji.
fn count_emojis(prose: &str) -> usize {
    let shown = prose.graphemes(true).filter(|shown| emoji::is_pictorial(shown)).count();
    let mut names = 0;
    let mut rest = prose;
    while let Some((_, after)) = rest.split_once(':') {
        match after.split_once(':') {
            Some((name, further)) if emoji::is_short_name(name) => {
                names += 1;
                rest = further;
            }
            // this colon may begin a short name
            _ => rest = after,
        }
    }
    shown + names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_formatting_of_a_text_is_found() {
        let found = detect_formatting(
            "**bold** and *italic* with `code` and ```block``` of @ana, see https://a.example http://b.example 😀 :tada:",
        );
        let all = MessageFormatting {
            has_bold: true,
            has_italic: true,
            has_code: true,
            has_code_block: true,
            has_links: true,
            has_mentions: true,
            has_emojis: true,
            link_count: 2,
            mention_count: 1,
            emoji_count: 2,
        };
        assert_eq!(found, all);
    }

    #[test]
    fn text_that_looks_like_formatting_is_not() {
        for plain in [
            "",
            "2 * 3 * 4",
            "snake_case_name",
            "a ** b ** c",
            "http:// and https:// ",
            "at 10:30:45",
            "Acme™ © 2026",
            "1 # 2",
            "****",
        ] {
            assert_eq!(detect_formatting(plain), MessageFormatting::default(), "{plain}");
        }
        assert!(detect_formatting("**a**").has_bold && !detect_formatting("**a**").has_italic);
        assert!(detect_formatting("_a_ (*b*)").has_italic);
        let code = detect_formatting("`**a** @ana https://a.example 😀 :tada:`");
        assert_eq!(code, MessageFormatting { has_code: true, ..MessageFormatting::default() });
    }

    #[test]
    fn an_emoji_of_several_characters_counts_once() {
        for one in ["😀", "👍🏽", "👩‍👩‍👧‍👦", "🇷🇴", "1️⃣", "❤️", ":+1:"]
        {
            assert_eq!(detect_formatting(one).emoji_count, 1, "{one}");
        }
        assert_eq!(detect_formatting("😀😀 :tada::rocket:").emoji_count, 4);
    }
}
