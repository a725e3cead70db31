//! Prints a line for each check, and the verdict.

use std::{collections::BTreeSet, future::Future, io::Write};

use super::smoke_client::SmokeTimings;
use crate::latency::LatencySummary;

/// The result of a check: a summary for the reader, and a value for later checks.
pub(super) struct CheckOutcome<T = ()> {
    pub(super) summary: String,
    pub(super) value: T,
}

impl<T> CheckOutcome<T> {
    pub(super) fn with_value(summary: impl Into<String>, value: T) -> Self {
        Self { summary: summary.into(), value }
    }
}

impl CheckOutcome {
    pub(super) fn with_summary(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), value: () }
    }
}

pub(super) struct Checklist<'w> {
    out: &'w mut (dyn Write + Send),
    skip: BTreeSet<String>,
    passed: usize,
    failed: Vec<&'static str>,
    skipped: BTreeSet<String>,
}

impl<'w> Checklist<'w> {
    pub(super) fn new(out: &'w mut (dyn Write + Send), skip: &[String]) -> Self {
        Self {
            out,
            skip: skip.iter().cloned().collect(),
            passed: 0,
            failed: Vec::new(),
            skipped: BTreeSet::new(),
        }
    }

    pub(super) fn print_header(&mut self, url: &str) {
        self.print_line(&format!("{url}\n"));
    }

    /// Prints a line. A closed pipe, as in `smoke | head`, must not leave an account behind.
    fn print_line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}");
    }

    /// Runs a check and prints its line. Returns `None` if the check failed or was skipped, so that checks that need
    /// its value are skipped.
    pub(super) async fn check<T>(
        &mut self,
        name: &'static str,
        look_at: &str,
        check: impl Future<Output = anyhow::Result<CheckOutcome<T>>>,
    ) -> Option<T> {
        if self.skip.contains(name) {
            self.skipped.insert(name.to_owned());
            self.print_line(&format!("- {name:<16} skipped by --skip"));
            return None;
        }
        // a check's future is large, and all of them together would overflow the stack
        match Box::pin(check).await {
            Ok(CheckOutcome { summary, value }) => {
                self.passed += 1;
                self.print_line(&format!("✓ {name:<16} {summary}"));
                Some(value)
            }
            Err(error) => {
                self.failed.push(name);
                self.print_line(&format!("✗ {name:<16} {error:#}\n{:19}check {look_at}", ""));
                None
            }
        }
    }

    /// Prints the checks that are skipped after a failure.
    pub(super) fn skip_dependents(&mut self, what: &str) {
        self.print_line(&format!("- {what}: skipped after the failure above"));
    }

    /// Prints the latencies and the verdict.
    pub(super) fn finish(mut self, times: &SmokeTimings) -> anyhow::Result<()> {
        self.print_line(&format!("\n{:<28}{:>8}{:>10}{:>10}", "round trips", "count", "p50 ms", "max ms"));
        for (name, summary) in times.summaries() {
            if let Some(LatencySummary { count, p50_ms, max_ms, .. }) = summary {
                self.print_line(&format!("{name:<28}{count:>8}{p50_ms:>10.1}{max_ms:>10.1}"));
            }
        }
        let unknown: Vec<String> = self.skip.difference(&self.skipped).cloned().collect();
        let count = self.passed + self.failed.len();
        anyhow::ensure!(
            self.failed.is_empty(),
            "{} of {count} checks failed: {}",
            self.failed.len(),
            self.failed.join(", ")
        );
        anyhow::ensure!(unknown.is_empty(), "--skip {}: no check of this name ran", unknown.join(", "));
        self.print_line(&format!("\nall {count} checks passed"));
        Ok(())
    }
}
