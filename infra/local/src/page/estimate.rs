//! Estimates the cost of the traffic on AWS, without connection minutes.

use serde::Serialize;

use super::price_list::{
    GB_SECOND, HTTP_REQUEST, INVOCATION, QUEUE_REQUEST, READ_UNIT, SOCKET_MESSAGE, WRITE_UNIT,
};
use crate::runner::FunctionUsage;

/// The estimated cost of each service in US dollars.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct CostEstimate {
    http_api: f64,
    socket_api: f64,
    lambda: f64,
    queues: f64,
    table: f64,
    pub(super) total: f64,
}

/// Request units of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct RequestUnits {
    pub(super) read: f64,
    pub(super) write: f64,
}

impl RequestUnits {
    /// Parses `x-colloquy-cost: rru=0.5; wru=2`. The order does not matter, and other entries are ignored.
    pub(super) fn parse(cost: &str) -> Self {
        let figure = |name: &str| {
            let parts = cost.split([';', ',', ' ']).filter_map(|part| part.trim().split_once('='));
            parts.filter(|(key, _)| key.eq_ignore_ascii_case(name)).find_map(|(_, value)| value.parse().ok())
        };
        Self { read: figure("rru").unwrap_or(0.0), write: figure("wru").unwrap_or(0.0) }
    }

    pub(super) fn dollars(self) -> f64 {
        READ_UNIT.for_quantity(self.read) + WRITE_UNIT.for_quantity(self.write)
    }
}

/// The billed traffic since the start.
pub(super) struct BilledTraffic<'a> {
    pub(super) http_requests: u64,
    /// Received messages and sent posts.
    pub(super) socket_messages: u64,
    pub(super) queue_requests: u64,
    pub(super) functions: &'a [FunctionUsage],
}

#[expect(clippy::cast_precision_loss, reason = "an estimate")]
pub(super) fn estimate_cost(traffic: &BilledTraffic<'_>) -> CostEstimate {
    let mut estimate = CostEstimate {
        http_api: HTTP_REQUEST.for_quantity(traffic.http_requests as f64),
        socket_api: SOCKET_MESSAGE.for_quantity(traffic.socket_messages as f64),
        queues: QUEUE_REQUEST.for_quantity(traffic.queue_requests as f64),
        ..CostEstimate::default()
    };
    for usage in traffic.functions {
        let gb_seconds = usage.billed_ms as f64 / 1_000.0 * f64::from(usage.memory_mb) / 1_024.0;
        estimate.lambda +=
            INVOCATION.for_quantity(usage.invocations as f64) + GB_SECOND.for_quantity(gb_seconds);
        estimate.table +=
            RequestUnits { read: usage.table.read_units, write: usage.table.write_units }.dollars();
    }
    let CostEstimate { http_api, socket_api, lambda, queues, table, .. } = estimate;
    CostEstimate { total: http_api + socket_api + lambda + queues + table, ..estimate }
}

#[cfg(test)]
mod tests {
    use store::dynamodb::cost::RequestCost;

    use super::*;

    #[test]
    fn units_are_read_from_the_header() {
        assert_eq!(RequestUnits::parse("wru=2; rru=0.5"), RequestUnits { read: 0.5, write: 2.0 });
        assert_eq!(RequestUnits::parse("calls=3,rru=1"), RequestUnits { read: 1.0, write: 0.0 });
        assert_eq!(RequestUnits::parse("nonsense"), RequestUnits::default());
    }

    #[test]
    fn a_million_requests_cost_the_listed_price() {
        let usage = FunctionUsage {
            function: "F".into(),
            binary: "f".into(),
            memory_mb: 512,
            invocations: 1_000_000,
            errors: 0,
            billed_ms: 10_000_000,
            table: RequestCost { requests: 1_000_000, read_units: 1e6, write_units: 0.0 },
        };
        let traffic = BilledTraffic {
            http_requests: 1_000_000,
            socket_messages: 0,
            queue_requests: 0,
            functions: &[usage],
        };
        let estimate = estimate_cost(&traffic);
        // 1.00 + 0.20 + 5,000 GB-s * 0.0000133334 + 0.125
        assert!((estimate.total - 1.391_667).abs() < 1e-6, "{estimate:?}");
    }
}
