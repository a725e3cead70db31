//! The rule of control characters, which every text of a client follows.
//!
//! A text of one line (a name, a title, the text of an option) has no control characters. A text of several lines (a
//! message, notes, an answer) may have line breaks and tabs, and its line breaks are stored as `\n`. Control characters
//! are those of Unicode: U+0000 to U+001F and U+007F to U+009F. Files for spreadsheets, terminals and XML cannot hold
//! them, so they are refused where they would enter. Removing them was rejected, because the stored text would differ
//! from the text that the client shows.
//!
//! The test `control_characters_are_refused` of the workspace sends them in each field of the API. A field that is not
//! a text, such as a password or a cursor, is named there with the reason.

use serde::{Deserialize, Deserializer};

/// The message for a text of one line.
pub const ONE_LINE: &str = "must be one line without control characters";
/// The message for a text of several lines.
pub const NO_CONTROL_CHARACTERS: &str = "must not contain control characters";

/// Checks a text of one line.
///
/// # Errors
/// Returns the message for the field.
pub fn require_line(text: &str) -> Result<(), &'static str> {
    if text.contains(char::is_control) { Err(ONE_LINE) } else { Ok(()) }
}

/// Checks a text of several lines. A carriage return is allowed before a line feed, and [`normalize_line_breaks`]
/// removes it.
///
/// # Errors
/// Returns the message for the field.
pub fn require_lines(text: &str) -> Result<(), &'static str> {
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_allowed = matches!(letter, '\n' | '\t') || letter == '\r' && letters.peek() == Some(&'\n');
        if letter.is_control() && !is_allowed {
            return Err(NO_CONTROL_CHARACTERS);
        }
    }
    Ok(())
}

/// Returns a text with `\n` as its line breaks. All carriage returns before a line feed belong to the line break. Otherwise
/// `\r\r\n` would become `\r\n`, which is not normal.
pub fn normalize_line_breaks(text: &str) -> String {
    let without_returns = |line: &str| match line.strip_suffix('\n') {
        Some(line) => format!("{}\n", line.trim_end_matches('\r')),
        None => line.to_owned(),
    };
    text.split_inclusive('\n').map(without_returns).collect()
}

/// [`require_line`] as a rule of garde.
pub fn line(text: &str, (): &()) -> garde::Result {
    require_line(text).map_err(garde::Error::new)
}

/// [`require_lines`] as a rule of garde. The field also needs [`normalized`], or the handler normalises the text.
pub fn lines(text: &str, (): &()) -> garde::Result {
    require_lines(text).map_err(garde::Error::new)
}

/// A field with texts of several lines.
pub trait Lines {
    /// Replaces each line break by `\n`.
    #[must_use]
    fn normalize(self) -> Self;
}

impl Lines for String {
    fn normalize(self) -> Self {
        if self.contains('\r') { normalize_line_breaks(&self) } else { self }
    }
}

impl<T: Lines> Lines for Option<T> {
    fn normalize(self) -> Self {
        self.map(T::normalize)
    }
}

/// Reads a field with normalised line breaks, for `deserialize_with`. An optional field also needs `#[serde(default)]`.
///
/// # Errors
/// The error of `T`.
pub fn normalized<'de, D: Deserializer<'de>, T: Deserialize<'de> + Lines>(
    deserializer: D,
) -> Result<T, D::Error> {
    T::deserialize(deserializer).map(T::normalize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_has_no_control_characters() {
        for good in ["", "Grüße 👋 \u{a0}\u{2028}", "a\u{200d}b"] {
            assert_eq!(require_line(good), Ok(()), "{good:?}");
        }
        for bad in ["a\nb", "a\tb", "a\r\nb", "\0", "\u{7}", "\u{7f}", "\u{85}", "\u{9f}"] {
            assert_eq!(require_line(bad), Err(ONE_LINE), "{bad:?}");
        }
    }

    #[test]
    fn lines_have_line_breaks_and_tabs_only() {
        for good in ["", "a\nb\n", "\ta", "a\r\nb\r\n"] {
            assert_eq!(require_lines(good), Ok(()), "{good:?}");
        }
        for bad in
            ["\0", "\u{7}", "\u{b}", "\u{c}", "\u{1b}[31m", "\u{7f}", "\u{85}", "\u{9f}", "a\rb", "a\r"]
        {
            assert_eq!(require_lines(bad), Err(NO_CONTROL_CHARACTERS), "{bad:?}");
        }
    }

    #[test]
    fn optional_fields_are_normalized() {
        #[derive(Deserialize)]
        struct Notes {
            #[serde(default, deserialize_with = "normalized")]
            text: Option<String>,
        }
        let read = |json: &str| serde_json::from_str::<Notes>(json).unwrap().text;
        assert_eq!(read(r#"{"text":"a\r\nb"}"#).as_deref(), Some("a\nb"));
        assert_eq!(read(r#"{"text":"a\r\r\n\rb\r"}"#).as_deref(), Some("a\n\rb\r"));
        assert_eq!((read("{}"), read(r#"{"text":null}"#)), (None, None));
    }

    proptest! {
        #[test]
        fn a_normalized_text_keeps_the_rule(text in "[a\r\n\t\0]{0,12}") {
            let normalized = normalize_line_breaks(&text);
            prop_assert!(!normalized.contains("\r\n"));
            prop_assert_eq!(&normalize_line_breaks(&normalized), &normalized);
            if require_lines(&text).is_ok() {
                prop_assert!(!normalized.contains('\r'));
                prop_assert_eq!(require_lines(&normalized), Ok(()));
            }
        }
    }
}
