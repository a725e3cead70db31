use std::fmt::Write;

use model::report::OptionReport;

use super::{WIDTH, escape, float};

const HEIGHT: f64 = 210.0;
const BASE: f64 = 176.0;
const TOP: f64 = 26.0;

/// Draws the points of a scale as columns with their votes, and a mark at the average.
pub fn columns(options: &[OptionReport], average: Option<f64>) -> String {
    let most = options.iter().map(|option| option.votes).max().unwrap_or_default().max(1);
    let count = float(options.len().max(1) as u64);
    let step = WIDTH / count;
    let wide = (step * 0.7).min(64.0);
    let mut drawn = String::new();
    for (position, option) in (0_u32..).zip(options) {
        let middle = step * (f64::from(position) + 0.5);
        let high = (BASE - TOP) * float(option.votes) / float(most);
        let tone = if option.votes == most { "top" } else { "plain" };
        let _ = write!(
            drawn,
            r#"<rect class="{tone}" x="{:.1}" y="{:.1}" width="{wide:.1}" height="{high:.1}" rx="3"/><text class="value" x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text><text class="axis" x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            middle - wide / 2.0,
            BASE - high,
            BASE - high - 7.0,
            option.votes,
            BASE + 20.0,
            escape(&option.label),
        );
    }
    let lowest = options.first().and_then(|option| option.label.parse::<f64>().ok());
    if let (Some(average), Some(lowest)) = (average, lowest) {
        let at = step * (average - lowest + 0.5);
        let _ = write!(drawn, r#"<path class="mark" d="M{at:.1} {:.1} l6 9 h-12 z"/>"#, BASE + 25.0);
    }
    let described: Vec<String> =
        options.iter().map(|option| format!("{}: {}", option.label, option.votes)).collect();
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Votes by point. {}"><line class="line" x1="0" x2="{WIDTH}" y1="{BASE}" y2="{BASE}"/>{drawn}</svg>"#,
        escape(&described.join(", "))
    )
}
