//! The report as a page. The page contains everything that it needs, has no scripts, and can be printed.

use std::sync::LazyLock;

use axum::response::Html;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderName, header};
use jiff::{Timestamp, tz::TimeZone};
use minijinja::{Environment, UndefinedBehavior, Value, context, value::Serde};
use model::{
    Error,
    report::{SessionReport, SlideReport},
    session::EndReason,
    slide::SlideType,
};
use serde::Serialize;
use sha2::{Digest, Sha256};
use store::sessions::Session;

use super::chart::{
    bar::{BarTone, bar},
    cloud::cloud,
    columns::columns,
    timeline::timeline,
};

const STYLE: &str = include_str!("report.css");

/// The templates. The engine escapes the values in templates whose name ends in `.html`.
const TEMPLATES: [(&str, &str); 3] = [
    ("layout.html", include_str!("layout.html")),
    ("report.html", include_str!("report.html")),
    ("pending.html", include_str!("pending.html")),
];

static ENVIRONMENT: LazyLock<Result<Environment<'static>, String>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    // a misspelt variable is an error instead of a gap on the page
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.add_filter("day", |at: &str| format_time(at, "%A, %-d %B %Y"));
    environment.add_filter("clock", |at: &str| format_time(at, "%H:%M"));
    environment.add_filter("duration", format_duration);
    environment.add_filter("number", format_number);
    environment.add_filter("dollars", format_dollars);
    for (name, source) in TEMPLATES {
        environment.add_template(name, source).map_err(|why| why.to_string())?;
    }
    Ok(environment)
});

/// The content security policy. It permits only the inline style, by its hash. The page cannot load, send or frame
/// anything.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// Returns the headers of a page.
pub fn headers() -> [(HeaderName, String); 1] {
    [(header::CONTENT_SECURITY_POLICY, POLICY.clone())]
}

/// Renders a report as a page.
///
/// # Errors
/// Fails if a template is invalid.
pub fn render_report(report: &SessionReport) -> Result<Html<String>, Error> {
    let slides: Vec<SlidePart<'_>> = report.slides.iter().map(SlidePart::new).collect();
    let best = report.leaderboard.first().map_or(1, |entry| entry.points.max(1));
    let values = context! {
        title => &*report.session.title,
        report => Serde(report),
        slides => Serde(slides),
        ended => end_reason_label(report.session.end_reason),
        timeline => timeline(&report.participation),
        points => report.leaderboard.iter().map(|entry| bar(share(entry.points, best), BarTone::Top)).collect::<Vec<_>>(),
    };
    render_template("report.html", values)
}

/// Renders the page of a report that is being written. The page reloads until the report exists.
///
/// # Errors
/// Fails if a template is invalid.
pub fn render_pending(session: &Session) -> Result<Html<String>, Error> {
    render_template("pending.html", context! { title => &*session.presentation_title })
}

fn render_template(template: &str, own: Value) -> Result<Html<String>, Error> {
    let environment = ENVIRONMENT.as_ref().map_err(|why| Error::internal(why.as_str()))?;
    let template = environment.get_template(template).map_err(Error::internal)?;
    template.render(context! { style => STYLE, ..own }).map(Html).map_err(Error::internal)
}

/// A slide with its charts.
#[derive(Serialize)]
struct SlidePart<'a> {
    slide: &'a SlideReport,
    kind: &'static str,
    /// The columns of a scale, or the word cloud of an open question. Empty for other slides.
    chart: String,
    /// One bar for each option.
    bars: Vec<String>,
}

impl<'a> SlidePart<'a> {
    fn new(slide: &'a SlideReport) -> Self {
        let chart = match slide.kind {
            SlideType::Scale => columns(&slide.options, slide.average),
            _ => cloud(&slide.words),
        };
        let most = slide.options.iter().filter_map(|option| option.points).max().unwrap_or_default().max(1);
        let bars = slide.options.iter().map(|option| {
            let tone = match option.is_correct {
                Some(true) => BarTone::Right,
                Some(false) => BarTone::Wrong,
                None if slide.top_choice.contains(&option.label) => BarTone::Top,
                None => BarTone::Plain,
            };
            bar(option.points.map_or(option.share, |points| share(points, most)), tone)
        });
        Self { slide, kind: slide_type_label(slide.kind), chart, bars: bars.collect() }
    }
}

const fn slide_type_label(kind: SlideType) -> &'static str {
    match kind {
        SlideType::Content => "Text",
        SlideType::QuestionText => "Open question",
        SlideType::QuestionChoice => "Choice",
        SlideType::Scale => "Scale",
        SlideType::Ranking => "Ranking",
        SlideType::Quiz => "Quiz",
        SlideType::Summary => "Summary",
        SlideType::Conclusion => "Takeaways",
    }
}

const fn end_reason_label(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Ended => "ended by its presenter",
        EndReason::Cancelled => "cancelled",
        EndReason::Expired => "ended automatically after a day",
        EndReason::Idle => "ended automatically, because no client was connected",
        EndReason::Admin => "ended by an administrator",
    }
}

#[expect(clippy::cast_precision_loss, reason = "points on a drawing")]
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

/// Formats a time in UTC. The time zone of the reader is not known.
fn format_time(at: &str, format: &str) -> Result<String, minijinja::Error> {
    let invalid_time = |why: jiff::Error| {
        minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, "not a time").with_source(why)
    };
    let at: Timestamp = at.parse().map_err(invalid_time)?;
    Ok(at.to_zoned(TimeZone::UTC).strftime(format).to_string())
}

fn format_duration(seconds: i64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, _) => format!("{minutes} min"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

/// Formats a number with separated thousands. It has one decimal unless the decimal is 0.
fn format_number(value: f64) -> String {
    let text = format!("{value:.1}");
    let (whole, decimal) = text.split_once('.').unwrap_or((&text, "0"));
    let mut grouped = String::new();
    for (position, digit) in whole.chars().enumerate() {
        if position > 0 && (whole.len() - position).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if decimal == "0" { grouped } else { format!("{grouped}.{decimal}") }
}

/// Formats millionths of a US dollar.
#[expect(clippy::cast_precision_loss, reason = "the cost of a talk")]
fn format_dollars(micros: u64) -> String {
    format!("${:.4}", micros as f64 / 1e6)
}
