//! Latencies that many clients measure.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use hdrhistogram::Histogram;
use serde::Serialize;

/// Ten minutes in microseconds. Higher values are recorded as ten minutes.
const MAX_LATENCY_MICROS: u64 = 600_000_000;

/// A distribution in microseconds.
pub(crate) struct LatencyHistogram(Mutex<Histogram<u64>>);

/// A distribution in milliseconds, as reported.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LatencySummary {
    pub count: u64,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl LatencyHistogram {
    pub(crate) fn new() -> anyhow::Result<Self> {
        // three digits distinguish milliseconds up to a second, which is finer than a screen shows
        Ok(Self(Mutex::new(Histogram::new_with_bounds(1, MAX_LATENCY_MICROS, 3)?)))
    }

    pub(crate) fn record(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).saturating_record(micros);
    }

    /// The summary. Returns `None` if nothing was measured.
    pub(crate) fn summary(&self) -> Option<LatencySummary> {
        let histogram = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = |quantile| millis(histogram.value_at_quantile(quantile));
        (!histogram.is_empty()).then(|| LatencySummary {
            count: histogram.len(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: millis(histogram.max()),
        })
    }
}

/// Milliseconds with one decimal.
fn millis(micros: u64) -> f64 {
    let tenths = u32::try_from(micros / 100).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_what_was_recorded() {
        let latency = LatencyHistogram::new().unwrap();
        assert_eq!(latency.summary(), None);
        for millis in 1..=100 {
            latency.record(Duration::from_millis(millis));
        }
        let summary = latency.summary().unwrap();
        assert_eq!(summary.count, 100);
        assert!((49.9..51.1).contains(&summary.p50_ms), "{summary:?}");
        assert!((98.9..100.2).contains(&summary.p99_ms), "{summary:?}");
        assert!((99.9..100.2).contains(&summary.max_ms), "{summary:?}");
    }
}
