use std::fmt::Write;

use model::tally::WordCount;

use super::{WIDTH, escape, float, width};

const SMALLEST: f64 = 15.0;
const LARGEST: f64 = 44.0;
/// The gap after a word, relative to its size.
const GAP: f64 = 0.55;
/// The factor by which the most frequent word is wider, because it is bold.
const BOLD_FACTOR: f64 = 1.14;
/// The height of a line, relative to the size of its largest word.
const LINE: f64 = 1.3;

/// A word with its size and width.
struct PlacedWord<'a> {
    word: &'a WordCount,
    size: f64,
    wide: f64,
}

/// Draws a word cloud. The words are sorted alphabetically, so that readers find them, and their size shows their
/// frequency. Without words it returns an empty text.
pub fn cloud(words: &[WordCount]) -> String {
    let most = words.iter().map(|word| word.count).max().unwrap_or_default();
    let least = words.iter().map(|word| word.count).min().unwrap_or_default();
    let mut placed: Vec<PlacedWord<'_>> = words.iter().map(|word| place_word(word, least, most)).collect();
    if placed.is_empty() {
        return String::new();
    }
    placed.sort_by(|a, b| a.word.word.cmp(&b.word.word));
    let mut drawn = String::new();
    let mut down = 0.0;
    for line in split_lines(&placed) {
        let high = line.iter().map(|placed| placed.size).fold(0.0, f64::max) * LINE;
        let mut across = (WIDTH - line_width(line)) / 2.0;
        for PlacedWord { word, size, wide } in line {
            let tone = if word.count == most { "top" } else { "plain" };
            let _ = write!(
                drawn,
                r#"<text class="{tone}" x="{:.1}" y="{:.1}" font-size="{size:.1}" text-anchor="middle">{}</text>"#,
                across + wide / 2.0,
                down + high * 0.78,
                escape(&word.word),
            );
            across += wide + size * GAP;
        }
        down += high;
    }
    let described: Vec<String> =
        words.iter().take(10).map(|word| format!("{} {}", word.word, word.count)).collect();
    format!(
        r#"<svg class="cloud" viewBox="0 0 {WIDTH} {:.0}" role="img" aria-label="Word cloud. Most frequent: {}">{drawn}</svg>"#,
        down + 6.0,
        escape(&described.join(", ")),
    )
}

fn place_word(word: &WordCount, least: u64, most: u64) -> PlacedWord<'_> {
    let share = if most > least { float(word.count - least) / float(most - least) } else { 0.5 };
    let size = SMALLEST + (LARGEST - SMALLEST) * share.sqrt();
    // a word that is wider than the page becomes smaller instead of being cut
    let wide = width(&word.word) * if word.count == most { BOLD_FACTOR } else { 1.0 };
    let size = size.min(WIDTH * 0.96 / wide.max(1.0));
    PlacedWord { word, size, wide: wide * size }
}

fn line_width(line: &[PlacedWord<'_>]) -> f64 {
    let gaps: f64 = line.iter().skip(1).map(|placed| placed.size * GAP).sum();
    line.iter().map(|placed| placed.wide).sum::<f64>() + gaps
}

fn split_lines<'a, 'b>(placed: &'a [PlacedWord<'b>]) -> Vec<&'a [PlacedWord<'b>]> {
    let mut lines = Vec::new();
    let mut from = 0;
    for to in 1..=placed.len() {
        if to - from > 1 && line_width(&placed[from..to]) > WIDTH {
            lines.push(&placed[from..to - 1]);
            from = to - 1;
        }
    }
    lines.push(&placed[from..]);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_drawn_within_the_width() {
        let words: Vec<WordCount> = (1..=50_u8)
            .map(|count| WordCount {
                word: format!("{}{count}", "stork".repeat(usize::from(count % 8) + 1)),
                count: count.into(),
            })
            .collect();
        let svg = cloud(&words);
        assert_eq!(svg.matches("<text").count(), 50);
        let placed: Vec<_> = words.iter().map(|word| place_word(word, 1, 50)).collect();
        assert!(split_lines(&placed).iter().all(|line| !line.is_empty() && line_width(line) <= WIDTH));
        assert_eq!(cloud(&[]), "");
    }
}
