//! The normal form, the formatting and the mentions of a message (contract chat 1.4).

mod formatting;
mod mentions;
mod parts;

use self::parts::{FENCE, TextPart, split_code_blocks, split_parts};
use super::MAX_CONTENT_LENGTH;
use crate::text;

pub use self::{
    formatting::detect_formatting,
    mentions::{MAX_MENTIONS, find_mentions},
};

const TOO_LONG: &str = "must have at most 2,000 characters";

/// Returns the normal form of a message, which is stored. White space around the text is removed. Outside code blocks,
/// at most two line breaks or two spaces in a row are kept.
///
/// # Errors
/// Returns the message for the field if the text is blank, is too long, has control characters or has a mark that is
/// not closed.
pub fn normalize(text: &str) -> Result<String, &'static str> {
    // check bytes first, so that a megabyte is refused without a scan
    if text.len() > MAX_CONTENT_LENGTH * 16 {
        return Err(TOO_LONG);
    }
    let text = text::normalize_line_breaks(text);
    let text = text.trim();
    if text.chars().all(is_invisible) {
        return Err("must not be blank");
    }
    text::require_lines(text)?;
    check_marks_closed(text)?;
    let text: String = split_code_blocks(text)
        .into_iter()
        .map(|(is_block, part)| if is_block { part.into() } else { collapse_repeats(part) })
        .collect();
    if text.chars().count() > MAX_CONTENT_LENGTH { Err(TOO_LONG) } else { Ok(text) }
}

/// Checks that marks come in pairs. Marks inside code are plain characters.
fn check_marks_closed(text: &str) -> Result<(), &'static str> {
    let is_odd = |count: usize| !count.is_multiple_of(2);
    if is_odd(text.matches(FENCE).count()) {
        return Err("must close every code block (```)");
    }
    let outside = split_code_blocks(text).into_iter().filter(|(is_block, _)| !is_block);
    if is_odd(outside.map(|(_, part)| part.matches('`').count()).sum()) {
        return Err("must close every code mark (`)");
    }
    let bold =
        |part: &TextPart<'_>| if let TextPart::Prose(prose) = part { prose.matches("**").count() } else { 0 };
    if is_odd(split_parts(text).iter().map(bold).sum()) {
        return Err("must close every bold mark (**)");
    }
    Ok(())
}

/// Reduces three or more line breaks or spaces in a row to two.
fn collapse_repeats(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut last = None;
    let mut row = 0;
    for letter in text.chars() {
        row = if last == Some(letter) { row + 1 } else { 1 };
        last = Some(letter);
        if row <= 2 || !matches!(letter, '\n' | ' ') {
            kept.push(letter);
        }
    }
    kept
}

/// Returns whether a character is white space or invisible. A message of only such characters looks empty.
pub(crate) const fn is_invisible(letter: char) -> bool {
    letter.is_whitespace()
        || matches!(
            letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}'
                | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{fe00}'..='\u{fe0f}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_has_one_normal_form() {
        assert_eq!(normalize("  hello \n").as_deref(), Ok("hello"));
        assert_eq!(normalize("a\r\n\r\n\r\n\r\nb").as_deref(), Ok("a\n\nb"));
        assert_eq!(normalize("a\r\r\nb").as_deref(), Ok("a\nb"));
        assert_eq!(normalize("a     b  c").as_deref(), Ok("a  b  c"));
        assert_eq!(normalize("a\tb").as_deref(), Ok("a\tb"));
        let code = "```\nif x:\n        y\n\n\n\nend\n```";
        assert_eq!(normalize(&format!("look:    {code}   \n\n\n\n")), Ok(format!("look:  {code}")));
    }

    #[test]
    fn a_message_of_invisible_characters_is_blank() {
        for blank in ["", " ", "\n\t\n", "\u{200b}", "\u{2800} \u{3164}", "\u{feff}\u{2060}"] {
            assert_eq!(normalize(blank), Err("must not be blank"), "{blank:?}");
        }
        for control in ["a\0b", "a\u{7}", "a\rb", "\u{1b}[31m"] {
            assert_eq!(normalize(control), Err("must not contain control characters"), "{control:?}");
        }
    }

    #[test]
    fn the_length_of_the_stored_text_counts() {
        assert!(normalize(&"x".repeat(MAX_CONTENT_LENGTH)).is_ok());
        assert!(normalize(&"ä".repeat(MAX_CONTENT_LENGTH)).is_ok());
        assert!(normalize(&format!("{}x", "x ".repeat(999))).is_ok());
        assert!(normalize(&format!("  {}  ", "x".repeat(MAX_CONTENT_LENGTH))).is_ok());
        assert_eq!(normalize(&"x".repeat(MAX_CONTENT_LENGTH + 1)), Err(TOO_LONG));
        assert_eq!(normalize(&"x".repeat(1_000_000)), Err(TOO_LONG));
    }

    #[test]
    fn marks_come_in_pairs() {
        for good in [
            "**a** b **c**",
            "`a`",
            "```a```",
            "`2 ** 3`",
            "```\na ` b ** c\n```",
            "5 * 3",
            "a ``` ``` b `c`",
        ] {
            assert!(normalize(good).is_ok(), "{good}");
        }
        for (bad, mark) in [
            ("**a", "(**)"),
            ("**a** **", "(**)"),
            ("`2 ** 3` **", "(**)"),
            ("`a", "(`)"),
            ("```a``` `", "(`)"),
            ("```a", "(```)"),
            ("````", "(```)"),
        ] {
            assert!(normalize(bad).unwrap_err().contains(mark), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_stable(text in "[ab`* \n\t\r\u{e9}@]{0,60}") {
            if let Ok(stored) = normalize(&text) {
                prop_assert_eq!(normalize(&stored), Ok(stored));
            }
        }

        #[test]
        fn every_text_can_be_analyzed(text in ".{0,80}") {
            let stored = normalize(&text).unwrap_or(text);
            let found = detect_formatting(&stored);
            prop_assert_eq!(found.has_mentions, found.mention_count > 0);
            prop_assert_eq!(found.mention_count, find_mentions(&stored).len());
            prop_assert_eq!(found.has_emojis, found.emoji_count > 0);
        }
    }
}
