use std::fmt::Write;

use jiff::{SignedDuration, tz::TimeZone};
use model::report::ParticipationTimeline;

use super::{WIDTH, float, round_up};

const HEIGHT: f64 = 230.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 14.0;
const BASE: f64 = 196.0;
/// The largest number of times below the axis.
const LABELS: usize = 8;

/// Draws answers as columns and joins as a line, over time in UTC.
pub fn timeline(participation: &ParticipationTimeline) -> String {
    let count = participation.answers.len().max(1);
    let highest = participation.answers.iter().chain(&participation.joins).max().copied().unwrap_or_default();
    let most = round_up(highest);
    let step = (WIDTH - LEFT) / float(count as u64);
    let wide = (step * 0.72).clamp(0.8, 40.0);
    let across = |position: u32| LEFT + step * (f64::from(position) + 0.5);
    let up = |value: u64| BASE - (BASE - TOP) * float(value) / float(most);
    let mut drawn = String::new();
    for value in [0, most / 2, most] {
        let y = up(value);
        let _ = write!(
            drawn,
            r#"<line class="line" x1="{LEFT}" x2="{WIDTH}" y1="{y:.1}" y2="{y:.1}"/><text class="axis" x="{:.1}" y="{:.1}" text-anchor="end">{value}</text>"#,
            LEFT - 8.0,
            y + 4.5,
        );
    }
    for (position, answers) in (0_u32..).zip(&participation.answers).filter(|(_, answers)| **answers > 0) {
        let x = across(position) - wide / 2.0;
        let y = up(*answers);
        let _ = write!(
            drawn,
            r#"<rect class="answers" x="{x:.1}" y="{y:.1}" width="{wide:.1}" height="{:.1}" rx="{:.1}"/>"#,
            BASE - y,
            (wide / 4.0).min(3.0),
        );
    }
    let mut path = String::new();
    for (position, joins) in (0_u32..).zip(&participation.joins) {
        let x = across(position);
        let y = up(*joins);
        let _ = write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" });
        if count <= 40 {
            let _ = write!(drawn, r#"<circle class="joins" cx="{x:.1}" cy="{y:.1}" r="3"/>"#);
        }
    }
    let _ = write!(drawn, r#"<path class="joins-line" d="{path}"/>"#);
    for (position, _) in (0_u32..).zip(&participation.answers).step_by(count.div_ceil(LABELS)) {
        let after = SignedDuration::from_secs(participation.bucket_seconds * i64::from(position));
        let at = (participation.from + after).to_zoned(TimeZone::UTC);
        let _ = write!(
            drawn,
            r#"<text class="axis" x="{:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            across(position),
            BASE + 22.0,
            at.strftime("%H:%M"),
        );
    }
    let sum = |values: &[u64]| values.iter().sum::<u64>();
    format!(
        r#"<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Joins and answers over time: {} joins and {} answers.">{drawn}</svg>"#,
        sum(&participation.joins),
        sum(&participation.answers),
    )
}
