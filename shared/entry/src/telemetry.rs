//! The logs of a Lambda function. Each event is one JSON object on standard output, which `CloudWatch` collects.

use tracing_subscriber::EnvFilter;

/// Starts the logs. The level is `error`, `warn`, `info` or `debug`. The SDKs log warnings only.
pub(crate) fn start(level: &str) {
    let filter = EnvFilter::try_new(format!("{level},aws_config=warn,aws_smithy_runtime=warn,hyper=warn"))
        .unwrap_or_else(|_| EnvFilter::new("info"));
    // a second start, as in a test binary, keeps the first subscriber
    let _ = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_target(false)
        .try_init();
}
