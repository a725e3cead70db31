//! Prints reports.

use std::{
    collections::BTreeMap,
    fmt::{self, Display, Formatter},
};

use serde::Serialize;

use crate::latency::LatencySummary;

#[expect(clippy::print_stdout, reason = "the report is what the command is for")]
pub(crate) fn print_report(report: &(impl Display + Serialize), json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

/// Writes a line for each measured latency.
pub(crate) fn write_latencies(f: &mut Formatter<'_>, rows: &[(&str, Option<LatencySummary>)]) -> fmt::Result {
    writeln!(f, "\n{:<36}{:>10}{:>10}{:>10}{:>10}", "", "count", "p50 ms", "p99 ms", "max ms")?;
    for (name, summary) in rows {
        if let Some(LatencySummary { count, p50_ms, p99_ms, max_ms }) = summary {
            writeln!(f, "{name:<36}{count:>10}{p50_ms:>10.1}{p99_ms:>10.1}{max_ms:>10.1}")?;
        }
    }
    Ok(())
}

/// Writes the number of errors by code.
pub(crate) fn write_errors(
    f: &mut Formatter<'_>,
    errors: &BTreeMap<String, u64>,
    unexpected: &BTreeMap<String, u64>,
) -> fmt::Result {
    if errors.is_empty() {
        return write!(f, "no errors");
    }
    write!(f, "errors:")?;
    errors.iter().try_for_each(|(code, count)| match unexpected.get(code) {
        Some(unexpected) => write!(f, "\n  {count:>6} {code}, {unexpected} of them unexpected"),
        None => write!(f, "\n  {count:>6} {code}"),
    })
}

/// # Errors
/// A call failed although a correct deployment does not fail it, or all its retries failed.
pub(crate) fn ensure_no_unexpected_errors(unexpected: &BTreeMap<String, u64>) -> anyhow::Result<()> {
    let listed: Vec<String> = unexpected.iter().map(|(code, count)| format!("{count} × {code}")).collect();
    anyhow::ensure!(listed.is_empty(), "calls failed unexpectedly: {}", listed.join(", "));
    Ok(())
}
