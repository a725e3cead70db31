//! Reactions to a message.

/// The maximum size of a reaction in bytes (contract chat 1.4). The longest emoji has 35 bytes, for example a family of
/// four with skin tones. Everything that common keyboards send fits.
const MAX_EMOJI_BYTES: usize = 32;

const INVALID_EMOJI: &str = "must be one emoji or a :short_name:";

/// Returns the normal form of a reaction, which is stored. An emoji becomes the sequence that Unicode recommends, so
/// that it is the same with and without its variation selector. A short name between colons stands for a custom emoji
/// of the team.
///
/// # Errors
/// Returns the message for the field.
pub fn normalize(text: &str) -> Result<String, &'static str> {
    if text.is_empty() || text.len() > MAX_EMOJI_BYTES {
        return Err(INVALID_EMOJI);
    }
    if let Some(emoji) = emojis::get(text) {
        return Ok(emoji.as_str().into());
    }
    let name = text.strip_prefix(':').and_then(|rest| rest.strip_suffix(':')).ok_or(INVALID_EMOJI)?;
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_+-".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_part) { Ok(text.into()) } else { Err(INVALID_EMOJI) }
}

/// Returns whether a grapheme is displayed as a picture. `©` alone is text.
pub(super) fn is_pictorial(character: &str) -> bool {
    emojis::get(character).is_some_and(|emoji| emoji.as_str() == character)
}

/// Returns whether an emoji has this short name.
pub(super) fn is_short_name(name: &str) -> bool {
    emojis::get_by_shortcode(name).is_some()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_emoji_is_a_reaction() {
        for good in ["👍", "👍🏽", "🇷🇴", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "1️⃣", "👩‍👩‍👧‍👦", "👩🏽‍💻", "❤️", "🏳️‍🌈", ":party_parrot:", ":+1:", ":-1:"]
        {
            assert_eq!(normalize(good).as_deref(), Ok(good), "{good}");
        }
        assert_eq!(normalize("❤").as_deref(), Ok("❤️"), "one spelling");
    }

    #[test]
    fn words_and_several_emoji_are_refused() {
        let long = format!(":{}:", "x".repeat(31));
        for bad in
            ["", " ", "a", "1", "👍👍", "👍 ", "::", ":a b:", ":A:", "tada", "<b>", "\u{200d}", "🇷", &long]
        {
            assert_eq!(normalize(bad), Err(INVALID_EMOJI), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn the_normal_form_is_stable(text in ".{0,8}") {
            if let Ok(stored) = normalize(&text) {
                prop_assert_eq!(normalize(&stored), Ok(stored));
            }
        }
    }
}
