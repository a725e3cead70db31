//! The scheduler's event, which says only that a minute has passed.

use std::{future::Future, sync::Arc};

use model::Error;
use serde_json::Value;
use tracing::Instrument;

use crate::{App, LambdaFunction};

/// Makes a function that runs `tick` at every event. A failure is thrown, so that the scheduler retries and the alarm
/// is raised.
pub fn function<F, A>(app: App, tick: F) -> LambdaFunction
where
    F: Fn(App) -> A + Send + Sync + 'static,
    A: Future<Output = Result<(), Error>> + Send + 'static,
{
    let tick = Arc::new(tick);
    LambdaFunction::new(move |_event, context| {
        let request_id = context.request_id;
        let span = tracing::info_span!("tick", request_id);
        let running = queue::with_request_id(Some(request_id), tick(app.clone()));
        let running = async move {
            running.await.map_err(|error| {
                tracing::error!(error = ?error, "the scheduled run failed");
                lambda_runtime::Error::from(error.to_string())
            })?;
            Ok(Value::Null)
        };
        running.instrument(span)
    })
}
