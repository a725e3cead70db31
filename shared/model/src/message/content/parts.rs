//! Where a text is code.

/// Around a block of code.
pub(super) const FENCE: &str = "```";
/// Around code in a line.
const QUOTE: &str = "`";

/// A stretch of a text; code with its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextPart<'a> {
    Prose(&'a str),
    Code(&'a str),
    Block(&'a str),
}

/// A text in its parts; a mark that is not closed is prose.
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

/// The blocks of code of a text (`true`), and what stands around them.
pub(super) fn split_code_blocks(text: &str) -> Vec<(bool, &str)> {
    split_at_mark(text, FENCE)
}

/// What people said, with one character in place of each code: so that what stands before and after it is not one word.
pub(super) fn prose_only(text: &str) -> String {
    let of = |part| if let TextPart::Prose(prose) = part { prose } else { "\u{fffc}" };
    split_parts(text).into_iter().map(of).collect()
}

/// A text cut into what stands between two of these marks, with them (`true`), and what does not.
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
    fn code_is_told_from_prose() {
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
