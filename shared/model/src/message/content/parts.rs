//! Splits a text into prose and code.

/// The mark around a block of code.
pub(super) const FENCE: &str = "```";
/// The mark around code within a line.
const QUOTE: &str = "`";

/// A part of a text. Code includes its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextPart<'a> {
    Prose(&'a str),
    Code(&'a str),
    Block(&'a str),
}

/// Splits a text into parts. A mark that is not closed is prose.
pub(super) fn split_parts(text: &str) -> Vec<TextPart<'_>> {
    let mut found = Vec::new();
    for (is_block, stretch) in split_code_blocks(text) {
        if is_block {
            found.push(TextPart::Block(stretch));
            continue;
        }
        let quoted = split_at_mark(stretch, QUOTE).into_iter();
        found.extend(
            quoted.map(|(is_code, part)| if is_code { TextPart::Code(part) } else { TextPart::Prose(part) }),
        );
    }
    found
}

/// Splits a text into blocks of code (`true`) and the text around them.
pub(super) fn split_code_blocks(text: &str) -> Vec<(bool, &str)> {
    split_at_mark(text, FENCE)
}

/// Returns the prose of a text, with one placeholder character for each piece of code, so that the words around it stay
/// separate.
pub(super) fn prose_only(text: &str) -> String {
    let prose_or_placeholder = |part| if let TextPart::Prose(prose) = part { prose } else { "\u{fffc}" };
    split_parts(text).into_iter().map(prose_or_placeholder).collect()
}

/// Splits a text into the parts between two of these marks, marks included (`true`), and the other parts.
fn split_at_mark<'a>(text: &'a str, mark: &str) -> Vec<(bool, &'a str)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(mark) {
        let (before, from) = rest.split_at(start);
        let Some(length) = from.split_at(mark.len()).1.find(mark) else { break };
        let (inside, after) = from.split_at(length + 2 * mark.len());
        found.extend([(false, before), (true, inside)]);
        rest = after;
    }
    found.push((false, rest));
    found.retain(|(_, part)| !part.is_empty());
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn code_and_prose_are_separated() {
        use TextPart::{Block, Code, Prose};
        assert_eq!(split_parts("a `b` c"), [Prose("a "), Code("`b`"), Prose(" c")]);
        assert_eq!(split_parts("```a `b` c``` `d`"), [Block("```a `b` c```"), Prose(" "), Code("`d`")]);
        assert_eq!(split_parts("a ` b"), [Prose("a ` b")]);
        assert_eq!(prose_only("see `a`@b"), "see \u{fffc}@b");
    }

    proptest! {
        #[test]
        fn no_part_is_lost(text in "[a`\n ]{0,40}") {
            let whole: String = split_parts(&text)
                .into_iter()
                .map(|part| match part { TextPart::Prose(text) | TextPart::Code(text) | TextPart::Block(text) => text })
                .collect();
            prop_assert_eq!(whole, text);
        }
    }
}
