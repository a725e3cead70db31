//! What the traffic so far would have cost on AWS.
//!
//! US East (N. Virginia), on demand, arm64, without free tiers, as listed on 20 November 2026:
//! <https://aws.amazon.com/api-gateway/pricing/>, <https://aws.amazon.com/lambda/pricing/>,
//! <https://aws.amazon.com/dynamodb/pricing/on-demand/>, <https://aws.amazon.com/sqs/pricing/>.

use serde::Serialize;

use crate::runner::Usage;

const PER_MILLION: f64 = 1e-6;
/// HTTP API, a request (of up to 512 KB).
const HTTP_REQUEST: f64 = 1.00 * PER_MILLION;
/// WebSocket API, a message in or out (of up to 32 KB); connection minutes ($0.25 a million) are left out.
const SOCKET_MESSAGE: f64 = 1.00 * PER_MILLION;
const INVOCATION: f64 = 0.20 * PER_MILLION;
const GB_SECOND: f64 = 0.000_013_333_4;
/// A request to SQS; FIFO queues cost $0.50 a million.
const QUEUE_REQUEST: f64 = 0.40 * PER_MILLION;
const WRITE_UNIT: f64 = 0.625 * PER_MILLION;
const READ_UNIT: f64 = 0.125 * PER_MILLION;

/// What was used, and US dollars for it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Estimate {
    http_api: f64,
    socket_api: f64,
    lambda: f64,
    queues: f64,
    table: f64,
    pub(super) total: f64,
}

/// Request units of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Units {
    read: f64,
    write: f64,
}

impl Units {
    /// From `x-colloquy-cost: rru=0.5; wru=2`, in any order, whatever else it says.
    pub(super) fn parse(cost: &str) -> Self {
        let figure = |name: &str| {
            let parts = cost.split([';', ',', ' ']).filter_map(|part| part.trim().split_once('='));
            parts.filter(|(key, _)| key.eq_ignore_ascii_case(name)).find_map(|(_, value)| value.parse().ok())
        };
        Self { read: figure("rru").unwrap_or(0.0), write: figure("wru").unwrap_or(0.0) }
    }

    pub(super) fn dollars(self) -> f64 {
        self.read.mul_add(READ_UNIT, self.write * WRITE_UNIT)
    }
}

/// What has come and gone.
pub(super) struct Traffic<'a> {
    pub(super) http_requests: u64,
    /// Messages in and posts out.
    pub(super) socket_messages: u64,
    pub(super) queue_requests: u64,
    pub(super) functions: &'a [Usage],
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn estimate(traffic: &Traffic<'_>) -> Estimate {
    let mut estimate = Estimate {
        http_api: traffic.http_requests as f64 * HTTP_REQUEST,
        socket_api: traffic.socket_messages as f64 * SOCKET_MESSAGE,
        queues: traffic.queue_requests as f64 * QUEUE_REQUEST,
        ..Estimate::default()
    };
    for usage in traffic.functions {
        let gb_seconds = usage.billed_ms as f64 / 1_000.0 * f64::from(usage.memory_mb) / 1_024.0;
        estimate.lambda += (usage.invocations as f64).mul_add(INVOCATION, gb_seconds * GB_SECOND);
        estimate.table += Units { read: usage.table.read_units, write: usage.table.write_units }.dollars();
    }
    let Estimate { http_api, socket_api, lambda, queues, table, .. } = estimate;
    Estimate { total: http_api + socket_api + lambda + queues + table, ..estimate }
}

#[cfg(test)]
mod tests {
    use store::cost::Cost;

    use super::*;

    #[test]
    fn units_are_read_from_the_header() {
        assert_eq!(Units::parse("wru=2; rru=0.5"), Units { read: 0.5, write: 2.0 });
        assert_eq!(Units::parse("calls=3,rru=1"), Units { read: 1.0, write: 0.0 });
        assert_eq!(Units::parse("nonsense"), Units::default());
    }

    #[test]
    fn a_million_requests() {
        let usage = Usage {
            function: "F".into(),
            binary: "f".into(),
            memory_mb: 512,
            invocations: 1_000_000,
            errors: 0,
            billed_ms: 10_000_000,
            table: Cost { requests: 1_000_000, read_units: 1e6, write_units: 0.0 },
        };
        let traffic =
            Traffic { http_requests: 1_000_000, socket_messages: 0, queue_requests: 0, functions: &[usage] };
        let estimate = estimate(&traffic);
        // 1.00 + 0.20 + 5,000 GB-s * 0.0000133334 + 0.125
        assert!((estimate.total - 1.391_667).abs() < 1e-6, "{estimate:?}");
    }
}
