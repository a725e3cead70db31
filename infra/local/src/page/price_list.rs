//! The prices of AWS: US East (N. Virginia), on demand, arm64, without free tiers, as of 20 November 2026. The page's
//! estimate uses this list, and so does the model behind the tables of `infra/OPERATIONS.md`.

use serde::Serialize;

/// A line of the price list.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct UnitPrice {
    pub(super) what: &'static str,
    pub(super) dollars: f64,
    /// The number of units that the dollars buy.
    pub(super) per: f64,
    /// The source of the price. The pages of AWS show prices only in a browser with scripts.
    pub(super) source: &'static str,
}

impl UnitPrice {
    pub(super) fn for_quantity(self, quantity: f64) -> f64 {
        quantity / self.per * self.dollars
    }
}

const MILLION: f64 = 1e6;
const AMNIC: &str = "amnic.com/blogs/aws-api-gateway-pricing";
const LAMBDA: &str = "aws.amazon.com/lambda/pricing, by a secondary source";
const DYNAMODB: &str = "aws.amazon.com/dynamodb/pricing/on-demand, by a secondary source";
const SIGNOZ: &str = "signoz.io/guides/cloudwatch-pricing (February 2026)";
const UNSOURCED: &str = "from memory, not sourced";

macro_rules! prices {
    ($count:literal: $($name:ident = $what:literal, $dollars:literal per $per:expr, $source:expr;)*) => {
        $(pub(super) const $name: UnitPrice = UnitPrice { what: $what, dollars: $dollars, per: $per, source: $source };)*

        /// All prices, in the order of a bill.
        pub(super) const PRICE_LIST: [UnitPrice; $count] = [$($name),*];
    };
}

prices! { 17:
    HTTP_REQUEST = "HTTP API, a request of up to 512 KB", 1.00 per MILLION, AMNIC;
    SOCKET_MESSAGE = "WebSocket API, a message in or out of up to 32 KB", 1.00 per MILLION, AMNIC;
    CONNECTION_MINUTE = "WebSocket API, a connection for a minute", 0.25 per MILLION, AMNIC;
    INVOCATION = "Lambda, an invocation", 0.20 per MILLION, LAMBDA;
    GB_SECOND = "Lambda, a GB-second on arm64", 13.3334 per MILLION, LAMBDA;
    READ_UNIT = "DynamoDB, a read unit", 0.125 per MILLION, DYNAMODB;
    WRITE_UNIT = "DynamoDB, a write unit", 0.625 per MILLION, DYNAMODB;
    QUEUE_REQUEST = "SQS, a request to a standard queue", 0.40 per MILLION, "okulbida.com/posts/aws-sqs-cost-surprises-short-polling";
    FIFO_REQUEST = "SQS, a request to a FIFO queue", 0.50 per MILLION, UNSOURCED;
    SCHEDULED = "EventBridge Scheduler, an invocation", 1.00 per MILLION, "cloudburn.io/blog/amazon-eventbridge-pricing (March 2026)";
    SECRET = "Secrets Manager, a secret for a month", 0.40 per 1.0, "hivebook.wiki/wiki/aws-secrets-manager-rotated-secrets-dynamic-db-credentials-kms";
    ALARM = "CloudWatch, an alarm for a month", 0.10 per 1.0, UNSOURCED;
    DASHBOARD = "CloudWatch, a dashboard for a month", 3.00 per 1.0, "factualminds.com/blog/amazon-cloudwatch-pricing-metrics-logs-alarms-dashboards";
    LOGGED_GB = "CloudWatch, a GB of logs taken in", 0.50 per 1.0, SIGNOZ;
    STORED_GB = "DynamoDB, a GB stored for a month", 0.25 per 1.0, "aws.amazon.com/dynamodb/pricing";
    BACKUP_GB = "DynamoDB, a GB under point-in-time recovery for a month", 0.20 per 1.0, UNSOURCED;
    OUT_GB = "A GB to the internet", 0.09 per 1.0, UNSOURCED;
}
