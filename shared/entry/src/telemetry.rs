//! Logs of a Lambda: one JSON object a line on standard output, where `CloudWatch` takes it.

use tracing_subscriber::EnvFilter;

/// Levels are `error`, `warn`, `info`, `debug`; the SDK's own chatter stays at warnings.
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
