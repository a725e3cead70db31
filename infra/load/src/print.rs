//! Reports as they are printed.

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

/// A line for each that was measured.
pub(crate) fn write_latencies(f: &mut Formatter<'_>, rows: &[(&str, Option<LatencySummary>)]) -> fmt::Result {
    writeln!(f, "\n{:<36}{:>10}{:>10}{:>10}{:>10}", "", "count", "p50 ms", "p99 ms", "max ms")?;
    for (name, summary) in rows {
        if let Some(LatencySummary { count, p50_ms, p99_ms, max_ms }) = summary {
            writeln!(f, "{name:<36}{count:>10}{p50_ms:>10.1}{p99_ms:>10.1}{max_ms:>10.1}")?;
        }
    }
    Ok(())
}

/// How often what went wrong.
pub(crate) fn write_errors(f: &mut Formatter<'_>, errors: &BTreeMap<String, u64>) -> fmt::Result {
    if errors.is_empty() {
        return write!(f, "no errors");
    }
    write!(f, "errors:")?;
    errors.iter().try_for_each(|(code, count)| write!(f, "\n  {count:>6} {code}"))
}
