//! Finds the mentions in a text.

use super::parts::prose_only;
use crate::user::Username;

/// The maximum number of mentions in a message (contract chat 1.4). Further names stay plain text.
pub const MAX_MENTIONS: usize = 20;

/// Finds the user names after an `@`, folded and without duplicates, in the order of the text. Code, links, e-mail
/// addresses and the inside of words are skipped. The caller checks whether the users exist.
pub fn find_mentions(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in prose_only(text).split_whitespace().filter(|word| !word.contains("://")) {
        for (at, _) in word.match_indices('@') {
            let Some(name) = username_at(word, at).map(|name| name.folded()) else { continue };
            if !found.contains(&name) {
                found.push(name);
            }
            if found.len() == MAX_MENTIONS {
                return found;
            }
        }
    }
    found
}

/// Returns the user name after the `@` at this position.
fn username_at(word: &str, at: usize) -> Option<Username> {
    let (before, after) = word.split_at(at);
    let is_address = |letter: char| letter.is_alphanumeric() || "_-+%/@".contains(letter);
    if before.ends_with(is_address) {
        return None;
    }
    let after = after.strip_prefix('@')?;
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
    let (name, rest) = after.split_at(end);
    if rest.starts_with(|letter: char| letter.is_alphanumeric() || letter == '@') {
        return None;
    }
    Username::parse(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_mentioned_once() {
        assert_eq!(find_mentions("@Ana, hi (@bob_2)! and @ANA"), ["ana", "bob_2"]);
        assert_eq!(find_mentions("Ok.@ana"), ["ana"]);
        assert_eq!(find_mentions("> @ana: what?\n\nyes"), ["ana"], "a quote, as old clients write it");
        assert_eq!(find_mentions("**@ana**"), ["ana"]);
    }

    #[test]
    fn not_every_at_is_a_mention() {
        for text in [
            "ana@example.com",
            "a.n+a-@example.com",
            "`@ana`",
            "```\n@ana\n```",
            "@an",
            "@abcdefghijklmnopqrstu",
            "@anaț",
            "@ana@social.example",
            "https://example.com/@ana",
            "x/@ana",
            "@",
            "@@ana",
        ] {
            assert_eq!(find_mentions(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn only_the_first_twenty_names_are_mentions() {
        let names: Vec<String> = (100..200).map(|number| format!("@user{number}")).collect();
        let found = find_mentions(&names.join(" "));
        assert_eq!((found.len(), found.last().unwrap().as_str()), (MAX_MENTIONS, "user119"));
    }
}
