//! How people react to a message.

/// Bytes of a reaction (contract chat 1.4): the longest emoji there is has 35, as families of four with skin tones would; what is
/// sent by people's keyboards fits.
const MAX_EMOJI_BYTES: usize = 32;

const INVALID_EMOJI: &str = "must be one emoji or a :short_name:";

/// An emoji in the spelling that is stored: one sequence as Unicode recommends it, so that one that is sent with and without
/// its variation selector is one; or a short name between colons, for what a team draws itself.
///
/// # Errors
/// The words for the field.
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

/// Is this one character, as people see it, shown as a picture? `©` alone is text.
pub(super) fn is_pictorial(character: &str) -> bool {
    emojis::get(character).is_some_and(|emoji| emoji.as_str() == character)
}

/// Is an emoji called so?
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
    fn words_and_crowds_are_none() {
        let long = format!(":{}:", "x".repeat(31));
        for bad in
            ["", " ", "a", "1", "👍👍", "👍 ", "::", ":a b:", ":A:", "tada", "<b>", "\u{200d}", "🇷", &long]
        {
            assert_eq!(normalize(bad), Err(INVALID_EMOJI), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_stored_is_stored_as_it_is(text in ".{0,8}") {
            if let Ok(stored) = normalize(&text) {
                prop_assert_eq!(normalize(&stored), Ok(stored));
            }
        }
    }
}
