//! The charts of a report, as inline SVG. The classes of the page color them, so that they follow the light, dark and
//! print styles.
//!
//! | module | chart |
//! | --- | --- |
//! | [`bar`](mod@bar) | one option of a choice, ranking or quiz, in a table row |
//! | [`columns`](mod@columns) | the points of a scale |
//! | [`cloud`](mod@cloud) | words by size |
//! | [`timeline`](mod@timeline) | joins and answers over time |

pub mod bar;
pub mod cloud;
pub mod columns;
pub mod timeline;

/// The width of a chart in its own units. The page scales it.
const WIDTH: f64 = 720.0;

/// Escapes a text for an element or an attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML forbids most control characters
            control if control.is_control() => escaped.push(' '),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Estimates the width of a text at size 1. The estimate is generous, because the font of the reader is not known.
fn width(text: &str) -> f64 {
    text.chars()
        .map(|letter| match letter {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | '\'' | '|' | '!' | ':' | ';' => 0.32,
            'm' | 'w' | 'M' | 'W' | '@' => 0.92,
            'A'..='Z' => 0.72,
            // CJK, emoji and all later characters
            '\u{2e80}'.. => 1.1,
            _ => 0.59,
        })
        .sum()
}

/// Returns the next round and even number, so that its half is whole too.
fn round_up(most: u64) -> u64 {
    let mut unit = 1_u64;
    loop {
        for step in [2, 4, 6, 10] {
            if step * unit >= most {
                return step * unit;
            }
        }
        unit = unit.saturating_mul(10);
    }
}

#[expect(clippy::cast_precision_loss, reason = "people on a drawing")]
const fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_on_round_numbers() {
        let ends: Vec<u64> = [0, 1, 2, 3, 5, 7, 10, 11, 41, 99, 101].map(round_up).into();
        assert_eq!(ends, [2, 2, 2, 4, 6, 10, 10, 20, 60, 100, 200]);
    }

    #[test]
    fn markup_in_texts_is_escaped() {
        assert_eq!(escape("<a href=\"x\">'&\u{1}"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp; ");
    }
}
